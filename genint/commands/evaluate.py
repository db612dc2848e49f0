"""genint eval: how good models are on held-out chromosomes."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from genint.commands import options

if TYPE_CHECKING:
    from genint.evaluate import Score


def evaluate(
    dataset: Annotated[Path, typer.Argument(help="Data set made by genint data make.", show_default=False)],
    models: Annotated[
        list[str] | None, typer.Argument(help="Model folders, or names of bundled models.", show_default=False)
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder for metrics.tsv and metrics.json.", show_default=False)
    ] = None,
    split: Annotated[str, typer.Option("--split", help="train, valid or test.")] = "test",
    baselines: Annotated[
        bool,
        typer.Option(
            "--baselines", help="Add a constant per track and a linear model on k-mer counts, fitted on train."
        ),
    ] = False,
    device: options.Device = "auto",
    dtype: options.Dtype = "auto",
    batch_size: options.Batch = 8,
    threads: options.Threads = 0,
    quiet: options.Quiet = False,
    json_output: options.Json = False,
) -> None:
    """Score MODELS on a split of DATASET: Pearson per track over all measured bins, and means per assay.

    Two figures per track: pearson, on the model's scale, as the field reports it; pearson_log1p, of log(1 + sum over
    the bin) in the units of the bigWigs.

    Example: genint eval dataset my-model --baselines -o scores
    """
    if not models and not baselines:
        raise typer.BadParameter("name at least one model, or give --baselines", param_hint="MODELS")
    if split not in ("train", "valid", "test"):
        raise typer.BadParameter(f"{split!r} is not train, valid or test", param_hint="--split")
    from genint.console import Console
    from genint.data.store import DataSet
    from genint.devices import choose_device, choose_dtype
    from genint.evaluate import evaluate as run
    from genint.evaluate import report, write_reports
    from genint.models.folder import load_model

    options.use_threads(threads)
    opened, chosen = DataSet(dataset), choose_device(device)
    scores = run(
        opened,
        [load_model(model) for model in models or []],
        split,
        Console(quiet=quiet),
        batch_size=batch_size,
        device=chosen,
        dtype=choose_dtype(dtype, chosen),
        baselines=baselines,
    )
    if out:
        write_reports(scores, split, opened, out)
    if json_output:
        print(report(scores, split, opened))
    else:
        _print_table(scores)


def _print_table(scores: "list[Score]") -> None:
    """A row per track, a pair of columns per model; means per assay below."""
    from rich.console import Console
    from rich.table import Table

    from genint.evaluate import summaries

    models = list(dict.fromkeys(score.model for score in scores))
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("track", "assay", "bins"):
        table.add_column(name, justify="right" if name == "bins" else "left", no_wrap=True)
    for model in models:
        table.add_column(f"{model}\npearson", justify="right")
        table.add_column("\nlog1p", justify="right")
    for block in (scores, list(summaries(scores))):
        for key in dict.fromkeys((score.identifier, score.assay) for score in block):
            row = [score for score in block if (score.identifier, score.assay) == key]
            figures = [f"{value:.3f}" for score in row for value in (score.pearson, score.pearson_log1p)]
            table.add_row(*key, f"{row[0].bins:,}", *figures)
        table.add_section()
    Console(file=sys.stdout, width=None if sys.stdout.isatty() else 200).print(table)
