"""--dry-run: what is counted is what the run then does, and nothing is written."""

import json
from pathlib import Path

import pytest

from tests.conftest import EXAMPLE, Run

GENOME = EXAMPLE / "genome.fa"


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--rc", "--shifts", "-3,0,5"],
        ["--overlap", "0.5"],
        ["--overlap", "0.9", "--rc"],
        ["--relatives", "RELATIVES", "--rc"],
        ["--max-n", "1", "--format", "zarr", "--threads", "2"],
        ["--ensemble", "MODEL", "--format", "bedgraph", "--summary", "summary.tsv", "--batch-size", "3"],
    ],
)
def test_a_dry_run_counts_what_the_run_then_does(
    options: list[str],
    tiny_model: Path,
    related_dataset: Path,
    tmp_path: Path,
    genint: Run,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from genint.prediction.windows import Stitcher

    n_read, read = [0], Stitcher._read_windows

    def counted(*arguments: object) -> object:
        for window in read(*arguments):  # type: ignore[arg-type]
            n_read[0] += 1
            yield window

    monkeypatch.setattr(Stitcher, "_read_windows", counted)
    table = related_dataset.parent / "relatives" / "relatives.tsv"
    options = [{"MODEL": str(tiny_model), "RELATIVES": str(table)}.get(option, option) for option in options]
    bed = tmp_path / "asked.bed"
    bed.write_text("chr3\t0\t9000\nchr1\t100\t200\nchr3\t30000\t99000\nchr1\t2000\t3000\n")
    common = ["predict", GENOME, bed, "-m", tiny_model, "-o", tmp_path / "out", "--json", *options]
    dry = genint(*common, "--dry-run")
    assert dry.code == 0
    assert not (tmp_path / "out").exists()
    forecast, n_read[0] = json.loads(dry.out), 0
    report = json.loads(genint(*common).out)
    assert forecast["regions"] == sum(report["regions"].values()) == 4
    assert forecast["tiles"] == report["tiles"]
    assert forecast["bins"] == report["bins"]
    assert forecast["windows"] == n_read[0]
    tables = {"tracks.tsv", "regions.tsv", "summary.tsv"}
    assert forecast["files"] == len(report["files"].keys() - tables)
    assert forecast["minutes"] > 0
    assert forecast["memory_bytes"] > 50e6


def test_the_bytes_foretold_are_enough_and_not_twice_too_many(tiny_model: Path, tmp_path: Path, genint: Run) -> None:
    for file_format in ("bigwig", "bedgraph", "zarr"):
        common = ["predict", GENOME, "--whole-genome", "-m", tiny_model, "--json", "--format", file_format]
        forecast = json.loads(genint(*common, "-o", tmp_path / file_format, "--dry-run").out)
        files = json.loads(genint(*common, "-o", tmp_path / file_format).out)["files"]
        written = sum(size for name, size in files.items() if not name.endswith(".tsv"))
        assert written / 2.2 < forecast["result_bytes"] < written * 2.2


def test_a_dry_run_is_a_small_table_and_says_nothing_to_do_where_all_is_n(
    tiny_model: Path, tmp_path: Path, genint: Run
) -> None:
    common = ["predict", GENOME, "-m", tiny_model, "-o", tmp_path / "out", "--dry-run", "-r"]
    lines = genint(*common, "chr3:1-5000").out.splitlines()
    assert any("forward passes" in line and " 3 " in line for line in lines)
    assert any("time" in line and "0.0 minutes" in line for line in lines)
    nothing = json.loads(genint(*common, "chr2:20,201-21,800", "--json").out)
    assert nothing["minutes"] == 0
    assert not (tmp_path / "out").exists()
