"""Pearson correlation, streamed.

The headline number of the field (Basenji's and Enformer's PearsonR): one r per track over all bins of a split, all
windows pooled, then the plain mean over tracks.
"""

import numpy as np
import numpy.typing as npt


class Pearson:
    """One r per track over all bins seen, in float64, in memory that does not grow. NaN targets do not count.

    Sums are taken about the first chunk's means, which keeps them accurate for tracks far from zero.
    """

    def __init__(self, n_tracks: int) -> None:
        self.counts = np.zeros(n_tracks, dtype=np.int64)
        self._sums = np.zeros((5, n_tracks))
        self._origin: npt.NDArray[np.float64] | None = None

    def update(self, predicted: npt.ArrayLike, target: npt.ArrayLike) -> None:
        """Add bins: both (..., T)."""
        x = np.asarray(predicted, dtype=np.float64).reshape(-1, len(self.counts))
        y = np.asarray(target, dtype=np.float64).reshape(-1, len(self.counts))
        seen = np.isfinite(y)
        if self._origin is None:
            n = np.maximum(seen.sum(axis=0), 1)
            self._origin = np.stack([np.where(seen, x, 0).sum(axis=0) / n, np.where(seen, y, 0).sum(axis=0) / n])
        x, y = np.where(seen, x - self._origin[0], 0), np.where(seen, y - self._origin[1], 0)
        self.counts += seen.sum(axis=0)
        self._sums += np.stack(
            [x.sum(axis=0), y.sum(axis=0), (x * x).sum(axis=0), (y * y).sum(axis=0), (x * y).sum(axis=0)]
        )

    def compute(self) -> npt.NDArray[np.float64]:
        """(T,): r per track. 0 where the prediction is constant, NaN where the target is constant or not measured."""
        n = np.maximum(self.counts, 1)
        mean_x, mean_y, mean_xx, mean_yy, mean_xy = self._sums / n
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
