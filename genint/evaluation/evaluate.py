"""Judging models on a split of a data set: all of them on the same bins, through the same code."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import NamedTuple

import numpy as np
import torch

from genint.arrays import F32, U8
from genint.console import Console
from genint.datasets.dataset import Segment, TrackDataset
from genint.datasets.loader import SplitTiles, check_geometry, read_window
from genint.errors import InputError
from genint.evaluation.baselines import ConstantBaseline, KmerBaseline
from genint.evaluation.metrics import BlockPearson, Pearson, TrackPearson, WindowPearson
from genint.evaluation.tables import BLOCK_BP, OVERALL, Profiles, Result, Score
from genint.genome.grid import Geometry, count_bins, touched_bins
from genint.genome.region import Region
from genint.models.folder import Model, load_model
from genint.prediction.inference import Engine
from genint.prediction.task import PredictTracks
from genint.tracks.table import Track

BASELINES = (ConstantBaseline, KmerBaseline)


def load_distinct(paths: Sequence[str], *, baselines: bool = False) -> list[Model]:
    """Load models under names of their own: a name that another one or a baseline has, too, gives way to the path.

    Raises InputError as load_model does, and when even the paths do not tell the models apart.
    """
    models = [load_model(path) for path in paths]
    taken = [baseline.name for baseline in BASELINES] if baselines else []
    names = Counter([*taken, *(model.name for model in models)])
    models = [
        model if names[model.name] == 1 else replace(model, name=path)
        for path, model in zip(paths, models, strict=True)
    ]
    for name, times in Counter([*taken, *(model.name for model in models)]).items():
        if times > 1:
            raise InputError(
                f"{name}: {times} models would go by that name. Name each once, or give another path to it"
            )
    return models


def evaluate(
    dataset: TrackDataset,
    models: Sequence[Model],
    split: str,
    console: Console,
    *,
    batch_size: int = 8,
    devices: Sequence[torch.device] = (torch.device("cpu"),),
    threads: int = 0,
    dtype: torch.dtype = torch.float32,
    baselines: bool = False,
) -> list[Result]:
    """Score every model, and the baselines if asked for, on `split`. All meet the same bins and the same code.

    Results go by the models' names, see load_distinct. `devices` and `threads` are the engine's, see inference.Engine.
    Raises InputError before any is scored for a model whose tracks, transforms or bins are not the data set's, for an
    empty split and for an assay named "all"; later when no track can be scored.
    """
    _check_scorable(dataset, models, [split, "train"] if baselines else [split])
    results = []
    for model in models:
        tiles = SplitTiles(dataset, model.geometry, split)
        with Engine(_task(model, dtype, batch_size), devices, threads) as engine:
            predicted = ((tile, values[0].T) for tile, values in engine.map(_read_tiles(tiles)))
            results.append(_result(model.name, predicted, dataset, tiles, batch_size, console))
    if baselines:
        geometry = (
            models[0].geometry
            if models
            else Geometry(core_bp=128 * dataset.bin_bp, context_bp=512, bin_bp=dataset.bin_bp)
        )
        for baseline in (kind(dataset, geometry) for kind in BASELINES):
            tiles = SplitTiles(dataset, geometry, split)
            predicted = ((tile, baseline.predict(tile.tokens[None])[0]) for tile in _read_tiles(tiles))
            results.append(_result(baseline.name, predicted, dataset, tiles, batch_size, console))
    return results


def _check_scorable(dataset: TrackDataset, models: Sequence[Model], splits: Sequence[str]) -> None:
    """What can be told before the first tile is read."""
    for track in dataset.tracks:
        if track.assay == OVERALL:
            raise InputError(
                f"{dataset.path / 'tracks.tsv'}: the assay of {track.identifier} is {OVERALL!r}, which names the mean "
                "over all tracks. Write another one before the colon of its description"
            )
    for model in models:
        _check_tracks(dataset, model)
        check_geometry(dataset, model.geometry)
    for split in splits:
        dataset.split(split)


def _check_tracks(dataset: TrackDataset, model: Model) -> None:
    """The same tracks in the same order and on the same scale; where their bigWigs lay does not matter."""

    def essence(track: Track) -> tuple[object, ...]:
        return tuple(value for name, value in vars(track).items() if name not in ("file", "description"))

    ours, theirs = [essence(track) for track in dataset.tracks], [essence(track) for track in model.tracks]
    if ours != theirs:
        place = next(
            (i for i, pair in enumerate(zip(ours, theirs, strict=False)) if pair[0] != pair[1]),
            min(len(ours), len(theirs)),
        )
        raise InputError(
            f"{model.name}: its {len(theirs)} tracks are not the {len(ours)} of {dataset.path}; they differ first in "
            f"row {place + 1} of tracks.tsv. Evaluate it on a data set made with its own tracks.tsv"
        )


class EvaluatedTile(NamedTuple):
    """A tile of a split: where, its DNA (input_bp,) and what was measured there (core_bins, T)."""

    region: Region
    tokens: U8
    targets: F32
    reverse: bool = False


def _read_tiles(tiles: SplitTiles) -> Iterator[EvaluatedTile]:
    for position in range(len(tiles)):
        yield EvaluatedTile(tiles.region(position), *tiles.read(position))


def _task(model: Model, dtype: torch.dtype, batch_size: int) -> PredictTracks:
    """Predict all tracks of one model."""
    columns = np.arange(len(model.tracks))
    partners = model.tracks.partners
    return PredictTracks(modules=[model.module], columns=columns, partners=partners, dtype=dtype, batch_size=batch_size)


def _result(
    name: str,
    predictions: Iterator[tuple[EvaluatedTile, F32]],
    dataset: TrackDataset,
    tiles: SplitTiles,
    batch_size: int,
    console: Console,
) -> Result:
    """Score predictions (core_bins, T) of all tiles, `batch_size` at a time."""
    n_tracks = len(dataset.tracks)
    transform = dataset.tracks.transform(dataset.bin_bp)
    pooled, logged, windows = Pearson(n_tracks), Pearson(n_tracks), WindowPearson(n_tracks)
    across, blocks = TrackPearson(), BlockPearson(n_tracks)
    with console.progress(f"{name} on {tiles.split}", len(tiles)) as advance:
        while batch := list(islice(predictions, batch_size)):
            predicted = np.stack([values for _, values in batch]).astype(np.float64)
            measured = np.stack([tile.targets for tile, _ in batch]).astype(np.float64)
            pooled.update(predicted, measured)
            logged.update(*(np.log1p(transform.invert(values) * dataset.bin_bp) for values in (predicted, measured)))
            windows.update(predicted, measured)
            across.update(predicted, measured)
            for offset, (tile, _) in enumerate(batch):
                starts = tile.region.start + dataset.bin_bp * np.arange(len(tile.targets))
                for block in np.unique(starts // BLOCK_BP):
                    here = starts // BLOCK_BP == block
                    blocks.update((tile.region.chrom, int(block)), predicted[offset, here], measured[offset, here])
            advance(len(batch))
    if not np.isfinite(pooled.compute()).any():
        raise InputError(
            f"{dataset.path}: nothing to score in the {tiles.split} split: no track has measured bins there that "
            "differ. Choose another `split`, or make the data set with another"
        )
    columns = zip(pooled.counts, pooled.compute(), logged.compute(), windows.compute(), strict=True)
    return Result(
        model=name,
        scores=[
            Score(name, track.identifier, track.assay, int(bins), float(r), float(r_log), float(r_windows))
            for track, (bins, r, r_log, r_windows) in zip(dataset.tracks, columns, strict=True)
        ],
        across_tracks=across.compute(),
        blocks=blocks.sums,
    )


def profiles(
    dataset: TrackDataset,
    models: Sequence[Model],
    region: Region,
    *,
    batch_size: int = 8,
    devices: Sequence[torch.device] = (torch.device("cpu"),),
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
        _check_tracks(dataset, model)
        core = model.geometry.core_bins
        first, last = bins.start // core, count_bins(bins.stop, core)
        tiles = (
            EvaluatedTile(region, *read_window(dataset, segment, index * core, model.geometry))
            for index in range(first, last)
        )
        with Engine(_task(model, torch.float32, batch_size), devices, threads) as engine:
            values = np.concatenate([output[0].T for _, output in engine.map(tiles)])
        predicted[model.name] = values[bins.start - first * core : bins.stop - first * core]
    measured = dataset.targets(segment, bins.start, bins.stop - bins.start)
    return Profiles(segment.start + bins.start * dataset.bin_bp, measured, predicted)


def find_segment(dataset: TrackDataset, region: Region) -> Segment:
    """The segment that a region lies in. Raises InputError when there is none."""
    for segment in dataset.segments:
        if segment.chrom == region.chrom and segment.start <= region.start and region.end <= segment.end:
            return segment
    raise InputError(f"--locus {region}: not in {dataset.path}. Choose a place on a chromosome of its stretches.tsv")
