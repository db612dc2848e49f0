"""Figures of attention: arrays in, matplotlib Figure out. Queries are rows, keys are columns, both on the genome.

A head that the prediction does not depend on is drawn pale, and its title says so.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from genint.arrays import F32

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WITHOUT_WORTH = 1e-3  # a change of the prediction below 0.1 % is none
_PER_ROW = 4


class MapPanel(NamedTuple):
    """Weights of neighbouring tokens, (tokens, tokens), the first at base `start`; `change`: what it is worth."""

    title: str
    start: int
    token_bp: int
    weights: F32
    change: float


def plot_layers(panels: Sequence[MapPanel], chrom: str) -> "Figure":
    """One map per layer, from bases to bins, heads averaged (Figure 4(a) of the paper)."""
    return _grid(panels, chrom, _PER_ROW)


def plot_heads(panels: Sequence[MapPanel], chrom: str) -> "Figure":
    """The heads of a layer side by side (Figure 4(b))."""
    return _grid(panels, chrom, _PER_ROW)


def plot_windows(panels: Sequence[MapPanel], chrom: str, *, heads: int) -> "Figure":
    """A row per window, a column per head (Figure C.1). Panels come window by window."""
    return _grid(panels, chrom, heads)


def plot_zoom(panels: Sequence[MapPanel], chrom: str, letters: str) -> "Figure":
    """The heads of a layer over a few tokens, their DNA on both axes (Figure C.2)."""
    figure = _grid(panels, chrom, min(_PER_ROW, 2), size=4.6)
    token_bp = panels[0].token_bp
    places = panels[0].start + token_bp * (np.arange(len(panels[0].weights)) + 0.5)
    labels = [letters[at : at + token_bp] for at in range(0, len(letters), token_bp)]
    for axes in figure.axes[: len(panels)]:
        axes.set_xticks(places, labels, fontsize=6, family="monospace", rotation=90 if token_bp > 1 else 0)
        axes.set_yticks(places, labels, fontsize=6, family="monospace")
        axes.tick_params(length=0)
    return figure


def worth_text(change: float) -> str:
    """What stands in a title."""
    return f"no worth here ({change:.2%})" if change < WITHOUT_WORTH else f"worth {change:.1%}"


def _grid(panels: Sequence[MapPanel], chrom: str, columns: int, *, size: float = 3.0) -> "Figure":
    from matplotlib.figure import Figure

    columns = min(columns, len(panels))
    rows = -(-len(panels) // columns)
    figure = Figure(figsize=(size * columns, (size + 0.2) * rows + 0.4), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes, panel in zip(grid, panels, strict=False):
        _draw(axes, panel)
    for axes in grid[len(panels) :]:
        axes.remove()
    figure.suptitle(
        f"Attention on {chrom}: rows attend to columns. Worth: change of the prediction when switched off", fontsize=9
    )
    return figure


def _draw(axes: "Axes", panel: MapPanel) -> None:
    from matplotlib.ticker import MaxNLocator

    first, last = panel.start, panel.start + panel.token_bp * len(panel.weights)
    top = max(float(np.quantile(panel.weights, 0.995)), 1e-6)  # one sink must not darken the rest
    pale = panel.change < WITHOUT_WORTH
    axes.imshow(
        panel.weights, cmap="viridis", vmin=0, vmax=top, extent=(first, last, last, first), alpha=0.3 if pale else 1.0,
        interpolation="nearest", aspect="equal",
    )  # fmt: skip
    axes.set_title(f"{panel.title}, {panel.token_bp} bp\n{worth_text(panel.change)}", fontsize=8)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(3, integer=True))
        axis.set_major_formatter("{x:,.0f}")
    axes.tick_params(labelsize=6)
