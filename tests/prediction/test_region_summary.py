"""The summary table: equal to a loop over bases, however it is read and written; a name it cannot have is refused."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from genint.console import Console
from genint.errors import InputError
from genint.genome.bed import BedRow
from genint.genome.fasta import Genome
from genint.genome.grid import Geometry, Tile
from genint.genome.region import EmptyRegion, Region
from genint.models.folder import load_model
from genint.output.spool import Spool
from genint.prediction import region_summary
from genint.prediction.job import Options, prepare
from genint.prediction.region_status import clip_to_chromosome
from genint.prediction.region_summary import STATISTICS, check_summary_file, write_summary
from genint.tracks.table import Track, TrackTable
from tests.conftest import EXAMPLE

GEOMETRY = Geometry(core_bp=40, context_bp=0, bin_bp=10)
SIZES = {"b": 1_003, "a": 75}
TRACKS = TrackTable(Track(identifier=name, description="", strand_pair=name) for name in ("x", 'y "1"'))
TILES = [*(Tile("b", index) for index in (0, 1, 3, 25)), Tile("a", 0), Tile("a", 1)]
REGIONS = [
    Region("b", 0, 1),
    Region("b", 5, 25),
    Region("b", 35, 170),  # over a tile that was not predicted
    Region("b", 80, 120),  # nothing but that tile
    Region("b", 999, 2_000),  # past the end
    Region("a", 0, 75),
    Region("b", 5, 25),  # again
    Region("a", 90, 100),  # not on its chromosome
]


def filled(path: Path) -> tuple[Spool, dict[str, np.ndarray]]:
    """A spool of two tracks and their standard deviations; per chromosome (bases, tracks), NaN where missing."""
    rng = np.random.default_rng(0)
    bases = {chrom: np.full((size, 2), np.nan) for chrom, size in SIZES.items()}
    spool = Spool(path, TRACKS, SIZES, GEOMETRY, with_sd=True)
    for tile in TILES:
        values = rng.normal(size=(4, 4)).astype(np.float32)
        values[:, rng.random(4) < 0.2] = np.nan
        values[:, [tile.index * 40 + 10 * k >= SIZES[tile.chrom] for k in range(4)]] = np.nan
        spool.append(tile, values)
        for k in range(4):
            start = tile.index * 40 + 10 * k
            bases[tile.chrom][start : start + 10] = values[:2, k]
    return spool, bases


def slow(bases: np.ndarray, statistic: str) -> tuple[int, list[float]]:
    """Base by base, as bigWigAverageOverBed takes it."""
    found = [row for row in bases if not np.isnan(row[0])]
    if not found:
        return 0, [float("nan")] * 2
    columns = [[float(row[track]) for row in found] for track in range(2)]
    take = {"sum": sum, "max": max, "mean": lambda column: sum(column) / len(column)}[statistic]
    return len(found), [take(column) for column in columns]


@pytest.mark.parametrize("suffix", [".tsv", ".parquet"])
@pytest.mark.parametrize("at_once", [1, 100, 1 << 20])
@pytest.mark.parametrize("statistic", STATISTICS)
def test_a_summary_is_a_loop_over_bases(
    statistic: Any, at_once: int, suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(region_summary, "_BYTES_AT_ONCE", at_once)
    rows = [BedRow(f"line {number}", region, f'"peak {number}') for number, region in enumerate(REGIONS)]
    path = tmp_path / f"table{suffix}"
    spool, bases = filled(tmp_path / "spool")
    with spool:
        write_summary(spool, path, statistic, [clip_to_chromosome(row, SIZES) for row in rows], Console(quiet=True))
    found = pd.read_parquet(path) if suffix == ".parquet" else pd.read_csv(path, sep="\t", quoting=3)
    assert list(found.columns) == ["chrom", "start", "end", "name", "covered", "x", 'y "1"']
    assert list(found["name"]) == [row.name for row in rows]
    places = list(zip(found["chrom"], found["start"], found["end"], strict=True))
    assert places == [(region.chrom, region.start, region.end) for region in REGIONS]
    for number, region in enumerate(REGIONS):
        covered, numbers = slow(bases[region.chrom][region.start : region.end], statistic)
        assert found["covered"][number] == covered
        np.testing.assert_allclose(found.iloc[number, 5:].to_numpy(float), numbers, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("summary.csv", "ends in neither .tsv nor .parquet"),
        ("summary", "ends in neither .tsv nor .parquet"),
        ("tables/summary.tsv", "is not the name of a file in `out`"),
        ("../summary.tsv", "is not the name of a file in `out`"),
        (".hidden.tsv", "is not the name of a file in `out`"),
        ("regions.tsv", "another file of the run has this name"),
        ("tracks.tsv", "another file of the run has this name"),
    ],
)
def test_a_name_that_no_summary_can_have_is_refused_before_the_work(name: str, message: str, tiny_model: Path) -> None:
    rows = [BedRow("line 1", Region("chr3", 0, 100), ".")]
    with Genome(EXAMPLE / "genome.fa") as genome, pytest.raises(InputError, match=f"`summary_file` {name}: {message}"):
        prepare(genome, rows, [load_model(tiny_model)], options=Options(summary="mean", summary_file=name))


def test_parquet_without_its_package_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    check_summary_file("a.parquet", [])
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    check_summary_file("a.tsv", [])
    with pytest.raises(InputError, match=r"a.parquet: needs pyarrow, .* pip install 'genint\[parquet\]', or give"):
        check_summary_file("a.parquet", [])


def test_an_empty_region_covers_nothing(tmp_path: Path) -> None:
    rows = [clip_to_chromosome(BedRow("line 1", EmptyRegion("b", 7), "."), SIZES)]
    spool, _ = filled(tmp_path / "spool")
    with spool:
        write_summary(spool, tmp_path / "table.tsv", "sum", rows, Console(quiet=True))
    assert (tmp_path / "table.tsv").read_text().splitlines()[1:] == ["b\t7\t7\t.\t0\t\t"]
