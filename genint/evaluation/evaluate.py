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
from genint.evaluation.metrics import Pearson
from genint.evaluation.predictors import EvaluatedTile, ModelPredictor, read_tiles
from genint.evaluation.results import OVERALL, Agreement, Evaluation, ModelScores
from genint.evaluation.scorer import Scorer
from genint.genome.grid import Geometry
from genint.models.attention_off import turn_attention_off
from genint.models.folder import Model, load_model
from genint.prediction.devices import choose_devices, choose_dtype
from genint.tracks.table import Track

AnyModel = Model | Path | str
BASELINES = (ConstantBaseline, KmerBaseline)


def evaluate(
    models: AnyModel | Sequence[AnyModel],
    dataset: TrackDataset | Path | str,
    split: Split = "test",
    *,
    baselines: bool = False,
    attention_off: bool = False,
    batch_size: int = 8,
    device: str = "auto",
    dtype: str = "auto",
    threads: int = 0,
    console: Console | None = None,
) -> Evaluation:
    """Score models, by folder, bundled name or loaded, and the baselines if requested, on a split of a data set.

    With `attention_off` each model that has attention is followed by its copy without, see `turn_attention_off`. All
    are scored on the same bins by the same code. `device` and `dtype` are those of choose_devices and choose_dtype,
    `threads` the engine's. Results go by the models' names, see load_distinct. Raises InputError before any is scored
    for a model whose tracks, transforms or bins are not the data set's, for an empty split, for an assay named "all",
    and for `attention_off` where no model has attention; later when no track can be scored.
    """
    dataset = dataset if isinstance(dataset, TrackDataset) else TrackDataset(dataset)
    loaded = load_distinct([models] if isinstance(models, AnyModel) else models, baselines=baselines)
    devices, console = choose_devices(device), console or Console(quiet=True)
    precision = choose_dtype(dtype, devices[0])
    _check_scorable(dataset, loaded, [split, "train"] if baselines else [split])
    groups = _add_attention_off(loaded, console) if attention_off else [[model] for model in loaded]
    load_distinct([model for group in groups for model in group], baselines=baselines)  # the copies' names are new
    results: list[ModelScores] = []
    agreements: list[Agreement] = []
    for group in groups:
        predictor = ModelPredictor(
            group[0],
            variants=[model.module for model in group[1:]],
            devices=devices,
            threads=threads,
            dtype=precision,
            batch_size=batch_size,
        )
        tiles, names = SplitTiles(dataset, predictor.geometry, split), [model.name for model in group]
        predictions = predictor.predict_variants(read_tiles(tiles))
        scores, alike = _score(names, predictions, len(tiles), dataset, split, batch_size, console)
        results += scores
        agreements += alike
    if baselines:
        geometry = (
            loaded[0].geometry
            if loaded
            else Geometry(core_bp=128 * dataset.bin_bp, context_bp=512, bin_bp=dataset.bin_bp)
        )
        for kind in BASELINES:
            baseline, tiles = kind.fit(dataset, geometry), SplitTiles(dataset, geometry, split)
            predictions = ((tile, values[None]) for tile, values in baseline.predict_tiles(read_tiles(tiles)))
            results += _score([kind.name], predictions, len(tiles), dataset, split, batch_size, console)[0]
    return Evaluation(dataset.path, dataset.digest, split, tuple(results), tuple(agreements))


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


def _add_attention_off(models: Sequence[Model], console: Console) -> list[list[Model]]:
    """Each model with its copy without attention, or alone if it has none; InputError if none has any."""
    copies = [turn_attention_off(model) for model in models]
    if not any(copies):
        raise InputError(
            "`attention_off`: none of the models has attention that can be left out. Give an interpreter that has, or "
            "do without `attention_off`"
        )
    for model, copy in zip(models, copies, strict=True):
        if copy is None:
            console.say(f"{model.name}: has no attention that can be left out")
    return [[model, copy] if copy else [model] for model, copy in zip(models, copies, strict=True)]


def _score(
    names: Sequence[str],
    predictions: Iterator[tuple[EvaluatedTile, F32]],
    n_tiles: int,
    dataset: TrackDataset,
    split: str,
    batch_size: int,
    console: Console,
) -> tuple[list[ModelScores], list[Agreement]]:
    """Score the predictions of all tiles of a split by each of `names`, (names, core_bins, T) for every tile.

    Of a second one also how alike the predictions are; `batch_size` tiles are scored at a time.
    """
    scorers, alike = [Scorer(name, dataset) for name in names], Pearson(len(dataset.tracks))
    with console.progress(f"{names[0]} on {split}", n_tiles, "tiles") as advance:
        while batch := list(islice(predictions, batch_size)):
            tiles = [tile for tile, _ in batch]
            measured = np.stack([tile.targets for tile in tiles]).astype(np.float64)
            predicted = np.stack([values for _, values in batch], axis=1).astype(np.float64)  # (names, B, bins, T)
            for scorer, values in zip(scorers, predicted, strict=True):
                scorer.update(tiles, values, measured)
            if len(names) > 1:
                alike.update(predicted[1], np.where(np.isfinite(measured), predicted[0], np.nan))
            advance(len(batch))
    scores = [scorer.compute() for scorer in scorers]
    if not any(score.pearson == score.pearson for score in scores[0].scores):
        raise InputError(
            f"{dataset.path}: nothing to score in the {split} split: no track has measured bins there that "
            "differ. Choose another `split`, or make the data set with another"
        )
    return scores, [Agreement(names[0], names[1], alike.compute())] if len(names) > 1 else []
