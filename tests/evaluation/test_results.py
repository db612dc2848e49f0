"""Means, differences and their intervals, as DataFrames and as JSON."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from genint.datasets.dataset import TrackDataset
from genint.evaluation.evaluate import evaluate
from genint.evaluation.metrics import bootstrap_means, moments
from genint.evaluation.results import (
    Evaluation,
    ModelScores,
    Score,
    System,
    average_scores,
    compare_models,
    compare_systems,
)
from genint.evaluation.tables import print_tables
from genint.models.folder import load_model
from genint.models.registry import build
from tests.conftest import Run, tiny_config


def made_up(name: str, pearsons: tuple[float, ...], blocks: int = 3) -> ModelScores:
    """A model with one score per track, of assays A, A, B, ..., and sums of random bins."""
    draw = np.random.default_rng(len(name))
    scores = [Score(name, f"t{i}", "A" if i < 2 else "B", 10 + i, r, r / 2, r / 4) for i, r in enumerate(pearsons)]
    sums = {
        ("chr1", block): moments(draw.random((50, len(scores))), draw.random((50, len(scores))))
        for block in range(blocks)
    }
    return ModelScores(name, scores, 0.25, sums)


def all_scores(evaluation: Evaluation) -> list[Score]:
    return [score for result in evaluation.models for score in result.scores]


def test_a_track_that_was_not_measured_is_listed_without_a_score(example_dataset: Path, tiny_model: Path) -> None:
    results = evaluate([load_model(tiny_model)], TrackDataset(example_dataset), "valid")
    lost = [score for score in all_scores(results) if np.isnan(score.pearson)]
    assert [(score.identifier, score.bins) for score in lost] == [("chip_orc", 0)]
    content = json.loads(results.to_json())
    means = {row["assay"]: (row["identifier"], row["bins"]) for row in content["means"]}
    bins = sum(score.bins for score in all_scores(results) if score.assay == "CHIP")  # of its two tracks, chip_reb1's
    assert means["CHIP"] == ("mean of 1", bins)
    assert means["all"][0] == "mean of 6"
    scores = [replace(score, pearson=np.nan) if score.assay == "RNA" else score for score in results.models[0].scores]
    assert [(row.tracks, row.bins) for row in average_scores(results.models[0]._replace(scores=scores))][2] == (0, 0)
    assert content["not_scored"] == ["chip_orc"]
    assert [row["pearson"] for row in content["tracks"] if row["identifier"] == "chip_orc"] == [None]


def test_means_are_plain_means_per_assay_and_over_all(example_dataset: Path, tiny_model: Path) -> None:
    results = evaluate([load_model(tiny_model)], TrackDataset(example_dataset), "test")
    scores, rows = all_scores(results), {score.assay: score for score in results.means}
    assert list(rows) == ["ATAC", "CAGE", "RNA", "CHIP", "all"]
    assert rows["CAGE"].pearson == pytest.approx(np.mean([s.pearson for s in scores if s.assay == "CAGE"]))
    assert rows["all"].pearson == pytest.approx(np.mean([s.pearson for s in scores]))


def test_reports_of_the_same_scores_are_the_same_bytes(example_dataset: Path, tiny_model: Path, tmp_path: Path) -> None:
    dataset = TrackDataset(example_dataset)
    results = evaluate([load_model(tiny_model)], dataset, "test")
    for name in ("a", "b"):
        results.write(tmp_path / name)
    assert (tmp_path / "a" / "metrics.json").read_bytes() == (tmp_path / "b" / "metrics.json").read_bytes()


def test_the_bootstrap_of_a_model_against_itself_is_zero_and_against_a_worse_one_is_not(example_dataset: Path) -> None:
    constant, kmers = (evaluate([], TrackDataset(example_dataset), "train", baselines=True)).models
    same = compare_models([kmers, kmers])[0]
    assert same.blocks == 3  # of chr1's 204,800 bp
    assert (same.difference, same.low, same.high) == (0, 0, 0)
    better = compare_models([kmers, constant])[0]
    assert 0 < better.low < better.difference < better.high
    assert compare_models([kmers, constant])[0] == better


def repeat_block(name: str, noise: float) -> ModelScores:
    """A model whose r is the same in each of four blocks, so that drawing blocks again changes nothing."""
    draw = np.random.default_rng(1)
    target, errors = draw.random((50, 2)), draw.random((50, 2))
    return ModelScores(name, [], 0.0, {("chr1", b): moments(target + noise * errors, target) for b in range(4)})


def test_runs_are_drawn_again_within_their_system() -> None:
    good, poor, other = (repeat_block(name, noise) for name, noise in (("good", 0.5), ("poor", 1.0), ("other", 2.0)))
    r_good, r_poor, r_other = (
        bootstrap_means(m.blocks[("chr1", 0)][None, None], 1, 1).item() for m in (good, poor, other)
    )
    (row,) = compare_systems([System("two runs", [good, poor]), System("one", [other])])
    assert (row.model, row.other, row.blocks) == ("two runs", "one", 4)
    assert row.difference == pytest.approx((r_good + r_poor) / 2 - r_other)
    assert (row.low, row.high) == pytest.approx((r_poor - r_other, r_good - r_other))  # a quarter of draws each
    (same,) = compare_systems([System("a", [poor, poor]), System("b", [other, other])])
    assert (same.low, same.difference, same.high) == pytest.approx((r_poor - r_other,) * 3)


def test_systems_of_one_run_are_compared_as_models_are() -> None:
    models = [made_up("one", (0.1, 0.2)), made_up("other", (0.2, 0.3)), made_up("a third", (0.2, 0.3))]
    assert compare_systems([System(model.model, [model]) for model in models]) == compare_models(models)
    assert compare_systems([System("alone", models)]) == []


def test_models_of_other_tiles_are_compared_on_the_same_blocks(example_dataset: Path, tiny_model: Path) -> None:
    dataset, model = TrackDataset(example_dataset), load_model(tiny_model)
    config = tiny_config(core_bp=131_072)  # a tile reaches past chr2's 60 kb, into a block that has no bins
    module = build("interpreter", config, len(dataset.tracks))
    module.load_state_dict(model.module.state_dict())
    wide = replace(model, name="wide", config=config, module=module.eval())
    results = evaluate([model, wide], dataset, "test", baselines=True)
    assert {tuple(result.blocks) for result in results.models} == {(("chr2", 0),)}
    assert len(results.comparisons) == 6


def test_one_block_gives_no_interval(example_dataset: Path, tmp_path: Path, genint: Run) -> None:
    finished = genint("eval", example_dataset, "--baselines", "-o", tmp_path)  # chr2 is 60 kb long
    (row,) = json.loads((tmp_path / "metrics.json").read_text())["differences"]
    assert (row["low"], row["high"], row["blocks"]) == (None, None, 1)
    assert re.search(r"^constant - linear on k-mers +-0\.\d+ +-$", finished.out, re.MULTILINE)


def test_data_frames_hold_what_is_written(tmp_path: Path) -> None:
    models = made_up("one", (0.1234567, np.nan, 0.5)), made_up("other", (0.2, 0.3, 0.4))
    evaluation = Evaluation(Path("ds"), "digest", "test", models)
    frame = evaluation.to_pandas()
    assert list(frame) == ["model", "identifier", "assay", "bins", "pearson", "pearson_log1p", "pearson_windows"]
    assert frame["pearson"].tolist() == pytest.approx([0.1234567, np.nan, 0.5, 0.2, 0.3, 0.4], nan_ok=True)
    evaluation.write(tmp_path)
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "metrics.tsv", sep="\t"), frame, rtol=0, atol=5e-6)
    assert (tmp_path / "metrics.tsv").read_text().splitlines()[1:3] == [
        "one\tt0\tA\t10\t0.12346\t0.06173\t0.03086",
        "one\tt1\tA\t11\tnan\tnan\tnan",
    ]
    content = json.loads((tmp_path / "metrics.json").read_text())
    summary = evaluation.summary()
    assert summary["assay"].tolist() == ["A", "B", "all"] * 2
    assert [f"mean of {n}" for n in summary["tracks"]] == [row["identifier"] for row in content["means"]]
    assert summary["pearson"].tolist() == [row["pearson"] for row in content["means"]]
    assert summary["pearson"].tolist() == pytest.approx([0.1234567, 0.5, (0.1234567 + 0.5) / 2, 0.25, 0.4, 0.3])
    assert evaluation.differences().to_dict("records") == content["differences"]
    assert list(evaluation.differences()) == ["model", "other", "difference", "low", "high", "blocks"]


def test_one_model_has_no_differences_but_their_columns() -> None:
    frame = Evaluation(Path("ds"), "digest", "test", (made_up("one", (0.1,)),)).differences()
    assert (list(frame), len(frame)) == (["model", "other", "difference", "low", "high", "blocks"], 0)


def test_the_bootstrap_runs_once_however_often_it_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    evaluation = Evaluation(Path("ds"), "digest", "test", (made_up("one", (0.1, 0.2)), made_up("other", (0.2, 0.3))))
    runs = list[int]()

    def count(*arguments: Any) -> Any:
        runs.append(arguments[1])
        return bootstrap_means(*arguments)

    monkeypatch.setattr("genint.evaluation.results.bootstrap_means", count)
    evaluation.write(tmp_path)
    evaluation.to_json()
    evaluation.differences()
    print_tables(evaluation)
    assert runs == [1_000, 1]


def test_an_evaluation_is_shown_in_one_line() -> None:
    evaluation = Evaluation(Path("ds"), "digest", "test", (made_up("one", (0.1,)), made_up("other", (0.2,))))
    assert repr(evaluation) == "Evaluation(ds, test: one, other)"
