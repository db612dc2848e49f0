"""genint data: make the data sets that train and eval read."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from genint.commands import options

if TYPE_CHECKING:
    from genint.data.splits import Splitter

app = typer.Typer(help="Make, import, truncate and verify data sets for training and evaluation.", no_args_is_help=True)

Out = Annotated[Path, typer.Option("--out", "-o", help="Folder of the new data set.", show_default=False)]
DataSetFolder = Annotated[Path, typer.Argument(help="Data set made by genint data.", show_default=False)]


@app.command()
def make(
    genome: options.Genome,
    tracks: Annotated[
        Path,
        typer.Argument(
            help="Track table; its column file names the bigWigs, relative to the table.", show_default=False
        ),
    ],
    out: Out,
    valid: Annotated[
        str,
        typer.Option("--valid", help="Chromosomes to validate on, A,B; or a share, 0.1.", show_default=False),
    ] = "",
    test: Annotated[str, typer.Option("--test", help="Chromosomes to test on, A,B; or a share, 0.1.")] = "",
    split: Annotated[
        Path | None,
        typer.Option(
            "--split", help="BED whose fourth column is train, valid or test, instead of both.", show_default=False
        ),
    ] = None,
    exclude: Annotated[
        list[Path],
        typer.Option(
            "--exclude", help="BED of regions to leave out of loss and metrics. Repeatable.", show_default=False
        ),
    ] = [],  # noqa: B006  typer copies it
    bin_bp: Annotated[int, typer.Option("--bin-bp", min=1, help="Bases per bin.")] = 128,
    seed: Annotated[int, typer.Option("--seed", help="Draws the blocks when --valid and --test are shares.")] = 1,
    aliases: options.Aliases = None,
    quiet: options.Quiet = False,
) -> None:
    """Bin the bigWigs of a track table, apply its transforms, and write a data set in three splits.

    A chromosome that a bigWig's header does not list was not measured: it is masked, not zero. All chromosomes that
    neither --valid nor --test names train. With shares, contiguous blocks of chromosome are drawn for each.

    Example: genint data make genome.fa tracks.tsv -o dataset --valid chrXIII --test chrII --exclude exclude.bed
    """
    from genint.console import Console
    from genint.data.make import make_dataset
    from genint.genome import Genome
    from genint.regions import read_aliases

    console = Console(quiet=quiet)
    with Genome(genome) as opened:
        make_dataset(
            opened,
            tracks,
            out,
            split=_splitter(valid, test, split, seed),
            exclude=exclude,
            bin_bp=bin_bp,
            aliases=read_aliases(aliases) if aliases else None,
            report=console.say,
        )
    print(out)


def _splitter(valid: str, test: str, bed: Path | None, seed: int) -> "Splitter":
    from genint.data.splits import BedSplit, FractionSplit, Split

    if bed:
        if valid or test:
            raise typer.BadParameter("Give either --split or --valid and --test.")
        return BedSplit(bed=bed)
    if not valid:
        raise typer.BadParameter("Say what to validate on: --valid CHROMOSOMES, --valid SHARE or --split BED.")
    shares = [_share(valid), _share(test or "0.0")]
    if shares[0] is not None and shares[1] is not None:
        return FractionSplit(valid=shares[0], test=shares[1], seed=seed)
    if shares[0] is not None or (test and shares[1] is not None):
        raise typer.BadParameter("Give both --valid and --test as chromosomes, or both as shares.")
    return Split(valid=_names(valid), test=_names(test))


def _share(text: str) -> float | None:
    """0.1 and .1 are shares; 1 is a chromosome."""
    return float(text) if re.fullmatch(r"\d*\.\d+", text) else None


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]
