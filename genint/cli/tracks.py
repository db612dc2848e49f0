"""genint tracks: what a model predicts."""

import math
from typing import Annotated, Any

import typer

from genint.cli import options
from genint.cli.streams import print_json


def tracks(
    model: Annotated[
        str, typer.Argument(help="Model folder, or name of a bundled model.")
    ] = "genomic-interpreter-yeast",
    match: Annotated[
        list[str] | None,
        typer.Option(
            "--match",
            "-t",
            help="Only tracks that --tracks of predict would pick. Repeatable.",
            show_default="all",
            rich_help_panel=options.MODEL,
        ),
    ] = None,
    json_output: options.Json = False,
) -> None:
    """List a model's tracks: the identifiers, assays and scales that `genint predict --tracks` chooses from.

    Example: genint tracks --match 'RNA.*plus'
    """
    from genint.models.folder import find_model
    from genint.tracks.table import read_tracks

    table = read_tracks(find_model(model) / "tracks.tsv")
    chosen = table.subset(table.select(match)) if match else table
    if json_output:
        print_json([{**_finite(vars(track)), "assay": track.assay} for track in chosen])
        return
    print("identifier\tassay\tdescription\tsum_stat\tscale\tstrand_pair")
    for track in chosen:
        cells = (
            track.identifier,
            track.assay,
            track.description,
            track.sum_stat,
            f"{track.scale:g}",
            track.strand_pair,
        )
        print("\t".join(cells))


def _finite(cells: dict[str, Any]) -> dict[str, Any]:
    """JSON has no infinity: a track without a clip has null there."""
    return {name: None if isinstance(cell, float) and math.isinf(cell) else cell for name, cell in cells.items()}
