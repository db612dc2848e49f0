"""From coverage to what the model learns, and back.

The recipe is the field's newer one (basenji_data_read / hound): values are scaled, pooled over the bin, passed through
the statistic's power, softly clipped, then clipped:

    x = scale * pooled                      pooled: sum or mean per base over the bin
    y = x                                   sum, mean
    y = (1 + x) ** p - 1                    p = 1/2 for *_sqrt, 3/4 for *_exp75
    y = c - 1 + sqrt(y - c + 1) if y > c    soft clip at c = clip_soft
    y = min(max(y, -clip), clip)

`coverage` values are the mean per base over the bin, in the units of the bigWig. A sum is that mean times the full
bin width, also in a chromosome's shorter last bin, so that one number means one density everywhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

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


@dataclass(frozen=True)
class Squash:
    """The transform of T tracks at once. Each field has shape (T,); a missing clip is infinite."""

    factor: npt.NDArray[np.float64]
    power: npt.NDArray[np.float64]
    clip_soft: npt.NDArray[np.float64]
    clip: npt.NDArray[np.float64]

    def apply(self, coverage: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Coverage (..., T), mean per base, to the model's scale.

        NaN stays NaN; what is below -1 counts as -1 under a power.
        """
        x = coverage * self.factor
        powered = np.where(self.power == 1, x, (1 + np.maximum(x, -1)) ** self.power - 1)
        soft = self.clip_soft - 1 + np.sqrt(np.maximum(powered - self.clip_soft + 1, 0))
        return np.clip(np.where(powered > self.clip_soft, soft, powered), -self.clip, self.clip)

    def invert(self, squashed: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """The model's scale (..., T) back to coverage, mean per base.

        Exact below the hard clip, which cannot be undone.
        """
        excess = np.where(squashed > self.clip_soft, squashed - self.clip_soft + 1, 1.0)
        powered = np.where(squashed > self.clip_soft, excess**2 + self.clip_soft - 1, squashed)
        x = np.where(self.power == 1, powered, (1 + np.maximum(powered, -1)) ** (1 / self.power) - 1)
        return x / self.factor


def squash(
    sum_stats: Sequence[str], scales: Sequence[float], clip_softs: Sequence[float], clips: Sequence[float], bin_bp: int
) -> Squash:
    """Collect the columns of a track table into one transform for bins of `bin_bp`."""
    sums, powers = zip(*(_STATISTICS[stat] for stat in sum_stats), strict=True)
    return Squash(
        factor=np.array(scales, dtype=np.float64) * np.where(sums, bin_bp, 1),
        power=np.array(powers, dtype=np.float64),
        clip_soft=np.array(clip_softs, dtype=np.float64),
        clip=np.array(clips, dtype=np.float64),
    )
