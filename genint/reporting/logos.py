"""Figures of contributions: along a region, and as letters where they are strongest."""

from typing import TYPE_CHECKING

import numpy as np

from genint.arrays import F32
from genint.prediction.installed import check_extra

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_LETTERS = 80  # that can be read side by side
# Okabe and Ito's colours, which differ for any colour vision.
LETTER_COLOURS = {"A": "#009E73", "C": "#0072B2", "G": "#E69F00", "T": "#D55E00"}


def plot_contributions(
    chrom: str, start: int, sequence: str, contributions: F32, *, letters: int = MOST_LETTERS
) -> "Figure":
    """Contributions (L,) of the bases of `sequence`, which begins at base `start` (0-based) of `chrom`.

    Above, all of them, with the stretch marked that is drawn as letters below: that of so many bases where they are
    strongest. Raises InputError without logomaker.
    """
    from matplotlib.figure import Figure

    first = strongest_stretch(contributions, letters)
    last = min(first + letters, len(sequence))
    figure = Figure(figsize=(12, 4), layout="constrained")
    above, below = figure.subplots(2)
    edges = start + 0.5 + np.arange(len(sequence) + 1)  # positions are written 1-based, as browsers do
    above.stairs(contributions, edges, fill=True, color="0.35")
    above.axvspan(edges[first], edges[last], color="#56B4E9", alpha=0.25, linewidth=0)
    above.set(xlim=(edges[0], edges[-1]), ylabel="contribution")
    draw_letters(below, start + first, sequence[first:last], contributions[first:last])
    below.set(xlabel=f"{chrom}, bp", ylabel="contribution")
    for axes in (above, below):
        axes.axhline(0, color="0.6", linewidth=0.5)
        axes.spines[["top", "right"]].set_visible(False)
        axes.xaxis.set_major_formatter("{x:,.0f}")
    return figure


def strongest_stretch(contributions: F32, length: int) -> int:
    """Where the `length` bases begin whose contributions are the largest in sum, of either sign."""
    if len(contributions) <= length:
        return 0
    sums = np.convolve(np.abs(contributions), np.ones(length), "valid")
    return int(sums.argmax())


def draw_letters(axes: "Axes", start: int, sequence: str, contributions: F32) -> None:
    """Draw bases as letters as high as their contributions, those below 0 hanging. Unknown bases are left out."""
    check_extra("logomaker", "`logos`", "explain")
    if not contributions.any():  # letters without height, of which logomaker would warn
        axes.set_xlim(start + 0.5, start + len(sequence) + 0.5)
        return
    from logomaker import Logo
    from pandas import DataFrame

    heights = {letter: np.where(np.array(list(sequence)) == letter, contributions, 0.0) for letter in "ACGT"}
    table = DataFrame(heights, index=start + 1 + np.arange(len(sequence)))
    Logo(table, ax=axes, color_scheme=LETTER_COLOURS, font_name="DejaVu Sans", show_spines=True, flip_below=False)
