"""Options that read the same in every command, and the panels that help shows them in."""

from pathlib import Path
from typing import Annotated, Any

import typer

from genint.choices import Dtype as DtypeName

WHERE, MODEL, AVERAGING, OUTPUT, MACHINE, RUN = "Where", "Model", "Averaging", "Output", "Machine", "Run"

Genome = Annotated[
    Path, typer.Argument(help="Genome FASTA, plain or bgzipped; indexed on first use.", show_default=False)
]
Dataset = Annotated[Path, typer.Argument(help="Data set made by genint data.", show_default=False)]
Model = Annotated[
    str,
    typer.Option(
        "--model",
        "-m",
        metavar="MODEL",
        help="Model folder, or name of a bundled model, which comes before a folder of that name here (./NAME).",
        rich_help_panel=MODEL,
    ),
]
Tracks = Annotated[
    list[str] | None,
    typer.Option(
        "--tracks",
        "-t",
        metavar="PATTERN",
        help="Tracks by identifier, by regular expression over identifiers and assays, or else descriptions, or @FILE. "
        "Repeatable.",
        show_default="all",
        rich_help_panel=MODEL,
    ),
]
Aliases = Annotated[
    Path | None,
    typer.Option(
        "--aliases",
        help="UCSC chromAlias.txt, if chromosome names differ by more than chr.",
        show_default=False,
        rich_help_panel=WHERE,
    ),
]
Device = Annotated[
    str,
    typer.Option(
        "--device",
        metavar="DEVICE",
        help="auto, cpu, cuda, cuda:N, mps, or GPUs that share the work: cuda:0,1.",
        rich_help_panel=MACHINE,
    ),
]
Dtype = Annotated[
    DtypeName,
    typer.Option(
        "--dtype",
        help="Numbers that the model computes in; bfloat16 is faster where the device has it, 2 digits instead of 7.",
        rich_help_panel=MACHINE,
    ),
]
Batch = Annotated[
    int,
    typer.Option(
        "--batch-size", "-b", min=1, help="Windows that go through the model together.", rich_help_panel=MACHINE
    ),
]
Threads = Annotated[
    int,
    typer.Option(
        "--threads",
        "-p",
        min=0,
        help="CPU cores to use; 0: all that this process may use.",
        rich_help_panel=MACHINE,
    ),
]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Start over, and replace results in OUT.", rich_help_panel=RUN)
]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="Print nothing but warnings and errors.", rich_help_panel=RUN)
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.", rich_help_panel=RUN)]


def relatives(panel: str) -> Any:
    """The option for a table of relatives, in the panel that suits the command."""
    return typer.Option(
        "--relatives",
        metavar="TABLE",
        help="Table of relatives: columns name and file, FASTAs on GENOME's coordinates (genint data align).",
        show_default=False,
        rich_help_panel=panel,
    )


def count_threads(threads: int) -> int:
    """`threads`, at most the machine's cores (thousands crash); for 0, the cores that the process may really use."""
    import os

    from genint.prediction.cpus import usable_cpus

    return min(threads, os.cpu_count() or 1) or usable_cpus()
