"""How much each track counts in the loss: all alike, or so that every assay has the same to gain."""

from collections.abc import Sequence

import numpy as np

from genint.arrays import F64
from genint.datasets.dataset import TrackDataset

_BINS_AT_ONCE = 1_024  # of all tracks
_MOST_PARTS = 1_024  # of as many bins: a weight needs no more, and a large split would take long to read


def weigh_tracks(dataset: TrackDataset, loss_weights: str) -> F64:
    """(T,) weights of the tracks' losses, for a value of TrainConfig.loss_weights: 1 for `equal`, else balance_assays.

    `assay` reads the training split, or of a large one a million bins.
    """
    if loss_weights == "equal":
        return np.ones(len(dataset.tracks))
    return balance_assays([track.assay for track in dataset.tracks], measure_deviances(dataset))


def balance_assays(assays: Sequence[str], deviances: F64) -> F64:
    """(T,): a weight per assay, so that its tracks' deviances, weighted, have the same sum in every assay.

    The sum over all assays stays what it is. An assay with nothing to gain keeps a weight of 1.
    """
    of_assay = {assay: sum(d for a, d in zip(assays, deviances, strict=True) if a == assay) for assay in set(assays)}
    gains = [gain for gain in of_assay.values() if gain > 0]
    mean = sum(gains) / max(len(gains), 1)
    return np.array([mean / of_assay[assay] if of_assay[assay] > 0 else 1.0 for assay in assays])


def measure_deviances(dataset: TrackDataset) -> F64:
    """(T,): by how much the Poisson loss of a track, summed over the training split, can fall below that of its mean.

    That is the sum over bins of y * log(y / mean): what there is to learn. It grows with a track's height, variance and
    measured bins; 0 for a track that is constant or was not measured. Of a split of more than a million bins it is that
    of as many, in evenly spaced parts.
    """
    parts = [
        (segment, first_bin)
        for segment in dataset.split("train")
        for first_bin in range(0, segment.bins(dataset.bin_bp), _BINS_AT_ONCE)
    ]
    count, total, entropy = np.zeros((3, len(dataset.tracks)))
    for segment, first_bin in parts[:: -(-len(parts) // _MOST_PARTS)]:
        targets = dataset.targets(segment, first_bin, _BINS_AT_ONCE).astype(np.float64)
        count += np.isfinite(targets).sum(axis=0)
        total += np.nansum(targets, axis=0)
        entropy += np.nansum(targets * np.log(np.where(targets > 0, targets, 1.0)), axis=0)
    mean = np.where(total > 0, total, 1.0) / np.maximum(count, 1)
    deviances: F64 = np.maximum(entropy - total * np.log(mean), 0.0)
    return deviances
