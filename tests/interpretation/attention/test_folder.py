"""The folder of a region: every file, the same bytes again, nothing half-written."""

import json
from pathlib import Path

import pandas as pd
import pytest

from genint import load_model
from genint.cli.main import main
from genint.errors import InputError
from genint.genome.fasta import Genome
from genint.interpretation.sources.summary import summarise_sources
from genint.reporting.found_results import find_places, find_results, find_sizes
from tests.conftest import EXAMPLE, Run

GENOME = EXAMPLE / "genome.fa"


@pytest.fixture(scope="module")
def written(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """By the command with all that it can be asked for."""
    out = tmp_path_factory.mktemp("attention") / "out"
    asked = ["--flow", "--flow-between", "chr1:5001-5010", "1:5200-5300", "--method", "half", "--arcs", "7", "-q"]
    with pytest.raises(SystemExit, match="0"):
        main(["attention", str(GENOME), "chr1:5,001-5,300", "-m", str(tiny_model), "-o", str(out), *asked])
    return out


def test_every_file_is_there(written: Path) -> None:
    for name in ("layers", "windows", "zoom", "heads/01_block_1", "heads/15_final_1"):
        assert (written / f"{name}.png").stat().st_size > 1_000
        assert (written / f"{name}.svg").exists()
    assert len(list((written / "received").glob("*.bw"))) == 15
    assert len(pd.read_table(written / "heads.tsv")) == 15
    worth = pd.read_table(written / "worth.tsv")
    assert list(worth.columns[-3:]) == ["change", "change_together", "r"]
    assert len((written / "arcs.interact").read_text().splitlines()) - 1 == 7
    assert [file.name for file in written.parent.iterdir()] == ["out"]
    rollout = pd.read_table(written / "rollout.tsv")
    assert (rollout["start"].iloc[0], rollout["end"].iloc[-1]) == (4_992, 5_376)
    assert (written / "rollout.bw").exists()
    assert (written / "rollout.svg").exists()


def test_rollout_and_flow_are_those_that_were_asked_for(written: Path, tiny_model: Path) -> None:
    assert len(pd.read_table(written / "flow.tsv", comment="#")) == 3 * 18
    assert pd.read_table(written / "flow_between.tsv", comment="#")["read"].item() == "chr1:5,200-5,300"
    settings = json.loads((written / "run.json").read_text())["settings"]
    assert [settings[name] for name in ("method", "convolutions", "flow")] == ["half", "count", True]
    assert settings["flow_between"] == ["chr1:5,001-5,010", "chr1:5,200-5,300"]
    half = load_model(tiny_model).attention(GENOME, "chr1:5,001-5,300", method="half").rollout
    rollout = pd.read_table(written / "rollout.tsv")
    assert rollout["distance_bp"].tolist() == pytest.approx(summarise_sources(half)["distance_bp"].tolist(), rel=1e-5)


def test_the_command_for_a_bed_writes_the_worth_table_alone(genint: Run, tiny_model: Path, tmp_path: Path) -> None:
    bed = tmp_path / "a.bed"
    bed.write_text("chr1\t5000\t5300\nchr2\t0\t100\n")
    finished = genint("attention", GENOME, "--worth", bed, "-m", tiny_model, "-o", tmp_path / "out", "-q")
    assert (finished.code, finished.err) == (0, "")
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == ["run.json", "worth.tsv"]
    settings = json.loads((tmp_path / "out" / "run.json").read_text())["settings"]
    with Genome(GENOME) as opened:
        assert settings == {"genome": opened.identity(), "regions": ["chr1:5,001-5,300", "chr2:1-100"]}
    both = genint("attention", GENOME, "chr1:1-9", "--worth", bed, "-m", tiny_model, "-o", tmp_path / "two")
    assert both.code == 2
    flow = genint("attention", GENOME, "--worth", bed, "--flow", "-m", tiny_model, "-o", tmp_path / "two")
    assert flow.code == 2
    assert "is about one region" in flow.err


def test_a_report_finds_what_it_shows_of_it(written: Path) -> None:
    (result,) = find_results(written)
    assert (result.kind, len(result.bigwigs), len(result.pictures)) == ("attention", 16, 4)
    (place,) = find_places(result, find_sizes([result]))
    assert str(place.region) == "chr1:5,001-5,300"


@pytest.mark.parametrize("what", [["chr1:1001-1010"], ["--worth", EXAMPLE / "regions.bed"]])
def test_a_genome_that_is_not_the_model_s_is_noted_first(
    what: list[object], genint: Run, tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object, **__: object) -> None:
        raise InputError("computes")

    for name in ("trace_bins", "worth_over"):
        monkeypatch.setattr(f"genint.interpretation.attention.folder.{name}", stop)
    other = tmp_path / "other.fa"
    other.write_text("".join(f">chr{number}\n{'ACGTTGCA' * 500}\n" for number in (1, 2, 3)))
    for genome, noted in ((other, True), (GENOME, False)):
        err = genint("attention", genome, *what, "-m", tiny_model, "-o", tmp_path / "out").err
        assert "computes" in err
        assert ("so predictions on it are an extrapolation" in err) == noted
