"""Options that read the same in every command."""

from pathlib import Path
from typing import Annotated

import typer

Genome = Annotated[
    Path, typer.Argument(help="Genome FASTA, plain or bgzipped; indexed on first use.", show_default=False)
]
Dataset = Annotated[Path, typer.Argument(help="Data set made by genint data.", show_default=False)]
Model = Annotated[str, typer.Option("--model", "-m", help="Model folder, or name of a bundled model.")]
Tracks = Annotated[
    list[str],
    typer.Option(
        "--tracks",
        "-t",
        help="Tracks by identifier, by regular expression over identifier and description, or @FILE. Repeatable.",
        show_default="all",
    ),
]
Aliases = Annotated[
    Path | None,
    typer.Option(
        "--aliases", help="UCSC chromAlias.txt, if chromosome names differ by more than chr.", show_default=False
    ),
]
Device = Annotated[str, typer.Option("--device", help="auto, cpu, cuda, cuda:N or mps.")]
Dtype = Annotated[
    str,
    typer.Option("--dtype", help="auto, float32 or bfloat16 (faster where the device has it, 2 digits instead of 7)."),
]
Batch = Annotated[int, typer.Option("--batch-size", "-b", min=1, help="Tiles that go through the model together.")]
Threads = Annotated[
    int, typer.Option("--threads", "-p", min=0, help="CPU cores to use; 0: all that this process may use.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but warnings and errors.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def count_threads(threads: int) -> int:
    """`threads`, at most the machine's cores (thousands crash); for 0, the cores that the process may really use."""
    import os

    from genint.prediction.cpus import usable_cpus

    return min(threads, os.cpu_count() or 1) or usable_cpus()


def use_threads(threads: int) -> None:
    """Let each of PyTorch's operations use so many cores, in training; 0: PyTorch's choice."""
    import torch

    if threads:
        torch.set_num_threads(count_threads(threads))
