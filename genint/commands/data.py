"""genint data: make the data sets that train and eval read."""

from pathlib import Path
from typing import Annotated

import typer

from genint.commands import options

app = typer.Typer(help="Make data sets for training and evaluation.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keeps `make` a verb of its own while it is the only one."""


@app.command()
def make(
    genome: options.Genome,
    tracks: Annotated[
        Path,
        typer.Argument(
            help="Track table; its column file names the bigWigs, relative to the table.", show_default=False
        ),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the new data set.", show_default=False)],
    valid: Annotated[str, typer.Option("--valid", help="Chromosomes to validate on: A,B.", show_default=False)],
    test: Annotated[str, typer.Option("--test", help="Chromosomes to test on: A,B.")] = "",
    exclude: Annotated[
        list[Path],
        typer.Option(
            "--exclude", help="BED of regions to leave out of loss and metrics. Repeatable.", show_default=False
        ),
    ] = [],  # noqa: B006  typer copies it
    bin_bp: Annotated[int, typer.Option("--bin-bp", min=1, help="Bases per bin.")] = 128,
    aliases: options.Aliases = None,
    quiet: options.Quiet = False,
) -> None:
    """Bin the bigWigs of a track table, apply its transforms, and write a data set split by chromosome.

    A chromosome that a bigWig's header does not list was not measured: it is masked, not zero. All chromosomes that
    neither --valid nor --test names train.

    Example: genint data make genome.fa tracks.tsv -o dataset --valid chrXIII --test chrII --exclude exclude.bed
    """
    from genint.console import Console
    from genint.data.make import Split, make_dataset
    from genint.genome import Genome
    from genint.regions import read_aliases

    console = Console(quiet=quiet)

    def names(text: str) -> list[str]:
        return [name.strip() for name in text.split(",") if name.strip()]

    with Genome(genome) as opened:
        make_dataset(
            opened,
            tracks,
            out,
            split=Split(valid=names(valid), test=names(test)),
            exclude=exclude,
            bin_bp=bin_bp,
            aliases=read_aliases(aliases) if aliases else None,
            report=console.say,
        )
    print(out)
