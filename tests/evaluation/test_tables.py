"""The tables of genint eval on the terminal."""

import json
import re
from pathlib import Path

from tests.conftest import Run


def test_the_command_prints_a_table_and_writes_it(
    example_dataset: Path, tiny_model: Path, tmp_path: Path, genint: Run
) -> None:
    finished = genint("eval", example_dataset, tiny_model, "--baselines", "-o", tmp_path / "scores")
    assert finished.code == 0, finished.err
    for word in ("atac", "rna_minus", "tiny", "linear on k-mers", "Overall", "7 tracks", "95 % interval"):
        assert word in finished.out
    lines = (tmp_path / "scores" / "metrics.tsv").read_text().splitlines()
    assert lines[0] == "model\tidentifier\tassay\tbins\tpearson\tpearson_log1p\tpearson_windows"
    assert len(lines) == 1 + 3 * 7
    means = json.loads((tmp_path / "scores" / "metrics.json").read_text())["means"]
    assert {row["model"] for row in means} == {"tiny", "constant", "linear on k-mers"}


def test_what_attention_gives_is_printed_and_written(
    example_dataset: Path, tiny_model: Path, tmp_path: Path, genint: Run
) -> None:
    finished = genint("eval", example_dataset, tiny_model, "--attention-off", "-o", tmp_path)
    assert finished.code == 0, finished.err
    content = json.loads((tmp_path / "metrics.json").read_text())
    (row,) = (row for row in content["attention_off"] if row["assay"] == "all")
    figures = [f"{row[name]:.4f}" for name in ("pearson", "pearson_off", "agreement")]
    assert re.search(rf"^tiny +Overall +7 +{' +'.join(figures)}$", finished.out, re.MULTILINE)
    assert "tiny - tiny, attention off" in finished.out
    assert [row["model"] for row in content["differences"]] == ["tiny"]


def test_the_paper_s_table_has_its_metric_alone(example_dataset: Path, tiny_model: Path, genint: Run) -> None:
    out = genint("eval", example_dataset, tiny_model, "--replicate-paper").out
    assert "Overall" in out
    assert "rna_plus" not in out
