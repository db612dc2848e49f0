"""From coverage to what the model learns, and back.

The field has two recipes. `new` (basenji_data_read, hound's default) scales first:

    x = scale * pooled                      pooled: sum or mean per base over the bin
    y = x                                   sum, mean
    y = (1 + x) ** p - 1                    p = 1/2 for *_sqrt, 3/4 for *_exp75
    y = c - 1 + sqrt(y - c + 1) if y > c    soft clip at c = clip_soft
    y = min(max(y, -clip), clip)

`old` (hound's --transform_old, behind the published Borzoi weights) scales last, and its *_sqrt is no square root:

    y = pooled                              sum, mean
    y = pooled ** 3/4                       *_sqrt
    y = c + sqrt(y - c) if y > c
    y = scale * min(max(y, -clip), clip)

`coverage` values are the mean per base over the bin, in the units of the bigWig. A sum is that mean times the full
bin width, also in a chromosome's shorter last bin, so that one number means one density everywhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np
import numpy.typing as npt

from genint.choices import Recipe

# sum_stat -> (pools by sum, power)
_STATISTICS = {
    "sum": (True, 1.0),
    "mean": (False, 1.0),
    "avg": (False, 1.0),
    "sum_sqrt": (True, 0.5),
    "mean_sqrt": (False, 0.5),
    "avg_sqrt": (False, 0.5),
    "sum_exp75": (True, 0.75),
}
STATISTICS = tuple(_STATISTICS)
RECIPES = get_args(Recipe)


@dataclass(frozen=True)
class Transform:
    """The transform of T tracks at once. Each field has shape (T,); a missing clip is infinite.

    Both recipes are one formula: `factor` before the power and `gain` after the clips, of which one is 1, and `root`,
    the number that is added under the roots and taken off again, 1 in the new recipe and 0 in the old.
    """

    factor: npt.NDArray[np.float64]
    power: npt.NDArray[np.float64]
    root: npt.NDArray[np.float64]
    clip_soft: npt.NDArray[np.float64]
    clip: npt.NDArray[np.float64]
    gain: npt.NDArray[np.float64]

    def apply(self, coverage: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Coverage (..., T), mean per base, to the model's scale.

        NaN stays NaN; what is below -1 (old recipe: 0) counts as that under a power.
        """
        x = coverage * self.factor
        powered = np.where(self.power == 1, x, self._shifted_power(x, self.power))
        soft = self.clip_soft - self.root + np.sqrt(np.maximum(powered - self.clip_soft + self.root, 0))
        return np.clip(np.where(powered > self.clip_soft, soft, powered), -self.clip, self.clip) * self.gain

    def invert(self, squashed: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """The model's scale (..., T) back to coverage, mean per base.

        Exact below the hard clip, which cannot be undone.
        """
        clipped = squashed / self.gain
        is_soft = clipped > self.clip_soft
        excess = np.where(is_soft, clipped - self.clip_soft + self.root, 1.0)
        powered = np.where(is_soft, excess**2 + self.clip_soft - self.root, clipped)
        x = np.where(self.power == 1, powered, self._shifted_power(powered, 1 / self.power))
        return x / self.factor

    def _shifted_power(self, x: npt.NDArray[np.float64], power: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        shifted: npt.NDArray[np.float64] = (self.root + np.maximum(x, -self.root)) ** power - self.root
        return shifted


def collect_transform(
    sum_stats: Sequence[str],
    scales: Sequence[float],
    clip_softs: Sequence[float],
    clips: Sequence[float],
    bin_bp: int,
    recipes: Sequence[str] | None = None,
) -> Transform:
    """Collect the columns of a track table into one transform for bins of `bin_bp`. The recipe is `new` by default."""
    sums, powers = zip(*(_STATISTICS[stat] for stat in sum_stats), strict=True)
    old = np.array([recipe == "old" for recipe in recipes or ["new"] * len(sums)])
    power, scale = np.array(powers, dtype=np.float64), np.array(scales, dtype=np.float64)
    return Transform(
        factor=np.where(old, 1, scale) * np.where(sums, bin_bp, 1),
        power=np.where(old & (power != 1), 0.75, power),
        root=np.where(old, 0.0, 1.0),
        clip_soft=np.array(clip_softs, dtype=np.float64),
        clip=np.array(clips, dtype=np.float64),
        gain=np.where(old, scale, 1),
    )
