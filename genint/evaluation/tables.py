"""Scores of models as tables: per track, per assay, and how sure the differences between models are."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from genint.datasets.dataset import TrackDataset
from genint.evaluation.metrics import Block, Floats, bootstrap_means, mean_over_tracks

BLOCK_BP = 100_000  # drawn together in the bootstrap: neighbouring bins are not independent
DRAWS = 1_000
OVERALL = "all"  # stands for the assay in means over all tracks

AXES = {
    "pearson": "per track over all measured bins of the split, on the model's scale; the field's PearsonR",
    "pearson_log1p": "the same for log(1 + sum over the bin) in the units of the bigWigs",
    "pearson_windows": "per track within each window, averaged over windows, which are the model's own tiles",
    "pearson_across_tracks": "across tracks within each bin, averaged over bins",
}


@dataclass(frozen=True)
class Score:
    """How one model did on one track. AXES says over what each r is taken; NaN where there was nothing to score."""

    model: str
    identifier: str
    assay: str
    bins: int
    pearson: float
    pearson_log1p: float
    pearson_windows: float


class Result(NamedTuple):
    """How one model did: a score per track, r across tracks, and sums (6, T) per block for a bootstrap."""

    model: str
    scores: list[Score]
    across_tracks: float
    blocks: dict[Block, Floats]


class Difference(NamedTuple):
    """Mean r over tracks of `model` minus that of `other`, with its 95 % interval over `blocks` blocks of chromosome.

    The interval is NaN where there is but one block: nothing then says how much blocks differ.
    """

    model: str
    other: str
    difference: float
    low: float
    high: float
    blocks: int


class Profiles(NamedTuple):
    """Bins of a locus, (bins, T) on the model's scale: the first begins at base `start`; predictions by model."""

    start: int
    measured: npt.NDArray[np.float32]
    predicted: dict[str, npt.NDArray[np.float32]]


def summaries(results: Sequence[Result]) -> Iterator[Score]:
    """A row per model and assay, then one over all tracks: plain means over the tracks that could be scored."""
    for result in results:
        scored = [score for score in result.scores if score.pearson == score.pearson]
        for assay in [*dict.fromkeys(score.assay for score in result.scores), OVERALL]:
            group = [score for score in scored if assay in (score.assay, OVERALL)]
            means = (
                mean_over_tracks(np.array([getattr(score, name) for score in group]))
                for name in ("pearson", "pearson_log1p", "pearson_windows")
            )
            yield Score(result.model, f"mean of {len(group)}", assay, sum(score.bins for score in group), *means)


def differences(results: Sequence[Result], seed: int = 1) -> list[Difference]:
    """Every pair of models compared on the same draws of 100 kb blocks; all were scored on the same split."""
    if len(results) < 2:
        return []
    sums = np.stack([[result.blocks[block] for block in results[0].blocks] for result in results])
    means = bootstrap_means(sums, DRAWS, seed)  # (models, blocks, 6, T) -> (draws, models)
    whole = bootstrap_means(sums.sum(axis=1, keepdims=True), 1, seed)[0]
    rows, blocks = [], sums.shape[1]
    for first, second in combinations(range(len(results)), 2):
        low, high = np.nanquantile(means[:, first] - means[:, second], (0.025, 0.975)) if blocks > 1 else (np.nan,) * 2
        names = results[first].model, results[second].model
        rows.append(Difference(*names, float(whole[first] - whole[second]), float(low), float(high), blocks))
    return rows


def write_reports(results: Sequence[Result], split: str, dataset: TrackDataset, out: Path) -> None:
    """metrics.tsv, a row per model and track, and metrics.json, which adds means, differences and what was measured."""
    out.mkdir(parents=True, exist_ok=True)
    scores = [score for result in results for score in result.scores]
    header = list(asdict(scores[0]))
    lines = ["\t".join(header), *("\t".join(_text(value) for value in asdict(score).values()) for score in scores)]
    (out / "metrics.tsv").write_text("\n".join(lines) + "\n")
    (out / "metrics.json").write_text(report(results, split, dataset) + "\n")


def report(results: Sequence[Result], split: str, dataset: TrackDataset) -> str:
    """Scores, means and differences as JSON, with the axis that each r is taken over."""
    scores = [score for result in results for score in result.scores]
    content = {
        "dataset": dataset.digest,
        "split": split,
        "axes": AXES,
        "means": [_without_nan(asdict(score)) for score in summaries(results)],
        "pearson_across_tracks": _without_nan({result.model: result.across_tracks for result in results}),
        "differences": [_without_nan(difference._asdict()) for difference in differences(results)],
        "not_scored": sorted({score.identifier for score in scores if score.pearson != score.pearson}),
        "tracks": [_without_nan(asdict(score)) for score in scores],
    }
    return json.dumps(content, indent=1)


def _text(value: object) -> str:
    return f"{value:.5f}" if isinstance(value, float) else str(value)


def _without_nan(row: dict[str, Any]) -> dict[str, Any]:
    """NaN is not JSON; what could not be scored is null."""
    return {name: None if value != value else value for name, value in row.items()}
