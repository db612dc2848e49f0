"""The folder of a region: every file, the same bytes again, nothing half-written."""

from pathlib import Path

import pandas as pd
import pytest

from genint.interpretation.attention_folder import attention_to_folder
from genint.reporting.found_results import find_places, find_results, find_sizes
from tests.conftest import EXAMPLE, Run

GENOME = EXAMPLE / "genome.fa"


@pytest.fixture(scope="module")
def written(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("attention") / "out"
    attention_to_folder(GENOME, "chr1:5,001-5,300", out, tiny_model, arcs=7)
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


def test_the_command_for_a_bed_writes_the_worth_table_alone(genint: Run, tiny_model: Path, tmp_path: Path) -> None:
    bed = tmp_path / "a.bed"
    bed.write_text("chr1\t5000\t5300\nchr2\t0\t100\n")
    finished = genint("attention", GENOME, "--worth", bed, "-m", tiny_model, "-o", tmp_path / "out", "-q")
    assert (finished.code, finished.err) == (0, "")
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == ["run.json", "worth.tsv"]
    both = genint("attention", GENOME, "chr1:1-9", "--worth", bed, "-m", tiny_model, "-o", tmp_path / "two")
    assert both.code == 2


def test_a_report_finds_what_it_shows_of_it(written: Path) -> None:
    (result,) = find_results(written)
    assert (result.kind, len(result.bigwigs), len(result.pictures)) == ("attention", 15, 3)
    (place,) = find_places(result, find_sizes([result]))
    assert str(place.region) == "chr1:5,001-5,300"
