"""Figures: arrays in, matplotlib Figure out. No files are read and no model is run here."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from genint.arrays import F32
from genint.errors import InputError
from genint.reporting.colours import COLOURS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from genint.evaluation.profiles import Profiles
    from genint.evaluation.results import ModelScores

MOST_PANELS = 64  # of a figure over a locus: 51 inches high


def plot_scores(first: "ModelScores", second: "ModelScores") -> "Figure":
    """One point per track: the Pearson of one model against another's, coloured by assay (Figure 2 of the paper)."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5, 5), layout="constrained")
    axes = figure.subplots()
    assays = list(dict.fromkeys(score.assay for score in first.scores))
    for assay, colour in zip(assays, COLOURS * len(assays), strict=False):
        pairs = [
            (a.pearson, b.pearson)
            for a, b in zip(first.scores, second.scores, strict=True)
            if a.assay == assay and np.isfinite([a.pearson, b.pearson]).all()
        ]
        if pairs:
            x, y = zip(*pairs, strict=True)
            axes.scatter(x, y, s=28, color=colour, label=f"{assay} ({len(pairs)})", edgecolor="white", linewidth=0.5)
    low = min(0.0, *axes.get_xlim(), *axes.get_ylim())
    axes.plot([low, 1], [low, 1], color="0.7", linewidth=1, zorder=0)
    axes.set(xlim=(low, 1), ylim=(low, 1), aspect="equal")
    axes.set(xlabel=f"Pearson, {first.model}", ylabel=f"Pearson, {second.model}")
    axes.legend(frameon=False, loc="upper left")
    return figure


def plot_profiles(chrom: str, bin_bp: int, tracks: Sequence[str], profiles: "Profiles") -> "Figure":
    """Measured and predicted values along a locus, a row of panels per track (Figure 3 of the paper).

    The profiles' columns are `tracks`. Figures of more than MOST_PANELS panels are not meant to be read.
    """
    models = [(name, values, COLOURS[i % 8]) for i, (name, values) in enumerate(profiles.predicted.items())]
    rows = [("measured", profiles.measured, "0.35"), *models]
    panels = [
        Panel(f"{name}\n{label}", values[:, track], colour, _top([values[:, track] for _, values, _ in rows]))
        for track, name in enumerate(tracks)
        for label, values, colour in rows
    ]
    return _draw_panels(chrom, profiles.start, bin_bp, panels)


def plot_tracks(chrom: str, start: int, bin_bp: int, tracks: Sequence[str], values: F32) -> "Figure":
    """Values (bins, T) along a chromosome, the first bin beginning at base `start`: a panel per track.

    Raises InputError for more than MOST_PANELS tracks.
    """
    if len(tracks) > MOST_PANELS:
        raise InputError(
            f"`tracks`: {len(tracks)} panels are more than the {MOST_PANELS} that can be read. Select fewer"
        )
    panels = [Panel(name, values[:, track], COLOURS[0], _top([values[:, track]])) for track, name in enumerate(tracks)]
    return _draw_panels(chrom, start, bin_bp, panels)


class Panel(NamedTuple):
    """One row of a figure along a chromosome: `values` (bins,), drawn up to `top`, or down to it if it is below 0."""

    label: str
    values: F32
    colour: str
    top: float


def _top(rows: Sequence[F32]) -> float:
    """The largest value; the lowest where the values of a strand are stored below 0."""
    high = max(float(np.nanmax(values, initial=1e-3)) for values in rows)
    low = min(float(np.nanmin(values, initial=0)) for values in rows)
    return low if -low > high else high


def _draw_panels(chrom: str, start: int, bin_bp: int, panels: Sequence[Panel]) -> "Figure":
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 0.3 + 0.8 * len(panels)), layout="constrained")
    rows = figure.subplots(len(panels), sharex=True, squeeze=False)[:, 0]
    edges = start + bin_bp * np.arange(len(panels[0].values) + 1)
    for axes, panel in zip(rows, panels, strict=True):
        axes.stairs(np.nan_to_num(panel.values), edges, fill=True, color=panel.colour)
        axes.set(ylim=sorted((0, panel.top * 1.05)), yticks=[])
        axes.set_ylabel(panel.label, rotation=0, ha="right", va="center", fontsize=8)
        for side in ("top", "right", "left"):
            axes.spines[side].set_visible(False)
    rows[-1].set(xlim=(edges[0], edges[-1]), xlabel=f"{chrom}, bp")
    rows[-1].xaxis.set_major_formatter("{x:,.0f}")
    return figure


def save_figure(figure: "Figure", stem: Path) -> list[Path]:
    """Write the figure as PNG and SVG."""
    files = [stem.with_name(f"{stem.name}.png"), stem.with_name(f"{stem.name}.svg")]
    for file in files:
        figure.savefig(file, dpi=150)
        figure.set_layout_engine("none")  # as laid out for the first
    return files
