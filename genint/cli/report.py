"""genint report: a folder of results as one page."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from genint.cli import options
from genint.cli.streams import print_json

if TYPE_CHECKING:
    from genint.prediction.settings import AnyRegions
    from genint.reporting.track_summary import TrackSummary

Folder = Annotated[
    Path,
    typer.Argument(
        metavar="DIR",
        help="Folder that genint predict, attribute, attention or variants has written, or one that holds such.",
        show_default=False,
    ),
]
Regions = Annotated[
    Path | None, typer.Argument(help="BED of the regions to show, - for standard input.", show_default=False)
]
Region = Annotated[
    list[str] | None,
    typer.Option(
        "--region",
        "-r",
        metavar="CHROM:START-END",
        help="chrom:start-end, 1-based, both ends included, as in browsers. Repeatable.",
        show_default="the first 5 predicted",
        rich_help_panel=options.WHERE,
    ),
]
Observed = Annotated[
    list[str] | None,
    typer.Option(
        "--observed",
        metavar="TABLE",
        help="Track table whose column file names measured bigWigs, or IDENTIFIER=BIGWIG: drawn below what is "
        "predicted, and compared with it. Repeatable.",
        show_default=False,
        rich_help_panel=options.OUTPUT,
    ),
]
Genome = Annotated[
    Path | None,
    typer.Option(
        "--genome",
        "-g",
        metavar="FASTA",
        help="What was predicted, to show its letters.",
        show_default=False,
        rich_help_panel=options.OUTPUT,
    ),
]
Out = Annotated[
    Path | None,
    typer.Option("--out", "-o", help="Page to write.", show_default="DIR/report.html", rich_help_panel=options.OUTPUT),
]


def report(
    folder: Folder,
    regions: Regions = None,
    region: Region = None,
    observed: Observed = None,
    tracks: options.Tracks = None,
    genome: Genome = None,
    out: Out = None,
    overwrite: options.Overwrite = False,
    quiet: options.Quiet = False,
    json_output: options.Json = False,
) -> None:
    """Make one page of what DIR holds, that opens anywhere without a network: what was run, the status of every row,
    the tracks in numbers, and a genome browser with the tracks over some regions, beside what was measured.

    Example: genint report predictions --observed atac_nfr=tracks/atac.bw
    """
    from genint.console import Console

    console = Console(quiet=quiet)
    console.say(f"reading {folder} ...")
    from genint.reporting.report_file import make_report

    made = make_report(
        folder,
        out,
        regions=_collect(regions, region or []),
        observed=observed or [],
        tracks=tracks,
        genome=genome,
        overwrite=overwrite,
        console=console,
    )
    for note in made.notes:
        console.say(f"note: {note}")
    if json_output:
        tracks_found = [_record(each) for each in made.tracks]
        return print_json({"out": str(made.path), "bytes": made.size, "tracks": tracks_found})
    print(made.path)


def _collect(bed: Path | None, regions: list[str]) -> "AnyRegions | None":
    if bed and regions:
        raise typer.BadParameter("leave out REGIONS or --region", param_hint="REGIONS")
    return bed or regions or None


def _record(summary: "TrackSummary") -> dict[str, object]:
    from math import isfinite

    numbers = {"mean": summary.mean, "highest": summary.highest, "r": summary.r, "r_shown": summary.r_shown}
    found: dict[str, object] = {name: value if isfinite(value) else None for name, value in numbers.items()}
    return {"identifier": summary.track.identifier, "bins": summary.bins, "measured": summary.measured, **found}
