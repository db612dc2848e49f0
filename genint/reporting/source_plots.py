"""Figures of where bins come from: arrays in, matplotlib Figure out. Bins run down, their DNA across."""

from typing import TYPE_CHECKING

import numpy as np

from genint.arrays import F32, I64

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_COLUMNS = 1_024  # of a map: tokens are summed to no more
_DECADES = 3  # from the strongest down, that colours tell apart
_COLOURS = "viridis"  # no colour but grey levels, for any colour vision


def plot_sources(values: F32, start: int, token_bp: int, bin_starts: I64, bin_bp: int, chrom: str) -> "Figure":
    """Shares (bins, tokens) of what neighbouring bins come from, the first token at base `start`: mean, and a map.

    Shares are drawn per kb, on a logarithmic scale: far ones are small, and many. White lines are the bins' own ends.
    """
    from matplotlib.colors import LogNorm
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    each = -(-values.shape[1] // MOST_COLUMNS)
    starts = np.arange(0, values.shape[1], each)
    sizes = np.diff(np.append(starts, values.shape[1])) * token_bp  # the last one may be shorter
    per_kb = 1_000 * np.add.reduceat(values, starts, axis=1) / sizes  # (bins, columns)
    edges = start + token_bp * np.append(starts, values.shape[1])
    figure = Figure(figsize=(9, 3.2 + min(0.05 * len(values), 4)), layout="constrained")
    above, below = figure.subplots(2, sharex=True, height_ratios=(1, 1.6))
    above.stairs(per_kb.mean(0), edges, color="0.25", linewidth=0.8, baseline=None)
    above.set(yscale="log", ylabel="share per kb,\nmean of the bins")
    above.axvspan(int(bin_starts[0]), int(bin_starts[-1]) + bin_bp, color="tab:orange", alpha=0.25, linewidth=0)
    above.set_title("Where the bins of the shaded region come from, by attention rollout", fontsize=10)
    top = float(per_kb.max())
    drawn = below.pcolormesh(
        edges,
        np.append(bin_starts, bin_starts[-1] + bin_bp),
        np.maximum(per_kb, top * 10**-_DECADES),
        norm=LogNorm(top * 10**-_DECADES, top),
        cmap=_COLOURS,
        rasterized=True,
    )
    for end in (bin_starts, bin_starts + bin_bp):
        below.vlines(end, bin_starts, bin_starts + bin_bp, color="white", linewidth=0.8)
    below.invert_yaxis()
    below.set(ylabel="bins of the region, bp", xlabel=f"{chrom}, bp that they come from")
    for axis in (below.xaxis, below.yaxis):
        axis.set_major_formatter("{x:,.0f}")
    below.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    figure.colorbar(drawn, ax=below, label="share per kb", pad=0.01)
    for border in ("top", "right"):
        above.spines[border].set_visible(False)
    return figure
