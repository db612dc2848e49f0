"""Pearson correlation, streamed.

The headline number of the field (Basenji's and Enformer's PearsonR): one r per track over all bins of a split, all
windows pooled, then the plain mean over tracks.
"""

import numpy as np
import numpy.typing as npt


class Pearson:
    """One r per track over all bins seen, in float64, in memory that does not grow. NaN targets do not count.

    `sums` (6, T) holds the count and the sums of x, y, x * x, y * y and x * y; those of two parts add up.
    """

    def __init__(self, n_tracks: int) -> None:
        self.sums: npt.NDArray[np.float64] = np.zeros((6, n_tracks))

    @property
    def counts(self) -> npt.NDArray[np.float64]:
        """(T,): bins that were scored."""
        counts: npt.NDArray[np.float64] = self.sums[0]
        return counts

    def update(self, predicted: npt.ArrayLike, target: npt.ArrayLike) -> None:
        """Add bins: both (..., T)."""
        n_tracks = self.sums.shape[1]
        y = np.asarray(target, dtype=np.float64).reshape(-1, n_tracks)
        seen = np.isfinite(y)
        x = np.where(seen, np.asarray(predicted, dtype=np.float64).reshape(-1, n_tracks), 0)
        y = np.where(seen, y, 0)
        self.sums += np.stack([part.sum(axis=0) for part in (seen, x, y, x * x, y * y, x * y)])

    def compute(self) -> npt.NDArray[np.float64]:
        """(T,): r per track. 0 where the prediction is constant, NaN where the target is constant or not measured."""
        mean_x, mean_y, mean_xx, mean_yy, mean_xy = self.sums[1:] / np.maximum(self.sums[0], 1)
        variance_x = np.maximum(mean_xx - mean_x**2, 0)
        variance_y = np.maximum(mean_yy - mean_y**2, 0)
        covariance = mean_xy - mean_x * mean_y
        with np.errstate(divide="ignore", invalid="ignore"):
            r = np.where(variance_x > 1e-12, covariance / np.sqrt(variance_x * variance_y), 0.0)
        return np.where((self.counts > 1) & (variance_y > 1e-12), np.clip(r, -1, 1), np.nan)


def mean_over_tracks(per_track: npt.NDArray[np.float64]) -> float:
    """Plain mean over the tracks that could be scored; NaN when there is none."""
    scored = per_track[~np.isnan(per_track)]
    return float(scored.mean()) if len(scored) else float("nan")
