"""bigWigs for tests: made of random values, read back by two other implementations, damaged."""

import struct
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pybigtools
import pyBigWig
from numpy.typing import NDArray

from genint.output.bigwig import BigWigWriter

Values = NDArray[np.float32]
Track = dict[str, Values]  # one value per bin of a chromosome, NaN where a value is missing
MISSING = np.float32(np.nan)
NO_DATA = np.empty(0, np.float32)
SIZES = {"a": 128 * 3000, "b": 500}


def make(path: Path, sizes: Mapping[str, int], track: Track, bin_bp: int = 128, piece: int = 10**9) -> Path:
    with BigWigWriter(path, sizes, bin_bp=bin_bp) as bigwig:
        for chrom, values in track.items():
            for at in range(0, len(values), piece):
                bigwig.add(chrom, at, values[at : at + piece])
    return path


def random_values(n: int, seed: int = 0, missing: float = 0.0) -> Values:
    rng = np.random.default_rng(seed)
    values = rng.gamma(0.5, 2, n).astype(np.float32)
    values[rng.random(n) < missing] = MISSING
    return values


def expected(values: Values, bin_bp: int, length: int) -> list[tuple[int, int, float]]:
    return [(k * bin_bp, min((k + 1) * bin_bp, length), float(v)) for k, v in enumerate(values) if not np.isnan(v)]


def read_with_pybigwig(path: Path) -> dict[str, list[tuple[int, int, float]]]:
    with pyBigWig.open(str(path)) as bigwig:
        return {chrom: list(bigwig.intervals(chrom) or ()) for chrom in bigwig.chroms()}


def read_with_pybigtools(path: Path) -> dict[str, list[tuple[int, int, float]]]:
    with pybigtools.open(str(path)) as bigwig:
        return {chrom: list(bigwig.records(chrom)) for chrom in bigwig.chroms()}


def assert_zooms_are_right(path: Path, sizes: Mapping[str, int], track: Track, bin_bp: int) -> list[int]:
    """Every record of every level against sums over the bins. Returns the reductions."""
    with pybigtools.open(str(path)) as bigwig:
        reductions: list[int] = bigwig.zooms()
        for reduction in reductions:
            for chrom, values in track.items():
                kept = np.flatnonzero(~np.isnan(values))
                start = kept * bin_bp
                end = np.minimum(start + bin_bp, sizes[chrom])
                span, value = end - start, values[kept].astype(np.float64)
                _, first = np.unique(start // reduction, return_index=True)
                records = list(bigwig.zoom_records(reduction, chrom))
                if not len(kept):
                    assert records == []
                    continue
                assert [record[:2] for record in records] == [
                    (start[a], end[b - 1]) for a, b in zip(first, [*first[1:], len(kept)], strict=True)
                ]
                got = {key: np.array([record[2][key] for record in records]) for key in records[0][2]}
                size = np.add.reduceat(np.abs(value) * span, first)
                squares = np.add.reduceat(value**2 * span, first)
                np.testing.assert_array_equal(got["bases_covered"], np.add.reduceat(span, first))
                np.testing.assert_array_equal(got["min_val"], np.minimum.reduceat(value, first))
                np.testing.assert_array_equal(got["max_val"], np.maximum.reduceat(value, first))
                assert (np.abs(got["sum"] - np.add.reduceat(value * span, first)) <= 1e-6 * size + 1e-37).all()
                np.testing.assert_allclose(got["sum_squares"], squares, rtol=1e-6, atol=1e-37)
    return reductions


def flip(data: bytearray, place: int) -> None:
    data[place] ^= 0x10


def of_data(data: bytearray) -> int:
    (offset,) = struct.unpack_from("<Q", data, 16)
    return int(offset) + 500
