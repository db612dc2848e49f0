"""Every requested row is accounted for, by one word, its bins and the reasons."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from genint.genome.bed import BedRow
from genint.genome.region import EmptyRegion, Region
from genint.prediction import region_status
from genint.prediction.region_status import clip_to_chromosome, write_region_status

SIZES = {"a": 1_000, "b": 95}
BIN_BP = 10
PREDICTED = {"a": np.ones(100, dtype=np.bool_)}
BLACKLISTED = {"a": np.zeros(100, dtype=np.bool_)}
PREDICTED["a"][20:25], BLACKLISTED["a"][20:22] = False, True  # bins 22 to 24 are N

ROWS = {
    "predicted": (Region("a", 5, 21), 3, 0, ""),
    "clipped": (Region("a", 985, 1_001), 2, 0, "ends past the end of a (1,000 bp)"),
    "partly blacklisted": (Region("a", 195, 205), 1, 1, "1 bin(s) are masked: blacklisted"),
    "partly N": (
        Region("a", 100, 2_000),
        85,
        5,
        "ends past the end of a (1,000 bp); 2 bin(s) are masked: blacklisted; 3 bin(s) are masked: too many N",
    ),
    "skipped": (Region("a", 220, 250), 0, 3, "3 bin(s) are masked: too many N"),
    "empty": (EmptyRegion("a", 5), 0, 0, "start and end are the same: no base"),
}


def status_table(path: Path, rows: list[BedRow]) -> tuple[pd.DataFrame, dict[str, int]]:
    clipped = [clip_to_chromosome(row, SIZES) for row in rows]
    counts = write_region_status(path, clipped, PREDICTED, BLACKLISTED, SIZES, BIN_BP)
    return pd.read_csv(path, sep="\t", keep_default_na=False), counts


@pytest.mark.parametrize("status", ROWS)
def test_a_row_has_one_status_its_bins_and_the_reasons(status: str, tmp_path: Path) -> None:
    region, bins, masked, note = ROWS[status]
    table, counts = status_table(tmp_path / "regions.tsv", [BedRow("line 3", region, "x")])
    assert table.to_dict("records") == [
        {
            "source": "line 3",
            "chrom": "a",
            "start": region.start,
            "end": region.end,
            "name": "x",
            "status": status,
            "bins": bins,
            "masked": masked,
            "note": note,
        }
    ]
    assert counts == {status: 1}


@pytest.mark.parametrize("region", [Region("b", 95, 99), Region("b", 10**17, 10**18 - 1)])
def test_a_row_past_the_end_is_skipped_with_the_length_of_its_chromosome(region: Region, tmp_path: Path) -> None:
    table, _ = status_table(tmp_path / "regions.tsv", [BedRow("line 1", region, ".")])
    assert table["status"].tolist() == ["skipped"]
    assert table["note"].tolist() == ["starts past the end of b (95 bp)"]


def test_an_empty_row_is_empty_wherever_it_lies(tmp_path: Path) -> None:
    rows = [BedRow("line 1", EmptyRegion(chrom, start), ".") for chrom, start in (("a", 0), ("a", 205), ("b", 500))]
    assert status_table(tmp_path / "regions.tsv", rows)[1] == {"empty": 3}


@pytest.mark.parametrize("at_once", [1, 2, 100])
def test_the_table_is_the_same_however_many_rows_are_held_at_once(
    at_once: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [BedRow(f"line {n}", region, 'a "name"') for n, (region, *_) in enumerate(ROWS.values(), start=1)]
    status_table(tmp_path / "all.tsv", rows)
    monkeypatch.setattr(region_status, "_ROWS_AT_ONCE", at_once)
    _, counts = status_table(tmp_path / "some.tsv", rows)
    assert (tmp_path / "some.tsv").read_bytes() == (tmp_path / "all.tsv").read_bytes()
    assert counts == dict.fromkeys(ROWS, 1)
