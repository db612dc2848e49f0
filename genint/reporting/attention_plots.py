"""Figures of attention: arrays in, matplotlib Figure out. Queries run down and keys to the right, both on the genome.

Darker is more attention. A head that the prediction does not depend on is drawn pale, and its title says so.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from genint.arrays import F32

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WITHOUT_WORTH = 1e-3  # a change of the prediction below 0.1 % is none
_COLOURS = "Blues"  # white where there is none, ever darker for any colour vision
_PALE = 0.3  # opacity
_PER_ROW = 4


class MapPanel(NamedTuple):
    """Weights of neighbouring tokens, (tokens, tokens), the first at base `start`; `change`: what it is worth."""

    title: str
    start: int
    token_bp: int
    weights: F32
    change: float


def plot_maps(panels: Sequence[MapPanel], chrom: str) -> "Figure":
    """A map for each layer, head or window, side by side (Figures 4(a), 4(b) and C.1 of the paper)."""
    return _grid(panels, chrom, _PER_ROW, 3.2)


def plot_zoom(panels: Sequence[MapPanel], chrom: str, letters: str) -> "Figure":
    """The heads of a layer over a few tokens, their DNA on both axes (Figure C.2)."""
    place = f"{chrom}:{panels[0].start + 1:,}-{panels[0].start + len(letters):,}"
    figure = _grid(panels, place, min(_PER_ROW, 2), 5.0)
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


def scale_top(weights: F32) -> float:
    """What is drawn darkest: the 99.5 % quantile of what is above 0, so that one strong pair does not pale the rest."""
    above = weights[weights > 0]
    return float(np.quantile(above, 0.995)) if above.size else 1.0


def _grid(panels: Sequence[MapPanel], place: str, columns: int, size: float) -> "Figure":
    from matplotlib.figure import Figure

    columns = min(columns, len(panels))
    rows = -(-len(panels) // columns)
    figure = Figure(figsize=(max(size * columns, 4.4), (size + 0.2) * rows + 0.6), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes, panel in zip(grid, panels, strict=False):
        _draw(axes, panel)
    for axes in grid[len(panels) :]:
        axes.remove()
    figure.suptitle(
        f"Attention on {place}: rows attend to columns\nWorth: change of the prediction when switched off", fontsize=9
    )
    return figure


def _draw(axes: "Axes", panel: MapPanel) -> None:
    from matplotlib.ticker import MaxNLocator

    first, last = panel.start, panel.start + panel.token_bp * len(panel.weights)
    axes.imshow(
        panel.weights,
        cmap=_COLOURS,
        vmin=0,
        vmax=scale_top(panel.weights),
        extent=(first, last, last, first),
        alpha=_PALE if panel.change < WITHOUT_WORTH else 1.0,
        interpolation="nearest",
        aspect="equal",
    )
    axes.set_title(f"{panel.title}, {panel.token_bp} bp\n{worth_text(panel.change)}", fontsize=8)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(3, integer=True))
        axis.set_major_formatter("{x:,.0f}")
    axes.tick_params(labelsize=6)
