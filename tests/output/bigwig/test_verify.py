"""A file that does not read back as it was written is noticed and never gets its name."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from genint.errors import OutputError
from genint.output.bigwig import layout, verify, zoom
from tests.output.bigwig.files import SIZES, Values, flip, make, of_data, random_values


def drop_zooms(data: bytearray) -> None:
    data[6:8] = b"\0\0"


DAMAGE: dict[str, Callable[[bytearray], None]] = {
    "truncated": lambda data: data.__delitem__(slice(-1, None)),
    "truncated by half": lambda data: data.__delitem__(slice(len(data) // 2, None)),
    "not a bigWig": lambda data: flip(data, 0),
    "empty": lambda data: data.clear(),
    "no zoom levels": drop_zooms,
    "bases with data": lambda data: flip(data, layout.SUMMARY_OFFSET),
    "other chromosomes": lambda data: flip(data, layout.CHROMOSOMES_OFFSET + 40),
    "a sums to": lambda data: flip(data, of_data(data)),
}


def sums_of_a(values: Values) -> NDArray[np.void]:
    exact = values.astype(np.float64)
    total, squares = 128 * exact.sum(), 128 * (exact**2).sum()
    size = 128 * len(values)
    return np.array([(0, 0, size, size, values.min(), values.max(), total, squares)], zoom.SUMS)


@pytest.mark.parametrize("damage", DAMAGE)
def test_verification_notices_damage(tmp_path: Path, damage: str) -> None:
    values = random_values(3000)
    path = make(tmp_path / "track.bw", SIZES, {"a": values})
    verify(path, SIZES, sums_of_a(values))
    data = bytearray(path.read_bytes())
    DAMAGE[damage](data)
    path.write_bytes(data)
    with pytest.raises(OutputError, match=r"/track.bw: does not read back as it was written"):
        verify(path, SIZES, sums_of_a(values))


def test_a_file_that_does_not_verify_never_gets_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zoom, "summary", lambda chroms: bytes(40))
    with pytest.raises(OutputError, match=r"/track.bw: does not read back .*\(0 bases with data instead of 256\)"):
        make(tmp_path / "track.bw", SIZES, {"a": random_values(2)})
    assert os.listdir(tmp_path) == []
