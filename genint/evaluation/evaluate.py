"""Evaluation of models on a split of a data set: all of them on the same bins, through the same code."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np

from genint.arrays import F32
from genint.choices import Split
from genint.console import Console
from genint.datasets.dataset import TrackDataset
from genint.datasets.loader import SplitTiles, check_geometry
from genint.errors import InputError
from genint.evaluation.baselines import ConstantBaseline, KmerBaseline
from genint.evaluation.metrics import BlockPearson, Pearson, TrackPearson, WindowPearson
from genint.evaluation.predictors import EvaluatedTile, ModelPredictor, Predictor, read_tiles
from genint.evaluation.results import OVERALL, Evaluation, ModelScores, Score
from genint.genome.grid import Geometry
from genint.models.folder import Model, load_model
from genint.prediction.devices import choose_devices, choose_dtype
from genint.tracks.table import Track

AnyModel = Model | Path | str
BASELINES = (ConstantBaseline, KmerBaseline)
BLOCK_BP = 100_000  # drawn together in the bootstrap: neighbouring bins are not independent


def evaluate(
    models: AnyModel | Sequence[AnyModel],
    dataset: TrackDataset | Path | str,
    split: Split = "test",
    *,
    baselines: bool = False,
    batch_size: int = 8,
    device: str = "auto",
    dtype: str = "auto",
    threads: int = 0,
    console: Console | None = None,
) -> Evaluation:
    """Score models, by folder, bundled name or loaded, and the baselines if requested, on a split of a data set.

    All are scored on the same bins by the same code. `device` and `dtype` are those of choose_devices and choose_dtype,
    `threads` the engine's. Results go by the models' names, see load_distinct. Raises InputError before any is scored
    for a model whose tracks, transforms or bins are not the data set's, for an empty split and for an assay named
    "all"; later when no track can be scored.
    """
    dataset = dataset if isinstance(dataset, TrackDataset) else TrackDataset(dataset)
    loaded = load_distinct([models] if isinstance(models, AnyModel) else models, baselines=baselines)
    devices, console = choose_devices(device), console or Console(quiet=True)
    precision = choose_dtype(dtype, devices[0])
    _check_scorable(dataset, loaded, [split, "train"] if baselines else [split])
    results = []
    for model in loaded:
        predictor = ModelPredictor(model, devices=devices, threads=threads, dtype=precision, batch_size=batch_size)
        results.append(_score(predictor, dataset, split, batch_size, console))
    if baselines:
        geometry = (
            loaded[0].geometry
            if loaded
            else Geometry(core_bp=128 * dataset.bin_bp, context_bp=512, bin_bp=dataset.bin_bp)
        )
        for kind in BASELINES:
            results.append(_score(kind.fit(dataset, geometry), dataset, split, batch_size, console))
    return Evaluation(dataset.path, dataset.digest, split, tuple(results))


def load_distinct(models: Sequence[AnyModel], *, baselines: bool = False) -> list[Model]:
    """Load models under names of their own: a name that another one or a baseline has, too, is replaced by the path.

    Raises InputError as load_model does, and when even the paths do not tell the models apart.
    """
    loaded = [model if isinstance(model, Model) else load_model(model) for model in models]
    taken = [baseline.name for baseline in BASELINES] if baselines else []
    names = Counter([*taken, *(model.name for model in loaded)])
    loaded = [
        model if names[model.name] == 1 or isinstance(given, Model) else replace(model, name=str(given))
        for given, model in zip(models, loaded, strict=True)
    ]
    for name, times in Counter([*taken, *(model.name for model in loaded)]).items():
        if times > 1:
            raise InputError(
                f"{name}: {times} models would go by that name. Name each once, or give another path to it"
            )
    return loaded


def _check_scorable(dataset: TrackDataset, models: Sequence[Model], splits: Sequence[str]) -> None:
    """What can be refused before the first tile is read."""
    for track in dataset.tracks:
        if track.assay == OVERALL:
            raise InputError(
                f"{dataset.path / 'tracks.tsv'}: the assay of {track.identifier} is {OVERALL!r}, which names the mean "
                "over all tracks. Write another one before the colon of its description"
            )
    for model in models:
        check_tracks(dataset, model)
        check_geometry(dataset, model.geometry)
    for split in splits:
        dataset.split(split)


def check_tracks(dataset: TrackDataset, model: Model) -> None:
    """Raise InputError unless both have the same tracks in the same order and on the same scale.

    Descriptions and where their bigWigs lay do not matter.
    """

    def comparable(track: Track) -> tuple[object, ...]:
        return tuple(value for name, value in vars(track).items() if name not in ("file", "description"))

    ours, theirs = [comparable(track) for track in dataset.tracks], [comparable(track) for track in model.tracks]
    if ours != theirs:
        place = next(
            (i for i, pair in enumerate(zip(ours, theirs, strict=False)) if pair[0] != pair[1]),
            min(len(ours), len(theirs)),
        )
        raise InputError(
            f"{model.name}: its {len(theirs)} tracks are not the {len(ours)} of {dataset.path}; they differ first in "
            f"row {place + 1} of tracks.tsv. Use it with a data set made with its own tracks.tsv"
        )


def _score(predictor: Predictor, dataset: TrackDataset, split: str, batch_size: int, console: Console) -> ModelScores:
    """Score the predictions of all tiles of a split, `batch_size` at a time."""
    tiles, n_tracks = SplitTiles(dataset, predictor.geometry, split), len(dataset.tracks)
    predictions: Iterator[tuple[EvaluatedTile, F32]] = predictor.predict_tiles(read_tiles(tiles))
    transform = dataset.tracks.transform(dataset.bin_bp)
    pooled, logged, windows = Pearson(n_tracks), Pearson(n_tracks), WindowPearson(n_tracks)
    across, blocks = TrackPearson(), BlockPearson(n_tracks)
    with console.progress(f"{predictor.name} on {split}", len(tiles), "tiles") as advance:
        while batch := list(islice(predictions, batch_size)):
            predicted = np.stack([values for _, values in batch]).astype(np.float64)
            measured = np.stack([tile.targets for tile, _ in batch]).astype(np.float64)
            pooled.update(predicted, measured)
            sums = (transform.invert(values) * dataset.bin_bp for values in (predicted, measured))
            logged.update(*(np.log1p(np.abs(values)) for values in sums))  # of negative strands, too
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
            f"{dataset.path}: nothing to score in the {split} split: no track has measured bins there that "
            "differ. Choose another `split`, or make the data set with another"
        )
    columns = zip(pooled.counts, pooled.compute(), logged.compute(), windows.compute(), strict=True)
    return ModelScores(
        model=predictor.name,
        scores=[
            Score(predictor.name, track.identifier, track.assay, int(bins), float(r), float(r_log), float(r_windows))
            for track, (bins, r, r_log, r_windows) in zip(dataset.tracks, columns, strict=True)
        ],
        across_tracks=across.compute(),
        blocks=blocks.sums,
    )
