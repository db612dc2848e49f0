"""genint eval: its options, its figures, and the order of its work."""

import json
from pathlib import Path

import pytest

from genint.errors import OutputError
from tests.conftest import Run


def test_the_command_prints_json(example_dataset: Path, tiny_model: Path, genint: Run) -> None:
    finished = genint("eval", example_dataset, tiny_model, "--split", "valid", "--json", "--quiet")
    assert json.loads(finished.out)["split"] == "valid"


def test_wrong_usage_of_eval_exits_with_2(example_dataset: Path, tiny_model: Path, genint: Run) -> None:
    assert genint("eval", example_dataset).code == 2
    assert genint("eval", example_dataset, tiny_model, "--split", "all").code == 2


def test_scores_are_told_before_anything_is_drawn(
    example_dataset: Path, tiny_model: Path, tmp_path: Path, genint: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OutputError("no figure today")

    monkeypatch.setattr("genint.reporting.plots.save_figure", fail)
    for figures in (["--locus", "chr2:1-9000"], ["--plots", "--baselines"]):
        out = tmp_path / figures[0]
        finished = genint("eval", example_dataset, tiny_model, "-o", out, *figures)
        assert finished.code == 1
        assert "no figure today" in finished.err
        assert "Mean Pearson over tracks" in finished.out
        assert (out / "metrics.json").exists()


def test_the_scores_of_another_evaluation_are_replaced_on_request_alone(
    example_dataset: Path, tiny_model: Path, tmp_path: Path, genint: Run
) -> None:
    command = ["eval", example_dataset, tiny_model, "--split", "valid", "-q", "-o", tmp_path]
    assert genint(*command).code == 0
    (tmp_path / "metrics.tsv").write_text("mine")
    refused = genint(*command)
    assert refused.code == 1
    assert f"{tmp_path}: holds the scores of another evaluation. Give another folder, or --overwrite" in refused.err
    assert (tmp_path / "metrics.tsv").read_text() == "mine"
    assert genint(*command, "--overwrite").code == 0
    assert (tmp_path / "metrics.tsv").read_text() != "mine"


def test_figures_are_drawn_on_request(example_dataset: Path, tiny_model: Path, tmp_path: Path, genint: Run) -> None:
    command = ["eval", example_dataset, tiny_model, "--baselines", "-o", tmp_path, "--plots", "--locus", "chr2:1-9000"]
    assert genint(*command, "--tracks", "rna").code == 0
    figures = sorted(file.name for file in tmp_path.iterdir() if file.suffix in (".png", ".svg"))
    assert "locus_chr2_1_9000.png" in figures
    assert "tracks_tiny_vs_constant.svg" in figures
    assert len(figures) == 2 + 2 * 3
    assert genint("eval", example_dataset, tiny_model, "--plots").code == 2


def test_a_place_that_cannot_be_drawn_or_written_to_is_told_before_any_work(
    example_dataset: Path, tiny_model: Path, tmp_path: Path, genint: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def work(*_: object, **__: object) -> None:
        raise AssertionError("scored before the options were checked")

    monkeypatch.setattr("genint.evaluation.evaluate.evaluate", work)
    (tmp_path / "file").write_text("mine")
    command = ["eval", example_dataset, tiny_model, "-o"]
    assert "file: File exists. Look at that place" in genint(*command, tmp_path / "file").err
    assert "--locus chr9:1-5" in genint(*command, tmp_path / "out", "--locus", "chr9:1-5").err
    assert "--locus chr2:999,999-9,999,999" in genint(*command, tmp_path / "out", "--locus", "2:999999-9999999").err
    assert genint(*command, tmp_path / "out", "--tracks", "rna").code == 2
    monkeypatch.setattr("genint.reporting.plots.MOST_PANELS", 13)
    err = genint(*command, tmp_path / "out", "--locus", "chr2:1-9000").err
    assert "7 tracks, measured and by 1 model(s), make 14 panels" in err
    assert len(err.splitlines()) == 2  # after the note of what is read
