"""An evaluation as tables on the terminal."""

import sys

from rich.console import Console
from rich.table import Table

from genint.evaluation.results import OVERALL, Evaluation


def print_tables(evaluation: Evaluation, *, replicate_paper: bool = False) -> None:
    """On stdout: a row per track; a row per model with a column per assay (Table 1 of the paper); the differences.

    Of models scored with attention off also what attention gives them.

    With `replicate_paper` the second table alone.
    """
    width = None if sys.stdout.isatty() else 1_000
    screen = Console(file=sys.stdout, width=width, markup=False, emoji=False)  # names and paths as they are
    if not replicate_paper:
        screen.print(_tracks_table(evaluation))
    screen.print(_assays_table(evaluation))
    if replicate_paper:
        return
    if evaluation.not_scored:
        screen.print(f"not scored, for lack of measurements or variance: {', '.join(evaluation.not_scored)}")
    if evaluation.agreements:
        screen.print(_attention_table(evaluation))
    if len(evaluation.models) > 1:
        screen.print(_differences_table(evaluation))


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", box=None, header_style="bold", pad_edge=False)
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left", no_wrap=True)
    return table


def _tracks_table(evaluation: Evaluation) -> Table:
    heads = [head for result in evaluation.models for head in (f"{result.model}\npearson", "\nlog1p", "\nwindows")]
    table = _table("Pearson per track", "track", "assay", "bins", *heads)
    for row in zip(*(result.scores for result in evaluation.models), strict=True):
        figures = [f"{r:.3f}" for score in row for r in (score.pearson, score.pearson_log1p, score.pearson_windows)]
        table.add_row(row[0].identifier, row[0].assay, f"{row[0].bins:,}", *figures)
    return table


def _assays_table(evaluation: Evaluation) -> Table:
    assays = list(dict.fromkeys(mean.assay for mean in evaluation.means))
    counts = {mean.assay: mean.tracks for mean in evaluation.means}
    heads = [f"{'Overall' if assay == OVERALL else assay}\n{counts[assay]} tracks" for assay in assays]
    table = _table("Mean Pearson over tracks", "model", *heads, "Overall\nlog1p", "across\ntracks")
    for result in evaluation.models:
        row = {mean.assay: mean for mean in evaluation.means if mean.model == result.model}
        figures = [row[assay].pearson for assay in assays] + [row[OVERALL].pearson_log1p, result.across_tracks]
        table.add_row(result.model, *(f"{value:.4f}" for value in figures))
    return table


def _attention_table(evaluation: Evaluation) -> Table:
    heads = ("model", "assay", "tracks", "pearson", "attention off", "between the two")
    table = _table("Mean Pearson over tracks, with attention and without, and between the two predictions", *heads)
    for row in evaluation.attention_off:
        assay = "Overall" if row.assay == OVERALL else row.assay
        figures = (row.pearson, row.pearson_off, row.agreement)
        table.add_row(row.model, assay, f"{row.tracks:,}", *(f"{value:.4f}" for value in figures))
    return table


def _differences_table(evaluation: Evaluation) -> Table:
    table = _table("Differences of mean Pearson, 95 % interval over 100 kb blocks", "models", "difference", "interval")
    for row in evaluation.comparisons:
        interval = f"{row.low:+.4f} to {row.high:+.4f}" if row.blocks > 1 else "-"
        table.add_row(f"{row.model} - {row.other}", f"{row.difference:+.4f}", interval)
    return table
