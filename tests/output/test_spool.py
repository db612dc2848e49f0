"""The spool: what was appended is there again, and what a dying process left half-written is not."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genint.output.spool import Spool

ROWS, BINS = 3, 4
RECORD = 4 * ROWS * BINS + 4  # with its checksum


def tile(number: int) -> np.ndarray:
    values = np.arange(ROWS * BINS, dtype=np.float32).reshape(ROWS, BINS) + 100 * number
    values[0, 0] = np.nan
    return values


def filled(path: Path, n_tiles: int) -> Path:
    with Spool(path, ROWS, BINS) as spool:
        for number in range(n_tiles):
            spool.append(tile(number))
    return path


def held(spool: Spool) -> list[np.ndarray]:
    return list(spool.read(0, len(spool), slice(None))) if len(spool) else []


def same(found: list[np.ndarray], numbers: range) -> bool:
    return len(found) == len(numbers) and all(
        np.array_equal(values, tile(number), equal_nan=True) for values, number in zip(found, numbers, strict=True)
    )


def test_tiles_come_back_by_number_and_row_while_more_are_written(tmp_path: Path) -> None:
    with Spool(tmp_path / "spool", ROWS, BINS) as spool:
        for number in range(5):
            spool.append(tile(number))
            assert np.array_equal(spool.read(number, number + 1, slice(1, 3))[0], tile(number)[1:3])
        assert same(list(spool.read(1, 4, slice(None))), range(1, 4))
        assert len(spool) == 5


@given(st.integers(0, 6), st.integers(0, 6 * RECORD), st.one_of(st.none(), st.integers(0, 6 * RECORD - 1)))
def test_a_cut_or_damaged_tail_is_dropped_and_the_rest_goes_on(
    tmp_path_factory: pytest.TempPathFactory, n_tiles: int, cut: int, flipped: int | None
) -> None:
    path = filled(tmp_path_factory.mktemp("spool") / "spool", n_tiles)
    content = bytearray(path.read_bytes()[:cut])
    whole = len(content) // RECORD
    if flipped is not None and flipped < len(content):
        content[flipped] ^= 4
        whole = min(whole, flipped // RECORD)
    path.write_bytes(content)
    with Spool(path, ROWS, BINS) as spool:
        assert same(held(spool), range(whole))
        spool.append(tile(whole))
    with Spool(path, ROWS, BINS) as spool:
        assert same(held(spool), range(whole + 1))
    assert path.stat().st_size == (whole + 1) * RECORD


def test_what_is_no_tile_is_refused(tmp_path: Path) -> None:
    with Spool(tmp_path / "spool", ROWS, BINS) as spool:
        spool.append(tile(0))
        for wrong in (tile(0).astype(np.float64), tile(0)[:2], tile(0).T):
            with pytest.raises(ValueError, match="a tile of shape"):
                spool.append(wrong)
        for first, last in ((0, 2), (1, 1), (-1, 1)):
            with pytest.raises(ValueError, match="of 1"):
                spool.read(first, last, slice(None))
        assert same(held(spool), range(1))
