"""genint data align: a relative's bases on the coordinates of a genome."""

from pathlib import Path
from typing import Annotated

import typer

from genint.cli import options

RelativeFile = Annotated[
    Path, typer.Argument(metavar="RELATIVE", help="FASTA of the relative's genome, may be gzipped.", show_default=False)
]
Out = Annotated[
    Path, typer.Option("--out", "-o", help="FASTA to write.", show_default=False, rich_help_panel=options.OUTPUT)
]
AlignmentFile = Annotated[
    Path | None,
    typer.Option(
        "--alignment",
        help="PAF of minimap2 -c, or UCSC chain, of RELATIVE (query) to GENOME (target), instead of aligning.",
        show_default=False,
        rich_help_panel=options.WHERE,
    ),
]


def align(
    genome: options.Genome,
    relative: RelativeFile,
    out: Out,
    alignment: AlignmentFile = None,
    quiet: options.Quiet = False,
) -> None:
    """Write a relative's bases on the coordinates of GENOME, for data make and predict --relatives.

    Aligned bases, in upper case, are the relative's; where nothing is aligned, the genome's own stand in lower case.
    Prints which fraction of each chromosome is aligned, and which of that is identical. Needs genint[align].

    Example: genint data align genome.fa strain.fa.gz -o strain-on-genome.fa
    """
    from genint.console import Console

    console = Console(quiet=quiet)
    console.say(f"reading {genome} ...")
    from genint.genome.fasta import Genome
    from genint.genome.projection import align_relative

    with Genome(genome, console) as opened:
        table = align_relative(opened, relative, out, alignment=alignment, console=console)
    print(table.to_csv(sep="\t", index=False, float_format="%.4f"), end="")
