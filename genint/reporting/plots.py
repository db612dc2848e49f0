"""Figures: arrays in, matplotlib Figure out. No files are read and no model is run here."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from genint.evaluation.tables import Profiles, Result

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Okabe and Ito's colours, told apart with any colour vision.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#F0E442")

MOST_PANELS = 64  # of a figure over a locus: 51 inches high


def scatter_of_tracks(first: Result, second: Result) -> "Figure":
    """One point per track: the Pearson of one model against another's, coloured by assay (Figure 2 of the paper)."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5, 5), layout="constrained")
    axes = figure.subplots()
    assays = list(dict.fromkeys(score.assay for score in first.scores))
    for assay, colour in zip(assays, _COLOURS * len(assays), strict=False):
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


def profiles_over_locus(chrom: str, bin_bp: int, tracks: Sequence[str], profiles: Profiles) -> "Figure":
    """Measured and predicted values along a locus, a row of panels per track (Figure 3 of the paper).

    The profiles' columns are `tracks`. Figures of more than MOST_PANELS panels are not meant to be read.
    """
    from matplotlib.figure import Figure

    models = [(name, values, _COLOURS[i % 8]) for i, (name, values) in enumerate(profiles.predicted.items())]
    rows = [("measured", profiles.measured, "0.35"), *models]
    figure = Figure(figsize=(10, 0.3 + 0.8 * len(rows) * len(tracks)), layout="constrained")
    panels = figure.subplots(len(rows) * len(tracks), sharex=True, squeeze=False)[:, 0]
    edges = profiles.start + bin_bp * np.arange(len(profiles.measured) + 1)
    for track, name in enumerate(tracks):
        top = max(float(np.nanmax(values[:, track], initial=1e-3)) for _, values, _ in rows)
        for row, (label, values, colour) in enumerate(rows):
            axes = panels[track * len(rows) + row]
            axes.stairs(np.nan_to_num(values[:, track]), edges, fill=True, color=colour)
            axes.set(ylim=(0, top * 1.05), yticks=[])
            axes.set_ylabel(f"{name}\n{label}", rotation=0, ha="right", va="center", fontsize=8)
            for side in ("top", "right", "left"):
                axes.spines[side].set_visible(False)
    panels[-1].set(xlim=(edges[0], edges[-1]), xlabel=f"{chrom}, bp")
    panels[-1].xaxis.set_major_formatter("{x:,.0f}")
    return figure


def save_figure(figure: "Figure", stem: Path) -> list[Path]:
    """Write the figure as PNG and SVG."""
    files = [stem.with_name(f"{stem.name}.png"), stem.with_name(f"{stem.name}.svg")]
    for file in files:
        figure.savefig(file, dpi=150)
    return files
