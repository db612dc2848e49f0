"""genint eval: how good models are on held-out chromosomes."""

import re
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from genint import choices
from genint.cli import options

if TYPE_CHECKING:
    from genint.datasets.dataset import TrackDataset
    from genint.evaluation.profiles import Profiles
    from genint.evaluation.results import Evaluation
    from genint.genome.region import Region


Models = Annotated[
    list[str] | None, typer.Argument(help="Model folders, or names of bundled models.", show_default=False)
]
Split = Annotated[
    choices.Split, typer.Option("--split", help="Which of the data set's splits.", rich_help_panel=options.WHERE)
]
Baselines = Annotated[
    bool,
    typer.Option(
        "--baselines",
        help="Add a constant per track and a linear model on k-mer counts.",
        rich_help_panel=options.MODEL,
    ),
]
AttentionOff = Annotated[
    bool,
    typer.Option(
        "--attention-off",
        help="Score each interpreter once more with attention left out of every layer, nothing retrained.",
        rich_help_panel=options.MODEL,
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(
        "--out",
        "-o",
        help="Folder for metrics.tsv, metrics.json and figures.",
        show_default=False,
        rich_help_panel=options.OUTPUT,
    ),
]
Plots = Annotated[
    bool,
    typer.Option(
        "--plots", help="Draw every pair of models, a point per track, as PNG and SVG.", rich_help_panel=options.OUTPUT
    ),
]
Locus = Annotated[
    str,
    typer.Option(
        "--locus",
        help="Draw measured and predicted tracks there: chrom:start-end, 1-based. --tracks picks some.",
        show_default=False,
        rich_help_panel=options.OUTPUT,
    ),
]
ReplicatePaper = Annotated[
    bool,
    typer.Option(
        "--replicate-paper",
        help="Print the paper's metric alone: pearson per assay and over all.",
        rich_help_panel=options.OUTPUT,
    ),
]


def evaluate(
    dataset: options.Dataset,
    models: Models = None,
    split: Split = "test",
    baselines: Baselines = False,
    attention_off: AttentionOff = False,
    tracks: options.Tracks = None,
    out: Out = None,
    plots: Plots = False,
    locus: Locus = "",
    replicate_paper: ReplicatePaper = False,
    overwrite: options.Overwrite = False,
    device: options.Device = "auto",
    dtype: options.Dtype = "auto",
    batch_size: options.Batch = 8,
    threads: options.Threads = 0,
    quiet: options.Quiet = False,
    json_output: options.Json = False,
) -> None:
    """Score MODELS on a split of DATASET: Pearson per track over all measured bins, and means per assay.

    Several figures go by that name, and each is printed with its axis: pearson, over all bins on the model's scale, as
    the field reports it; log1p, of log(1 + sum over the bin) in the units of the bigWigs; windows, within each window
    (the model's own tile), averaged. Differences between models come with a 95 % interval from a paired bootstrap over
    100 kb blocks. --attention-off also prints r between the predictions with attention and without. --tracks picks the
    tracks that --locus draws.

    Example: genint eval dataset my-model --baselines -o scores
    """
    _check_usage(models, baselines, out, plots, locus, tracks)
    if out and not overwrite:
        _refuse_other_scores(out)
    from genint.console import Console

    console = Console(quiet=quiet)
    console.say(f"reading {dataset} ...")
    from genint.datasets.dataset import TrackDataset
    from genint.evaluation.evaluate import evaluate as run
    from genint.evaluation.evaluate import load_distinct
    from genint.evaluation.profiles import predict_profiles
    from genint.evaluation.tables import print_tables

    opened = TrackDataset(dataset)
    compute: dict[str, Any] = {"batch_size": batch_size, "device": device, "threads": options.count_threads(threads)}
    loaded = load_distinct(models or [], baselines=baselines)
    columns = opened.tracks.select(tracks) if tracks else list(range(len(opened.tracks)))
    region = _locus(opened, locus, len(columns), len(loaded)) if locus else None
    if out:
        out.mkdir(parents=True, exist_ok=True)
    evaluation = run(
        loaded,
        opened,
        split,
        dtype=dtype,
        baselines=baselines,
        attention_off=attention_off,
        console=console,
        **compute,
    )
    if out:
        evaluation.write(out)
    if json_output:
        print(evaluation.to_json())
    else:
        print_tables(evaluation, replicate_paper=replicate_paper)
    if out and plots:
        _draw_pairs(evaluation, out)
    if out and region:
        values = predict_profiles(opened, loaded, region, **compute)
        _draw_locus(opened, values, region, columns, out)


def _check_usage(
    models: list[str] | None,
    baselines: bool,
    out: Path | None,
    plots: bool,
    locus: str,
    tracks: list[str] | None,
) -> None:
    if not models and not baselines:
        raise typer.BadParameter("name at least one model, or give --baselines", param_hint="MODELS")
    if tracks and not locus:
        raise typer.BadParameter("picks what --locus draws; give --locus, too", param_hint="--tracks")
    if (plots or locus) and not out:
        raise typer.BadParameter("figures need a folder; give -o", param_hint="--plots, --locus")


def _refuse_other_scores(out: Path) -> None:
    from genint.errors import OutputError

    if (out / "metrics.tsv").exists():
        raise OutputError(f"{out}: holds the scores of another evaluation. Give another folder, or `overwrite`")


def _draw_pairs(evaluation: "Evaluation", out: Path) -> None:
    from genint.reporting.plots import plot_scores, save_figure

    results = evaluation.models
    stems = _file_names([result.model for result in results])
    for first, second in combinations(range(len(results)), 2):
        figure = plot_scores(results[first], results[second])
        save_figure(figure, out / f"tracks_{stems[first]}_vs_{stems[second]}")


def _locus(dataset: "TrackDataset", text: str, n_tracks: int, n_models: int) -> "Region":
    """The place to draw, in the data set's own chromosome names; known to be drawable before anything is scored."""
    from genint.errors import InputError
    from genint.evaluation.profiles import find_segment
    from genint.genome.chromosome_names import WRITE_NAMES, reconcile
    from genint.genome.region import Region, parse_region, split_region
    from genint.reporting.plots import MOST_PANELS

    panels = n_tracks * (1 + n_models)
    if panels > MOST_PANELS:
        raise InputError(
            f"--locus {text}: {n_tracks} tracks, measured and by {n_models} model(s), make {panels} panels; more than "
            f"{MOST_PANELS} cannot be read. Pick tracks with --tracks"
        )
    sizes = {segment.chrom: segment.end for segment in dataset.segments}
    requested = split_region(text, sizes, "locus")[0]
    asked_by, known_by = f"--locus {text}", str(dataset.path)
    name = reconcile([requested], sizes, asked_by=asked_by, known_by=known_by, advice=WRITE_NAMES)[requested]
    found = parse_region(text, {requested: sizes[name]}, "locus")
    region = Region(name, found.start, found.end)
    find_segment(dataset, region)
    return region


def _draw_locus(dataset: "TrackDataset", values: "Profiles", region: "Region", columns: list[int], out: Path) -> None:
    from genint.reporting.plots import plot_profiles, save_figure

    names = [dataset.tracks[column].identifier for column in columns]
    predicted = {name: rows[:, columns] for name, rows in values.predicted.items()}
    shown = values._replace(measured=values.measured[:, columns], predicted=predicted)
    figure = plot_profiles(region.chrom, dataset.bin_bp, names, shown)
    save_figure(figure, out / _file_names([f"locus_{region.chrom}_{region.start + 1}_{region.end}"])[0])


def _file_names(names: list[str]) -> list[str]:
    """Names as any file system takes them, the end of long ones; numbered where they would be one and the same."""
    safe = [re.sub(r"[^A-Za-z0-9._-]+", "_", name)[-80:] for name in names]
    return [name if safe.count(name) == 1 else f"{name}_{number}" for number, name in enumerate(safe, start=1)]
