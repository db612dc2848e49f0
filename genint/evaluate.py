"""Judging models on a split of a data set, one tidy table for all of them."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch.utils.data import DataLoader

from genint.baselines import ConstantBaseline, KmerBaseline
from genint.console import Console
from genint.data.loader import SplitTiles
from genint.data.store import DataSet
from genint.devices import inference
from genint.errors import InputError
from genint.grid import Geometry
from genint.metrics import Pearson, mean_over_tracks
from genint.models.folder import Model
from genint.tracks import Track

Tokens = npt.NDArray[np.uint8]
Predictor = Callable[[Tokens], npt.NDArray[np.float32]]  # (B, input_bp) -> (B, core_bins, T) on the model's scale


@dataclass(frozen=True)
class Score:
    """How one model did on one track, over all bins of the split that were measured and not excluded.

    `pearson` is on the model's scale, as the field reports it; `pearson_log1p` compares log(1 + sum over the bin) in
    the units of the bigWig.
    """

    model: str
    identifier: str
    assay: str
    bins: int
    pearson: float
    pearson_log1p: float


def evaluate(
    dataset: DataSet,
    models: Sequence[Model],
    split: str,
    console: Console,
    *,
    batch_size: int = 8,
    device: torch.device | None = None,
    dtype: torch.dtype = torch.float32,
    baselines: bool = False,
) -> list[Score]:
    """Score every model, and the baselines if asked for, on `split`. All see the same tiles through the same code.

    Raises InputError for a model whose tracks, transforms or bins are not the data set's.
    """
    scores = []
    for model in models:
        _check_tracks(dataset, model)
        predictor = _module_predictor(model, device or torch.device("cpu"), dtype)
        scores += _score(model.name, predictor, dataset, model.geometry, split, batch_size, console)
    if baselines:
        geometry = (
            models[0].geometry
            if models
            else Geometry(core_bp=128 * dataset.bin_bp, context_bp=512, bin_bp=dataset.bin_bp)
        )
        for baseline in (ConstantBaseline(dataset, geometry), KmerBaseline(dataset, geometry)):
            scores += _score(baseline.name, baseline.predict, dataset, geometry, split, batch_size, console)
    return scores


def _check_tracks(dataset: DataSet, model: Model) -> None:
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
        with inference(device, dtype):
            return module(torch.from_numpy(tokens).to(device)).float().cpu().numpy()  # type: ignore[no-any-return]

    return predict


def _score(
    name: str, predict: Predictor, dataset: DataSet, geometry: Geometry, split: str, batch_size: int, console: Console
) -> list[Score]:
    tiles = SplitTiles(dataset, geometry, split)
    transform = dataset.tracks.squash(dataset.bin_bp)
    squashed, logged = Pearson(len(dataset.tracks)), Pearson(len(dataset.tracks))
    with console.progress(f"{name} on {split}", len(tiles)) as advance:
        for tokens, targets in DataLoader(tiles, batch_size=batch_size):
            predicted = predict(tokens.numpy()).astype(np.float64)
            measured = targets.numpy().astype(np.float64)
            squashed.update(predicted, measured)
            logged.update(*(np.log1p(transform.invert(values) * dataset.bin_bp) for values in (predicted, measured)))
            advance(len(tokens))
    return [
        Score(name, track.identifier, track.assay, int(bins), float(r), float(r_log))
        for track, bins, r, r_log in zip(
            dataset.tracks, squashed.counts, squashed.compute(), logged.compute(), strict=True
        )
    ]


# -- reports -----------------------------------------------------------------------------------------------------------


def summaries(scores: Sequence[Score]) -> Iterator[Score]:
    """A row per model and assay, then one over all tracks: plain means over the tracks that could be scored."""
    for model in dict.fromkeys(score.model for score in scores):
        own = [score for score in scores if score.model == model]
        for assay in [*dict.fromkeys(score.assay for score in own), "all"]:
            group = [score for score in own if assay in (score.assay, "all")]
            yield Score(
                model,
                f"mean of {len(group)}",
                assay,
                sum(score.bins for score in group),
                mean_over_tracks(np.array([score.pearson for score in group])),
                mean_over_tracks(np.array([score.pearson_log1p for score in group])),
            )


def write_reports(scores: Sequence[Score], split: str, dataset: DataSet, out: Path) -> None:
    """metrics.tsv, a row per model and track, and metrics.json, which adds the means and what was measured."""
    out.mkdir(parents=True, exist_ok=True)
    header = list(asdict(scores[0]))
    lines = ["\t".join(header), *("\t".join(_text(value) for value in asdict(score).values()) for score in scores)]
    (out / "metrics.tsv").write_text("\n".join(lines) + "\n")
    (out / "metrics.json").write_text(report(scores, split, dataset) + "\n")


def report(scores: Sequence[Score], split: str, dataset: DataSet) -> str:
    """Scores and their means as JSON, with what was measured."""
    content = {
        "dataset": dataset.digest,
        "split": split,
        "pearson": "per track over all measured bins of the split, float64, on the model's scale",
        "pearson_log1p": "the same for log(1 + sum over the bin) in the units of the bigWigs",
        "means": [_without_nan(score) for score in summaries(scores)],
        "tracks": [_without_nan(score) for score in scores],
    }
    return json.dumps(content, indent=1)


def _text(value: object) -> str:
    return f"{value:.5f}" if isinstance(value, float) else str(value)


def _without_nan(score: Score) -> dict[str, object]:
    """NaN is not JSON; a track that could not be scored is null."""
    return {name: None if value != value else value for name, value in asdict(score).items()}
