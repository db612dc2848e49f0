"""The spool: what was appended is there again, and what a dying process left half-written is not."""

import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genint.genome.grid import Geometry, Tile, count_bins
from genint.output.spool import Spool, TileRun
from genint.tracks.table import Track, TrackTable

GEOMETRY = Geometry(core_bp=40, context_bp=0, bin_bp=10)
SIZES = {"b": 1_003, "none": 500, "a": 75}  # not in order of name; last bins and tiles that are shorter
TRACKS = TrackTable(Track(identifier=name, description="", strand_pair=name) for name in "xyz")
ROWS, BINS = 3, 4
RECORD = 8 + 4 * ROWS * BINS + 4  # with its chromosome, number and checksum
TILES = [*(Tile("b", index) for index in (0, 1, 2, 7)), Tile("a", 0), Tile("a", 1)]


def open_spool(path: Path, **options: bool) -> Spool:
    return Spool(path, TRACKS, SIZES, GEOMETRY, **options)


def values_of(number: int) -> np.ndarray:
    values = np.arange(ROWS * BINS, dtype=np.float32).reshape(ROWS, BINS) + 100 * number
    values[:, 0] = np.nan
    return values


def filled(path: Path, tiles: Sequence[Tile]) -> Path:
    with open_spool(path) as spool:
        for number, tile in enumerate(tiles):
            spool.append(tile, values_of(number))
    return path


def assert_holds(spool: Spool, n_tiles: int) -> None:
    """The first tiles of TILES, and nothing else."""
    assert spool.tiles == TILES[:n_tiles]
    found = spool.read(0, n_tiles, slice(None)) if n_tiles else np.empty((0, ROWS, BINS), np.float32)
    assert np.array_equal(
        found, np.array([values_of(n) for n in range(n_tiles)]).reshape(-1, ROWS, BINS), equal_nan=True
    )


def test_tiles_come_back_by_number_and_row_while_more_are_written(tmp_path: Path) -> None:
    with open_spool(tmp_path / "spool") as spool:
        for number, tile in enumerate(TILES):
            spool.append(tile, values_of(number))
            assert np.array_equal(
                spool.read(number, number + 1, slice(1, 3))[0], values_of(number)[1:3], equal_nan=True
            )
        assert_holds(spool, len(TILES))


@given(st.integers(0, 6), st.integers(0, 6 * RECORD), st.one_of(st.none(), st.integers(0, 6 * RECORD - 1)))
def test_a_truncated_or_damaged_tail_is_dropped_and_the_rest_resumes(
    tmp_path_factory: pytest.TempPathFactory, n_tiles: int, cut: int, flipped: int | None
) -> None:
    path = filled(tmp_path_factory.mktemp("spool") / "spool", TILES[:n_tiles])
    content = bytearray(path.read_bytes()[:cut])
    complete = len(content) // RECORD
    if flipped is not None and flipped < len(content):
        content[flipped] ^= 4
        complete = min(complete, flipped // RECORD)
    path.write_bytes(content)
    with open_spool(path) as spool:
        assert_holds(spool, complete)
        if complete < len(TILES):
            spool.append(TILES[complete], values_of(complete))
    with open_spool(path) as spool:
        assert_holds(spool, min(complete + 1, len(TILES)))
    assert path.stat().st_size == min(complete + 1, len(TILES)) * RECORD


def test_the_spool_knows_which_bins_have_a_value_before_and_after_it_is_opened_again(tmp_path: Path) -> None:
    expected = {chrom: np.zeros(count_bins(SIZES[chrom], 10), np.bool_) for chrom in ("b", "a")}
    for tile in TILES:
        for k in range(1, BINS):
            if tile.index * BINS + k < len(expected[tile.chrom]):
                expected[tile.chrom][tile.index * BINS + k] = True
    with open_spool(tmp_path / "spool") as spool:
        for number, tile in enumerate(TILES):
            spool.append(tile, values_of(number))
        first = {chrom: mask.copy() for chrom, mask in spool.predicted.items()}
    with open_spool(tmp_path / "spool") as spool:
        for found in (first, spool.predicted):
            assert list(found) == ["b", "a"]
            assert all(np.array_equal(found[chrom], expected[chrom]) for chrom in found)


@pytest.mark.parametrize("longest", [1, 2, 100])
def test_runs_are_neighbouring_tiles_and_end_where_their_chromosome_ends(longest: int, tmp_path: Path) -> None:
    with open_spool(filled(tmp_path / "spool", TILES)) as spool:
        runs = list(spool.runs(longest))
    if longest == 100:
        assert runs == [TileRun("b", 0, 12, 0, 3), TileRun("b", 28, 4, 3, 4), TileRun("a", 0, 8, 4, 6)]
    bins = [(run.chrom, run.first_bin + k) for run in runs for k in range(run.n_bins)]
    assert bins == [(tile.chrom, tile.index * BINS + k) for tile in TILES for k in range(BINS)]
    assert all(1 <= run.last - run.first <= longest for run in runs)


def test_a_last_tile_has_no_bins_past_the_end(tmp_path: Path) -> None:
    with open_spool(filled(tmp_path / "spool", [Tile("b", 25)])) as spool:
        assert list(spool.runs(1)) == [TileRun("b", 100, 1, 0, 1)]


def test_standard_deviations_are_as_many_rows_again(tmp_path: Path) -> None:
    with open_spool(tmp_path / "spool", with_sd=True) as spool:
        assert spool.n_rows == 6
        spool.append(TILES[0], np.zeros((6, BINS), np.float32))
        with pytest.raises(ValueError, match=r"a tile of shape \(3, 4\)"):
            spool.append(TILES[1], values_of(1))


def test_what_is_no_tile_is_refused(tmp_path: Path) -> None:
    with open_spool(tmp_path / "spool") as spool:
        spool.append(TILES[0], values_of(0))
        for wrong in (values_of(0).astype(np.float64), values_of(0)[:2], values_of(0).T):
            with pytest.raises(ValueError, match="a tile of shape"):
                spool.append(TILES[1], wrong)
        for first, last in ((0, 2), (1, 1), (-1, 1)):
            with pytest.raises(ValueError, match="of 1"):
                spool.read(first, last, slice(None))
        assert_holds(spool, 1)


def test_a_tile_survives_a_kill_right_after_it_was_appended(tmp_path: Path) -> None:
    script = """if True:
        import os, pathlib, signal, sys
        from tests.output.test_spool import TILES, open_spool, values_of
        spool = open_spool(pathlib.Path(sys.argv[1]))
        for number, tile in enumerate(TILES[:3]):
            spool.append(tile, values_of(number))
        os.kill(os.getpid(), signal.SIGKILL)
    """
    done = subprocess.run([sys.executable, "-c", script, tmp_path / "spool"], check=False)
    assert done.returncode == -signal.SIGKILL
    with open_spool(tmp_path / "spool") as spool:
        assert_holds(spool, 3)
