"""What an evaluation gives: scores per track, means per assay, and how sure the differences between models are."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from genint.arrays import F64
from genint.evaluation.metrics import Block, bootstrap_means, mean_over_tracks
from genint.text import write_tsv

DRAWS = 1_000
OVERALL = "all"  # stands for the assay in means over all tracks

AXES = {
    "pearson": "per track over all measured bins of the split, on the model's scale; the field's PearsonR",
    "pearson_log1p": "the same for log(1 + sum over the bin) in the units of the bigWigs",
    "pearson_windows": "per track within each window, averaged over windows, which are the model's own tiles",
    "pearson_across_tracks": "across tracks within each bin, averaged over bins",
}
_PEARSONS = ("pearson", "pearson_log1p", "pearson_windows")


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


class ModelScores(NamedTuple):
    """How one model did: a score per track, r across tracks, and sums (6, T) per block for a bootstrap."""

    model: str
    scores: list[Score]
    across_tracks: float
    blocks: dict[Block, F64]


class Mean(NamedTuple):
    """Plain means of one model over the `tracks` of an assay that could be scored, and how many bins these have."""

    model: str
    assay: str
    tracks: int
    bins: int
    pearson: float
    pearson_log1p: float
    pearson_windows: float


class System(NamedTuple):
    """A kind of model and how each of its runs, which differ in their seed alone, did."""

    name: str
    runs: Sequence[ModelScores]


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


class Agreement(NamedTuple):
    """How alike two of the models predict: r between their predictions, (T,) over all measured bins of the split."""

    model: str
    other: str
    pearson: F64


class AttentionOff(NamedTuple):
    """What attention gives a model: mean r over `tracks` of an assay, as it is and with attention off.

    `agreement` is the mean over the same tracks of r between the two predictions.
    """

    model: str
    assay: str
    tracks: int
    pearson: float
    pearson_off: float
    agreement: float


@dataclass(frozen=True, eq=False, repr=False)
class Evaluation:
    """How `models` did on `split` of the data set at `dataset`, whose digest is `digest`.

    `agreements`: of each model that was also scored with attention off, how alike the two predict.
    """

    dataset: Path
    digest: str
    split: str
    models: tuple[ModelScores, ...]
    agreements: tuple[Agreement, ...] = ()

    def __repr__(self) -> str:
        return f"Evaluation({self.dataset}, {self.split}: {', '.join(result.model for result in self.models)})"

    def to_pandas(self) -> pd.DataFrame:
        """A row per model and track: model, identifier, assay, bins, pearson, pearson_log1p, pearson_windows.

        A track that could not be scored has NaN.
        """
        return pd.DataFrame([asdict(score) for result in self.models for score in result.scores])

    def summary(self) -> pd.DataFrame:
        """A row per model and assay, then one over `all` tracks: plain means, of `tracks` that could be scored."""
        return pd.DataFrame(self.means, columns=list(Mean._fields))

    def differences(self) -> pd.DataFrame:
        """A row per pair of models: difference of mean pearson, its 95 % interval (low, high), and blocks drawn."""
        return pd.DataFrame(self.comparisons, columns=list(Difference._fields))

    def attention(self) -> pd.DataFrame:
        """A row per model scored with attention off and assay, then over `all` tracks: see `AttentionOff`."""
        return pd.DataFrame(self.attention_off, columns=list(AttentionOff._fields))

    @property
    def attention_off(self) -> list[AttentionOff]:
        """The rows of `attention`."""
        means = {(mean.model, mean.assay): mean for mean in self.means}
        scores = {result.model: result.scores for result in self.models}
        rows = []
        for model, other, alike in self.agreements:
            for assay in dict.fromkeys(mean.assay for mean in self.means):
                scored = [score.pearson == score.pearson and assay in (score.assay, OVERALL) for score in scores[model]]
                r, mean = mean_over_tracks(alike[scored]), means[model, assay]
                rows.append(AttentionOff(model, assay, mean.tracks, mean.pearson, means[other, assay].pearson, r))
        return rows

    @cached_property
    def means(self) -> list[Mean]:
        """The rows of `summary`."""
        return [mean for result in self.models for mean in average_scores(result)]

    @cached_property
    def comparisons(self) -> list[Difference]:
        """The rows of `differences`; the bootstrap runs once."""
        return compare_models(self.models)

    @property
    def not_scored(self) -> list[str]:
        """Identifiers of tracks that a model could not be scored on, for lack of measurements or variance."""
        scores = (score for result in self.models for score in result.scores)
        return sorted({score.identifier for score in scores if score.pearson != score.pearson})

    def to_json(self) -> str:
        """Scores, means and differences, with the axis that each r is taken over; null for what is NaN."""
        means = [
            {"model": mean.model, "identifier": f"mean of {mean.tracks}", "assay": mean.assay, "bins": mean.bins}
            | {name: getattr(mean, name) for name in _PEARSONS}
            for mean in self.means
        ]
        content = {
            "dataset": self.digest,
            "split": self.split,
            "axes": AXES,
            "means": [_replace_nan(mean) for mean in means],
            "pearson_across_tracks": _replace_nan({result.model: result.across_tracks for result in self.models}),
            "attention_off": [_replace_nan(row._asdict()) for row in self.attention_off],
            "differences": [_replace_nan(difference._asdict()) for difference in self.comparisons],
            "not_scored": self.not_scored,
            "tracks": [_replace_nan(asdict(score)) for result in self.models for score in result.scores],
        }
        return json.dumps(content, indent=1, allow_nan=False)

    def write(self, out: Path) -> None:
        """metrics.tsv, a row per model and track, and metrics.json, which adds means, differences and the axes."""
        out.mkdir(parents=True, exist_ok=True)
        table = self.to_pandas()
        for name in _PEARSONS:
            table[name] = table[name].map("{:.5f}".format)
        write_tsv(out / "metrics.tsv", table)
        (out / "metrics.json").write_text(self.to_json() + "\n", encoding="utf-8")


def average_scores(result: ModelScores) -> list[Mean]:
    """Plain means over the tracks that could be scored: of each assay, then of all."""
    scored = [score for score in result.scores if score.pearson == score.pearson]
    means = []
    for assay in [*dict.fromkeys(score.assay for score in result.scores), OVERALL]:
        group = [score for score in scored if assay in (score.assay, OVERALL)]
        figures = (mean_over_tracks(np.array([getattr(score, name) for score in group])) for name in _PEARSONS)
        means.append(Mean(result.model, assay, len(group), sum(score.bins for score in group), *figures))
    return means


def compare_models(results: Sequence[ModelScores], seed: int = 1) -> list[Difference]:
    """Every pair of models on the same draws of 100 kb blocks; all were scored on the same split."""
    return compare_systems([System(result.model, [result]) for result in results], seed)


def compare_systems(systems: Sequence[System], seed: int = 1) -> list[Difference]:
    """Every pair of systems, each the mean of its runs: 100 kb blocks are drawn again, and so are each system's runs.

    All systems get the same draws of blocks. Drawing n runs again shows (n - 1) / n of the variance between seeds, none
    of it for one run: intervals of two or three runs are too narrow in that part.
    """
    results = [run for system in systems for run in system.runs]
    if len(systems) < 2:
        return []
    sums = np.stack([[result.blocks[block] for block in results[0].blocks] for result in results])
    of_runs = bootstrap_means(sums, DRAWS, seed)  # (runs, blocks, 6, T) -> (draws, runs)
    overall_of_runs = bootstrap_means(sums.sum(axis=1, keepdims=True), 1, seed)[0]
    generator, first_run = np.random.default_rng([seed, 1]), 0
    means, overall = [], []
    for system in systems:
        runs = range(first_run, first_run := first_run + len(system.runs))
        drawn = generator.integers(runs.start, runs.stop, size=(DRAWS, len(runs)))
        means.append(np.take_along_axis(of_runs, drawn, axis=1).mean(axis=1))
        overall.append(overall_of_runs[runs].mean())
    rows, blocks = [], sums.shape[1]
    for first, second in combinations(range(len(systems)), 2):
        low, high = np.nanquantile(means[first] - means[second], (0.025, 0.975)) if blocks > 1 else (np.nan,) * 2
        difference = float(overall[first] - overall[second])
        rows.append(Difference(systems[first].name, systems[second].name, difference, float(low), float(high), blocks))
    return rows


def _replace_nan(row: dict[str, Any]) -> dict[str, Any]:
    """NaN is not JSON; what could not be scored is null."""
    return {name: None if value != value else value for name, value in row.items()}
