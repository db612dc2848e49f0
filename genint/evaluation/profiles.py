"""Measured and predicted values along a locus of a data set."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from genint.arrays import F32
from genint.datasets.dataset import Segment, TrackDataset
from genint.datasets.loader import read_window
from genint.errors import InputError
from genint.evaluation.evaluate import check_tracks
from genint.evaluation.predictors import EvaluatedTile, ModelPredictor
from genint.genome.grid import count_bins, touched_bins
from genint.genome.region import Region
from genint.models.folder import Model
from genint.prediction.devices import choose_devices


class Profiles(NamedTuple):
    """Bins of a locus, (bins, T) on the model's scale: the first begins at base `start`; predictions by model."""

    start: int
    measured: F32
    predicted: dict[str, F32]


def predict_profiles(
    dataset: TrackDataset,
    models: Sequence[Model],
    region: Region,
    *,
    batch_size: int = 8,
    device: str = "auto",
    threads: int = 0,
) -> Profiles:
    """What was measured and what each model predicts in the bins of a region, (bins, T) on the model's scale.

    Raises InputError when the region lies in none of the data set's segments, whatever their split.
    """
    segment = find_segment(dataset, region)
    inside = Region(region.chrom, region.start - segment.start, region.end - segment.start)
    bins = touched_bins(inside, dataset.bin_bp)
    predicted = {}
    for model in models:
        check_tracks(dataset, model)
        core = model.geometry.core_bins
        first, last = bins.start // core, count_bins(bins.stop, core)
        tiles = (
            EvaluatedTile(region, *read_window(dataset, segment, index * core, model.geometry))
            for index in range(first, last)
        )
        predictor = ModelPredictor(model, devices=choose_devices(device), threads=threads, batch_size=batch_size)
        values = np.concatenate([output for _, output in predictor.predict_tiles(tiles)])
        predicted[model.name] = values[bins.start - first * core : bins.stop - first * core]
    measured = dataset.targets(segment, bins.start, bins.stop - bins.start)
    return Profiles(segment.start + bins.start * dataset.bin_bp, measured, predicted)


def find_segment(dataset: TrackDataset, region: Region) -> Segment:
    """The segment that a region lies in. Raises InputError when there is none."""
    for segment in dataset.segments:
        if segment.chrom == region.chrom and segment.start <= region.start and region.end <= segment.end:
            return segment
    raise InputError(f"`locus` {region}: not in {dataset.path}. Choose a place on a chromosome of its segments.tsv")
