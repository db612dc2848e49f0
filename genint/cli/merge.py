"""genint merge: the outputs of runs over parts become those of one run."""

import json
from pathlib import Path
from typing import Annotated

import typer

from genint.cli import options

Folders = Annotated[
    list[Path], typer.Argument(metavar="DIR", help="Folders that genint predict has written.", show_default=False)
]
Out = Annotated[Path, typer.Option("--out", "-o", help="Folder for the bigWigs and tables of all.", show_default=False)]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Start anew, whatever run the folder holds.")]


def merge(
    folders: Folders,
    out: Out,
    overwrite: Overwrite = False,
    quiet: options.Quiet = False,
    json_output: options.Json = False,
) -> None:
    """Join the outputs of runs over different regions of one genome as if one run had made them, byte for byte.

    The runs must agree in models, tracks, options and versions; what differs is named. Regions may overlap: bins that
    two runs predicted must be equal. regions.tsv has the rows of all in the order of DIRs, run.json what went in.

    Example: genint merge part1 part2 part3 -o predictions
    """
    from genint.console import Console
    from genint.output.merge import merge as run

    console = Console(quiet=quiet)
    report = run(folders, out, overwrite=overwrite, console=console)
    if json_output:
        print(json.dumps({"out": str(out), **report}, indent=1))
        return
    console.say(f"{len(folders)} run(s) merged: {report['bins']:,} bins in {report['seconds']:.1f} s")
    for name in report["files"]:
        print(out / name)
