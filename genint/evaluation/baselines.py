"""What any model must beat: a constant per track, and a linear model on k-mer counts around the bin."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from typing import Self

import numpy as np
from torch.utils.data import DataLoader

from genint.arrays import F32, F64, I64, U8
from genint.datasets.dataset import TrackDataset
from genint.datasets.loader import SplitTiles, track_means
from genint.evaluation.predictors import EvaluatedTile
from genint.genome.dna import UNKNOWN
from genint.genome.grid import Geometry

LONGEST_KMER = 4
AROUND_BINS = 2  # counted on each side of the bin, too
RIDGE = 1e-3
N_FEATURES = 2 * sum(4**k for k in range(1, LONGEST_KMER + 1)) + 1  # per bin


class Baseline(ABC):
    """A predictor without a neural network. Subclasses are fitted to a training split and write `predict`."""

    name = ""

    def __init__(self, geometry: Geometry) -> None:
        self.geometry = geometry

    @abstractmethod
    def predict(self, tokens: U8) -> F32:
        """(B, input_bp) -> (B, core_bins, T) on the model's scale."""

    def predict_tiles(self, tiles: Iterable[EvaluatedTile]) -> Iterator[tuple[EvaluatedTile, F32]]:
        """See predictors.Predictor."""
        for tile in tiles:
            yield tile, self.predict(tile.tokens[None])[0]


class ConstantBaseline(Baseline):
    """Predicts a number per track. `means`: (T,)."""

    name = "constant"

    def __init__(self, geometry: Geometry, means: F32) -> None:
        super().__init__(geometry)
        self._means = means

    @classmethod
    def fit(cls, dataset: TrackDataset, geometry: Geometry) -> Self:
        """Each track's mean over the training split."""
        return cls(geometry, track_means(dataset).astype(np.float32))

    def predict(self, tokens: U8) -> F32:
        """See Baseline."""
        return np.broadcast_to(self._means, (len(tokens), self.geometry.core_bins, len(self._means)))


class KmerBaseline(Baseline):
    """Linear in the counts of all k-mers, k up to 4, in the bin and in the bin with two bins on each side.

    `weights`: (681, T), of 2 x 340 counts and an intercept. Negative predictions become zero.
    """

    name = "linear on k-mers"

    def __init__(self, geometry: Geometry, weights: F64) -> None:
        super().__init__(geometry)
        self._weights = weights

    @classmethod
    def fit(cls, dataset: TrackDataset, geometry: Geometry) -> Self:
        """Ridge regression per track on the training split, by the normal equations in float64.

        A track that was not measured there is predicted to be zero.
        """
        n_tracks = len(dataset.tracks)
        groups = _group_measured_alike(dataset, geometry)
        weights = np.zeros((N_FEATURES, n_tracks))
        gram = {columns: np.zeros((N_FEATURES, N_FEATURES)) for columns in groups}
        moment = {columns: np.zeros((N_FEATURES, len(columns))) for columns in groups}
        for tokens, targets in DataLoader(SplitTiles(dataset, geometry, "train"), batch_size=8):
            features = kmer_features(tokens.numpy(), geometry).reshape(-1, N_FEATURES)
            values = targets.numpy().astype(np.float64).reshape(-1, n_tracks)
            for columns in groups:
                seen = np.isfinite(values[:, columns]).all(axis=1)
                gram[columns] += features[seen].T @ features[seen]
                moment[columns] += features[seen].T @ values[seen][:, columns]
        for columns in groups:
            if not gram[columns].any():
                continue  # not measured in the training split: the weights stay zero
            penalty = RIDGE * np.trace(gram[columns]) / N_FEATURES * np.eye(N_FEATURES)
            weights[:, columns] = np.linalg.solve(gram[columns] + penalty, moment[columns])
        return cls(geometry, weights)

    def predict(self, tokens: U8) -> F32:
        """See Baseline."""
        return np.maximum(kmer_features(tokens, self.geometry) @ self._weights, 0).astype(np.float32)


def _group_measured_alike(dataset: TrackDataset, geometry: Geometry) -> list[tuple[int, ...]]:
    """Columns whose targets are NaN in the same bins share one Gram matrix."""
    patterns = [hashlib.blake2b() for _ in dataset.tracks]
    for _, targets in DataLoader(SplitTiles(dataset, geometry, "train"), batch_size=8):
        measured = np.packbits(np.isfinite(targets.numpy()).reshape(-1, len(patterns)), axis=0)
        for column, pattern in enumerate(patterns):
            pattern.update(measured[:, column].tobytes())
    groups: dict[bytes, list[int]] = {}
    for column, pattern in enumerate(patterns):
        groups.setdefault(pattern.digest(), []).append(column)
    return [tuple(columns) for columns in groups.values()]


def kmer_features(tokens: U8, geometry: Geometry) -> F64:
    """(B, input_bp) -> (B, core_bins, 681): counts of each k-mer starting in the bin, in the wider window, and 1."""
    around = AROUND_BINS * geometry.bin_bp
    missing = max(around - geometry.context_bp, 0)
    padded = np.pad(tokens, ((0, 0), (missing, missing)), constant_values=UNKNOWN)
    inside = slice(max(geometry.context_bp - around, 0), padded.shape[1] - max(geometry.context_bp - around, 0))
    bins = padded[:, inside].reshape(len(tokens), -1, geometry.bin_bp)  # (B, core_bins + 2 * AROUND_BINS, bin_bp)
    blocks = []
    for k in range(1, LONGEST_KMER + 1):
        counts = _counts(bins, k)
        wide = np.lib.stride_tricks.sliding_window_view(counts, 2 * AROUND_BINS + 1, axis=1).sum(axis=-1)
        blocks += [counts[:, AROUND_BINS:-AROUND_BINS], wide]
    return np.concatenate([*blocks, np.ones((*blocks[0].shape[:2], 1))], axis=-1, dtype=np.float64)


def _counts(bins: U8, k: int) -> I64:
    """(B, bins, bin_bp) -> (B, bins, 4**k): k-mers that lie inside the bin; those with an unknown base do not count."""
    positions = bins.shape[-1] - k + 1
    code = np.zeros((*bins.shape[:2], positions), dtype=np.int64)
    known = np.ones(code.shape, dtype=np.bool_)
    for offset in range(k):
        base = bins[..., offset : offset + positions]
        code = 4 * code + base
        known &= base != UNKNOWN
    row = np.arange(bins.shape[0] * bins.shape[1]).reshape(*bins.shape[:2], 1)
    flat = np.bincount((row * 4**k + code)[known], minlength=bins.shape[0] * bins.shape[1] * 4**k)
    return flat.reshape(*bins.shape[:2], 4**k)
