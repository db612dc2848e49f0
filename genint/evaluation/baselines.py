"""What any model must beat: a constant per track, and a linear model on k-mer counts around the bin."""

import hashlib

import numpy as np
import numpy.typing as npt
from torch.utils.data import DataLoader

from genint.datasets.dataset import TrackDataset
from genint.datasets.loader import SplitTiles, track_means
from genint.genome.dna import UNKNOWN
from genint.genome.grid import Geometry

LONGEST_KMER = 4
AROUND_BINS = 2  # counted on each side of the bin, too
RIDGE = 1e-3


class ConstantBaseline:
    """Predicts each track's mean over the training split."""

    name = "constant"

    def __init__(self, dataset: TrackDataset, geometry: Geometry) -> None:
        self._means = track_means(dataset).astype(np.float32)
        self._bins = geometry.core_bins

    def predict(self, tokens: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """(B, input_bp) -> (B, core_bins, T)."""
        return np.broadcast_to(self._means, (len(tokens), self._bins, len(self._means)))


class KmerBaseline:
    """Ridge regression from the counts of all k-mers, k up to 4, in the bin and in the bin with two bins on each side.

    2 x 340 counts and an intercept, fitted per track on the training split by the normal equations in float64.
    Negative answers become zero; a track that was not measured there is predicted to be zero.
    """

    name = "linear on k-mers"

    def __init__(self, dataset: TrackDataset, geometry: Geometry) -> None:
        self._geometry = geometry
        n_tracks = len(dataset.tracks)
        groups = _groups_measured_alike(dataset, geometry)
        self._weights = np.zeros((N_FEATURES, n_tracks))
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
            self._weights[:, columns] = np.linalg.solve(gram[columns] + penalty, moment[columns])

    def predict(self, tokens: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """(B, input_bp) -> (B, core_bins, T)."""
        return np.maximum(kmer_features(tokens, self._geometry) @ self._weights, 0).astype(np.float32)


def _groups_measured_alike(dataset: TrackDataset, geometry: Geometry) -> list[tuple[int, ...]]:
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


N_FEATURES = 2 * sum(4**k for k in range(1, LONGEST_KMER + 1)) + 1


def kmer_features(tokens: npt.NDArray[np.uint8], geometry: Geometry) -> npt.NDArray[np.float64]:
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


def _counts(bins: npt.NDArray[np.uint8], k: int) -> npt.NDArray[np.int64]:
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
