"""genint tracks: what a model predicts."""

from typing import Annotated

import typer

from genint.cli import options
from genint.cli.streams import print_json
from genint.models.bundled import DEFAULT_MODEL


def tracks(
    model: Annotated[str, typer.Argument(help="Model folder, or name of a bundled model.")] = DEFAULT_MODEL,
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
    from genint.models.bundled import find_model
    from genint.tracks.table import read_tracks

    table = read_tracks(find_model(model) / "tracks.tsv")
    chosen = table.subset(table.select(match)) if match else table
    if json_output:
        print_json(chosen.to_records())
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
