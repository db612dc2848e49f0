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

A negative scale is for a strand that is stored below 0: its coverage changes sign first, in both recipes, and all else
is done with the scale's size. Values on the model's scale are then positive, and `invert` gives back negative coverage.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

import numpy as np

from genint.arrays import F64
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

    Both recipes are one formula: `factor` before the power and `gain` after the clips, of which one is of size
    1, and `root`, added under the roots and taken off again: 1 in the new recipe, 0 in the old.
    """

    factor: F64
    power: F64
    root: F64
    clip_soft: F64
    clip: F64
    gain: F64

    def apply(self, coverage: F64) -> F64:
        """Coverage (..., T), mean per base, to the model's scale.

        NaN stays NaN; what is below -1 (old recipe: 0) counts as that under a power.
        """
        x = coverage * self.factor
        powered = np.where(self.power == 1, x, self._shifted_power(x, self.power))
        soft = self.clip_soft - self.root + np.sqrt(np.maximum(powered - self.clip_soft + self.root, 0))
        return np.clip(np.where(powered > self.clip_soft, soft, powered), -self.clip, self.clip) * self.gain

    def invert(self, scaled: F64) -> F64:
        """The model's scale (..., T) back to coverage, mean per base.

        Exact below the hard clip, which cannot be undone.
        """
        clipped = scaled / self.gain
        is_soft = clipped > self.clip_soft
        excess = np.where(is_soft, clipped - self.clip_soft + self.root, 1.0)
        powered = np.where(is_soft, excess**2 + self.clip_soft - self.root, clipped)
        x = np.where(self.power == 1, powered, self._shifted_power(powered, 1 / self.power))
        coverage: F64 = x / self.factor
        return coverage + 0.0 if (self.factor < 0).any() else coverage  # 0 / -1 is -0

    def _shifted_power(self, x: F64, power: F64) -> F64:
        shifted: F64 = (self.root + np.maximum(x, -self.root)) ** power - self.root
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
        factor=np.where(old, np.sign(scale), scale) * np.where(sums, bin_bp, 1),
        power=np.where(old & (power != 1), 0.75, power),
        root=np.where(old, 0.0, 1.0),
        clip_soft=np.array(clip_softs, dtype=np.float64),
        clip=np.array(clips, dtype=np.float64),
        gain=np.where(old, np.abs(scale), 1),
    )
