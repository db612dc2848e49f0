"""Judging models on a split of a data set: all of them on the same bins, through the same code."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import torch

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
from genint.prediction.devices import enough_memory, inference
from genint.tracks.table import Track

Tokens = npt.NDArray[np.uint8]
Predictor = Callable[[Tokens], npt.NDArray[np.float32]]  # (B, input_bp) -> (B, core_bins, T) on the model's scale
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
    device: torch.device | None = None,
    dtype: torch.dtype = torch.float32,
    baselines: bool = False,
) -> list[Result]:
    """Score every model, and the baselines if asked for, on `split`. All meet the same bins and the same code.

    Results go by the models' names, see load_distinct. Raises InputError before any is scored for a model whose tracks,
    transforms or bins are not the data set's, for an empty split and for an assay named "all"; later when no track can
    be scored.
    """
    _check_scorable(dataset, models, [split, "train"] if baselines else [split])
    results = []
    for model in models:
        predictor = _module_predictor(model, device or torch.device("cpu"), dtype)
        results.append(_result(model.name, predictor, dataset, model.geometry, split, batch_size, console))
    if baselines:
        geometry = (
            models[0].geometry
            if models
            else Geometry(core_bp=128 * dataset.bin_bp, context_bp=512, bin_bp=dataset.bin_bp)
        )
        for baseline in (kind(dataset, geometry) for kind in BASELINES):
            results.append(_result(baseline.name, baseline.predict, dataset, geometry, split, batch_size, console))
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


def _module_predictor(model: Model, device: torch.device, dtype: torch.dtype) -> Predictor:
    module = model.module.to(device)

    def predict(tokens: Tokens) -> npt.NDArray[np.float32]:
        with inference(device, dtype), enough_memory():
            return module(torch.from_numpy(tokens).to(device)).float().cpu().numpy()  # type: ignore[no-any-return]

    return predict


def _result(
    name: str,
    predict: Predictor,
    dataset: TrackDataset,
    geometry: Geometry,
    split: str,
    batch_size: int,
    console: Console,
) -> Result:
    tiles, n_tracks = SplitTiles(dataset, geometry, split), len(dataset.tracks)
    transform = dataset.tracks.transform(dataset.bin_bp)
    pooled, logged, windows = Pearson(n_tracks), Pearson(n_tracks), WindowPearson(n_tracks)
    across, blocks = TrackPearson(), BlockPearson(n_tracks)
    with console.progress(f"{name} on {split}", len(tiles)) as advance:
        for first in range(0, len(tiles), batch_size):
            batch = [tiles[position] for position in range(first, min(first + batch_size, len(tiles)))]
            predicted = predict(np.stack([tokens.numpy() for tokens, _ in batch])).astype(np.float64)
            measured = np.stack([targets.numpy() for _, targets in batch]).astype(np.float64)
            pooled.update(predicted, measured)
            logged.update(*(np.log1p(transform.invert(values) * dataset.bin_bp) for values in (predicted, measured)))
            windows.update(predicted, measured)
            across.update(predicted, measured)
            for offset in range(len(batch)):
                region = tiles.region(first + offset)
                starts = region.start + geometry.bin_bp * np.arange(geometry.core_bins)
                for block in np.unique(starts // BLOCK_BP):
                    here = starts // BLOCK_BP == block
                    blocks.update((region.chrom, int(block)), predicted[offset, here], measured[offset, here])
            advance(len(batch))
    if not np.isfinite(pooled.compute()).any():
        raise InputError(
            f"{dataset.path}: nothing to score in the {split} split: no track has measured bins there that differ. "
            "Choose another --split, or make the data set with another"
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
    device: torch.device | None = None,
) -> Profiles:
    """What was measured and what each model predicts in the bins of a region, (bins, T) on the model's scale.

    Raises InputError when the region lies in none of the data set's segments, whatever their split.
    """
    segment = find_segment(dataset, region)
    inside = Region(region.chrom, region.start - segment.start, region.end - segment.start)
    bins = touched_bins(inside, dataset.bin_bp)

    def tokens(starts: Sequence[int], geometry: Geometry) -> Tokens:
        return np.stack([read_window(dataset, segment, start, geometry)[0] for start in starts])

    predicted = {}
    for model in models:
        _check_tracks(dataset, model)
        predictor = _module_predictor(model, device or torch.device("cpu"), torch.float32)
        core = model.geometry.core_bins
        first, last = bins.start // core, count_bins(bins.stop, core)
        starts = [index * core for index in range(first, last)]
        batches = [starts[i : i + batch_size] for i in range(0, len(starts), batch_size)]
        values = np.concatenate([predictor(tokens(batch, model.geometry)) for batch in batches])
        values = values.reshape(-1, len(dataset.tracks))
        predicted[model.name] = values[bins.start - first * core : bins.stop - first * core]
    measured = dataset.targets(segment, bins.start, bins.stop - bins.start)
    return Profiles(segment.start + bins.start * dataset.bin_bp, measured, predicted)


def find_segment(dataset: TrackDataset, region: Region) -> Segment:
    """The segment that a region lies in. Raises InputError when there is none."""
    for segment in dataset.segments:
        if segment.chrom == region.chrom and segment.start <= region.start and region.end <= segment.end:
            return segment
    raise InputError(f"--locus {region}: not in {dataset.path}. Choose a place on a chromosome of its segments.tsv")
