"""Scores: the same code for every model and baseline, and figures that a slow reference agrees with."""

import json
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch

from genint.baselines import AROUND_BINS, LONGEST_KMER, N_FEATURES, KmerBaseline, kmer_features
from genint.console import Console
from genint.data.loader import SplitTiles, track_means
from genint.data.store import DataSet
from genint.errors import InputError
from genint.evaluate import evaluate, report, summaries, write_reports
from genint.grid import Geometry
from genint.models.folder import load_model
from tests.conftest import Run, tiny_config

QUIET = Console(quiet=True)


def test_scores_are_numpy_s_correlation_of_all_measured_bins(example_dataset: Path, tiny_model: Path) -> None:
    dataset, model = DataSet(example_dataset), load_model(tiny_model)
    scores = evaluate(dataset, [model], "test", QUIET, batch_size=3)
    tiles = SplitTiles(dataset, model.geometry, "test")
    with torch.inference_mode():
        pairs = [(model.module(tokens[None])[0].numpy(), targets.numpy()) for tokens, targets in tiles]
    predicted, measured = (np.concatenate(side).astype(np.float64) for side in zip(*pairs, strict=True))
    transform = dataset.tracks.squash(128)
    for column, score in enumerate(scores):
        seen = np.isfinite(measured[:, column])
        assert score.bins == seen.sum()
        assert score.pearson == pytest.approx(
            np.corrcoef(predicted[seen, column], measured[seen, column])[0, 1], abs=1e-6
        )
        logs = [np.log1p(transform.invert(side) * 128)[seen, column] for side in (predicted, measured)]
        assert score.pearson_log1p == pytest.approx(np.corrcoef(*logs)[0, 1], abs=1e-6)


def test_excluded_bins_are_not_scored(example_dataset: Path, tiny_model: Path) -> None:
    dataset = DataSet(example_dataset)
    bins = sum(stretch.bins(128) for stretch in dataset.split("train"))
    scores = evaluate(dataset, [load_model(tiny_model)], "train", QUIET)
    assert all(score.bins < bins for score in scores)


def test_a_track_that_was_not_measured_is_listed_without_a_score(example_dataset: Path, tiny_model: Path) -> None:
    scores = evaluate(DataSet(example_dataset), [load_model(tiny_model)], "valid", QUIET)
    lost = [score for score in scores if np.isnan(score.pearson)]
    assert [(score.identifier, score.bins) for score in lost] == [("chip_orc", 0)]
    content = json.loads(report(scores, "valid", DataSet(example_dataset)))
    assert [row["pearson"] for row in content["tracks"] if row["identifier"] == "chip_orc"] == [None]


def test_the_constant_scores_zero_and_the_k_mers_more(example_dataset: Path) -> None:
    scores = evaluate(DataSet(example_dataset), [], "test", QUIET, baselines=True)
    means = {score.model: score.pearson for score in summaries(scores) if score.assay == "all"}
    assert means["constant"] == 0
    assert means["linear on k-mers"] > 0.05


def test_k_mer_features_are_the_counts_one_gets_by_hand() -> None:
    geometry = Geometry(core_bp=3 * 16, context_bp=16, bin_bp=16)  # less context than the features want
    tokens = np.random.default_rng(1).integers(0, 5, (2, geometry.input_bp)).astype(np.uint8)
    features = kmer_features(tokens, geometry)
    assert features.shape == (2, 3, N_FEATURES)
    names = [kmer for k in range(1, LONGEST_KMER + 1) for kmer in product(range(4), repeat=k)]
    for window, index in product(range(2), range(3)):
        column = 0
        for k in range(1, LONGEST_KMER + 1):
            for bins in (range(index, index + 1), range(index - AROUND_BINS, index + AROUND_BINS + 1)):
                for kmer in (name for name in names if len(name) == k):
                    count = 0
                    for number in bins:
                        start = geometry.context_bp + number * 16
                        piece = tokens[window, start : start + 16] if start >= 0 else ()
                        count += sum(tuple(piece[i : i + k]) == kmer for i in range(len(piece) - k + 1))
                    assert features[window, index, column] == count
                    column += 1
        assert features[window, index, column] == 1


def test_the_linear_model_predicts_each_track_s_mean_on_what_it_learned_from(example_dataset: Path) -> None:
    dataset = DataSet(example_dataset)
    geometry = Geometry(core_bp=16_384, context_bp=512, bin_bp=128)
    baseline = KmerBaseline(dataset, geometry)
    tokens = np.stack([tokens.numpy() for tokens, _ in SplitTiles(dataset, geometry, "train")])
    mean = baseline.predict(tokens)[:-1].mean(axis=(0, 1))
    np.testing.assert_allclose(mean, track_means(dataset), rtol=0.25)


def test_a_model_of_other_tracks_is_refused(example_dataset: Path, tiny_model: Path, tmp_path: Path) -> None:
    import shutil

    other = tmp_path / "other"
    shutil.copytree(tiny_model, other)
    table = (other / "tracks.tsv").read_text()
    (other / "tracks.tsv").write_text(table.replace("cage_plus\t", "cage_forward\t"))
    with pytest.raises(InputError, match="differ first in row 2"):
        evaluate(DataSet(example_dataset), [load_model(other)], "test", QUIET)


def test_a_model_of_other_bins_is_refused(example_dataset: Path) -> None:
    with pytest.raises(InputError, match="128 bp wide, the model's are 64 bp"):
        SplitTiles(DataSet(example_dataset), Geometry(core_bp=640, context_bp=0, bin_bp=64), "test")


def test_means_are_plain_means_per_assay_and_over_all(example_dataset: Path, tiny_model: Path) -> None:
    scores = evaluate(DataSet(example_dataset), [load_model(tiny_model)], "test", QUIET)
    rows = {score.assay: score for score in summaries(scores)}
    assert list(rows) == ["ATAC", "CAGE", "RNA", "CHIP", "all"]
    assert rows["CAGE"].pearson == pytest.approx(np.mean([s.pearson for s in scores if s.assay == "CAGE"]))
    assert rows["all"].pearson == pytest.approx(np.mean([s.pearson for s in scores]))


def test_the_command_prints_a_table_and_writes_it(
    example_dataset: Path, tiny_model: Path, tmp_path: Path, genint: Run
) -> None:
    finished = genint("eval", example_dataset, tiny_model, "--baselines", "-o", tmp_path / "scores")
    assert finished.code == 0, finished.err
    for word in ("atac", "rna_minus", "tiny", "linear on k-mers", "mean of 7"):
        assert word in finished.out
    lines = (tmp_path / "scores" / "metrics.tsv").read_text().splitlines()
    assert lines[0] == "model\tidentifier\tassay\tbins\tpearson\tpearson_log1p"
    assert len(lines) == 1 + 3 * 7
    means = json.loads((tmp_path / "scores" / "metrics.json").read_text())["means"]
    assert {row["model"] for row in means} == {"tiny", "constant", "linear on k-mers"}


def test_the_command_prints_json(example_dataset: Path, tiny_model: Path, genint: Run) -> None:
    finished = genint("eval", example_dataset, tiny_model, "--split", "valid", "--json", "--quiet")
    assert json.loads(finished.out)["split"] == "valid"


def test_wrong_usage_of_eval_exits_with_2(example_dataset: Path, tiny_model: Path, genint: Run) -> None:
    assert genint("eval", example_dataset).code == 2
    assert genint("eval", example_dataset, tiny_model, "--split", "all").code == 2


def test_reports_of_the_same_scores_are_the_same_bytes(example_dataset: Path, tiny_model: Path, tmp_path: Path) -> None:
    dataset = DataSet(example_dataset)
    scores = evaluate(dataset, [load_model(tiny_model)], "test", QUIET)
    for name in ("a", "b"):
        write_reports(scores, "test", dataset, tmp_path / name)
    assert (tmp_path / "a" / "metrics.json").read_bytes() == (tmp_path / "b" / "metrics.json").read_bytes()


def test_the_tiny_config_of_the_tests_has_bins_of_the_data_set(example_dataset: Path) -> None:
    assert tiny_config().geometry.bin_bp == DataSet(example_dataset).bin_bp
