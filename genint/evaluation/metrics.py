"""Pearson correlation, streamed: sums that add up over bins, windows, blocks and processes.

The headline number of the field (Basenji's and Enformer's PearsonR) is one r per track over all bins of a split, all
windows pooled, then the plain mean over tracks. Two others go by the same name: r within each window, averaged over
windows (a model's own tiles, so it compares models of one tile width alone), and r across tracks within each bin,
averaged over bins.
"""

import numpy as np
import numpy.typing as npt

from genint.arrays import F64

Block = tuple[str, int]  # chromosome, number of the block on it
CONSTANT = 1e-10  # of the mean square: rounding over 100,000 batches makes up to 3e-12 of variance out of nothing


def moments(predicted: F64, target: F64) -> F64:
    """(..., N, T) twice -> (..., 6, T): count and sums of x, y, x * x, y * y, x * y over N, NaN targets left out."""
    seen = np.isfinite(target)
    x, y = np.where(seen, predicted, 0), np.where(seen, target, 0)
    return np.stack([part.sum(axis=-2, dtype=np.float64) for part in (seen, x, y, x * x, y * y, x * y)], axis=-2)


def pearson(sums: F64) -> F64:
    """(..., 6, T) -> (..., T): r. 0 where the prediction is constant, NaN where the target is or was not measured."""
    count = sums[..., 0, :]
    mean_x, mean_y, mean_xx, mean_yy, mean_xy = np.moveaxis(
        sums[..., 1:, :] / np.maximum(count, 1)[..., None, :], -2, 0
    )
    variance_x, variance_y = mean_xx - mean_x**2, mean_yy - mean_y**2
    varies_x, varies_y = variance_x > CONSTANT * mean_xx, variance_y > CONSTANT * mean_yy
    with np.errstate(divide="ignore", invalid="ignore"):
        r = (mean_xy - mean_x * mean_y) / (np.sqrt(variance_x) * np.sqrt(variance_y))
    return np.where((count > 1) & varies_y, np.where(varies_x, np.clip(r, -1, 1), 0.0), np.nan)


class Pearson:
    """The headline r of T tracks, in float64, in memory that does not grow. `sums` is (6, T), see `moments`."""

    def __init__(self, n_tracks: int) -> None:
        self.sums: F64 = np.zeros((6, n_tracks))

    def update(self, predicted: npt.ArrayLike, target: npt.ArrayLike) -> None:
        """Add bins: both (..., T)."""
        x, y = (np.asarray(side, dtype=np.float64).reshape(-1, self.sums.shape[1]) for side in (predicted, target))
        self.sums += moments(x, y)

    @property
    def counts(self) -> F64:
        """(T,): bins that were scored."""
        counts: F64 = self.sums[0]
        return counts

    def compute(self) -> F64:
        """(T,): r per track."""
        return pearson(self.sums)


class WindowPearson:
    """r within each window and track, averaged over the windows where it is defined.

    A window is a model's own tile, so models of other tiles are averaged over other windows.
    """

    def __init__(self, n_tracks: int) -> None:
        self._total, self._windows = np.zeros(n_tracks), np.zeros(n_tracks)

    def update(self, predicted: F64, target: F64) -> None:
        """Add windows: both (B, bins, T)."""
        r = pearson(moments(predicted, target))  # (B, T)
        self._total += np.nansum(r, axis=0)
        self._windows += np.isfinite(r).sum(axis=0)

    def compute(self) -> F64:
        """(T,): the average per track, NaN where no window had one."""
        return np.where(self._windows > 0, self._total / np.maximum(self._windows, 1), np.nan)


class TrackPearson:
    """r across tracks within each bin, averaged over the bins where it is defined."""

    def __init__(self) -> None:
        self._total, self._bins = 0.0, 0

    def update(self, predicted: F64, target: F64) -> None:
        """Add bins: both (..., T)."""
        r = pearson(moments(predicted[..., None], target[..., None]))[..., 0]
        self._total += float(np.nansum(r))
        self._bins += int(np.isfinite(r).sum())

    def compute(self) -> float:
        return self._total / self._bins if self._bins else float("nan")


class BlockPearson:
    """The headline r kept apart by block of chromosome, so that blocks can be drawn again; `sums` is (6, T) each."""

    def __init__(self, n_tracks: int) -> None:
        self._n_tracks = n_tracks
        self.sums: dict[Block, F64] = {}

    def update(self, block: Block, predicted: F64, target: F64) -> None:
        """Add bins of one block: both (N, T). Without a measured one, as past the end of a segment, it is no block."""
        if not np.isfinite(target).any():
            return
        sums = self.sums.setdefault(block, np.zeros((6, self._n_tracks)))
        sums += moments(predicted, target)


def mean_over_tracks(per_track: F64) -> float:
    """Plain mean over the tracks that could be scored; NaN when there is none."""
    scored = per_track[~np.isnan(per_track)]
    return float(scored.mean()) if len(scored) else float("nan")


def bootstrap_means(models: F64, draws: int, seed: int) -> F64:
    """(models, blocks, 6, T) -> (draws, models): mean r over tracks on blocks drawn with replacement.

    All models get the same draws, so the difference of two columns is a paired bootstrap. Tracks that any model
    cannot be scored on are left out for all. NaN for a draw whose blocks leave no track to score.
    """
    generator = np.random.default_rng(seed)
    blocks = models.shape[1]
    scored = np.isfinite(pearson(models.sum(axis=1))).all(axis=0)
    means = np.empty((draws, len(models)))
    for draw in range(draws):
        weights = np.bincount(generator.integers(blocks, size=blocks), minlength=blocks)
        r = pearson(np.einsum("b,mbst->mst", weights, models))[:, scored]
        means[draw] = [mean_over_tracks(row) for row in r]
    return means
