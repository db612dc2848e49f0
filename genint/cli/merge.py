"""genint merge: the outputs of runs over parts become those of one run."""

from pathlib import Path
from typing import Annotated

import typer

from genint.cli import options
from genint.cli.streams import print_json

Folders = Annotated[
    list[Path], typer.Argument(metavar="DIR", help="Folders that genint predict has written.", show_default=False)
]
Out = Annotated[
    Path,
    typer.Option(
        "--out",
        "-o",
        help="Folder for the bigWigs and tables of all.",
        show_default=False,
        rich_help_panel=options.OUTPUT,
    ),
]


def merge(
    folders: Folders,
    out: Out,
    overwrite: options.Overwrite = False,
    quiet: options.Quiet = False,
    json_output: options.Json = False,
) -> None:
    """Join the outputs of runs over different regions of one genome as if one run had made them, byte for byte.

    The runs must agree in models, tracks, options and versions; what differs is named. Regions may overlap: bins that
    two runs predicted must be equal. regions.tsv has the rows of all in the order of DIRs, run.json what went in.

    Example: genint merge part1 part2 part3 -o predictions
    """
    from genint.console import Console

    console = Console(quiet=quiet)
    console.say(f"reading {len(folders)} run(s) ...")
    from genint.output.merge import merge as run

    report = run(folders, out, overwrite=overwrite, console=console)
    if json_output:
        print_json({"out": str(out), **report})
        return
    console.say(f"{len(folders)} run(s) merged: {report['bins']:,} bins in {report['seconds']:.1f} s")
    for name in report["files"]:
        print(out / name)
