"""bigWigs by others are read as they are, or refused in one line."""

import gzip
import itertools
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyBigWig
import pytest

from genint.errors import InputError
from genint.output.bigwig import BigWigReader
from tests.output.bigwig.files import SIZES, flip, make, of_data, random_values


def write_with_pybigwig(path: Path, sizes: dict[str, int], entries: dict[str, list[tuple[int, int, float]]]) -> Path:
    with pyBigWig.open(str(path), "w") as bigwig:
        bigwig.addHeader(list(sizes.items()))
        for chrom, rows in entries.items():
            starts, ends, values = (list(column) for column in zip(*rows, strict=True))
            bigwig.addEntries([chrom] * len(rows), starts, ends=ends, values=values)
    return path


@pytest.mark.parametrize("bin_bp", [1, 128, 16_384])
def test_bin_sums_are_the_sums_over_all_bases(tmp_path: Path, bin_bp: int) -> None:
    rng = np.random.default_rng(0)
    sizes = {"a": 50_000, "b": 128 * 40, "c": 100, "empty": 300}
    entries = {}
    for chrom in ("a", "b", "c"):
        edges = np.unique(rng.integers(0, sizes[chrom] + 1, sizes[chrom] // 20)).tolist()
        pairs = itertools.pairwise(edges)
        entries[chrom] = [(start, end, float(rng.normal())) for start, end in pairs if rng.random() < 0.7]
    path = write_with_pybigwig(tmp_path / "track.bw", sizes, entries)
    with BigWigReader(path) as reader, pyBigWig.open(str(path)) as bigwig:
        assert reader.chroms == sizes
        for chrom, length in sizes.items():
            dense = np.nan_to_num(bigwig.values(chrom, 0, length, numpy=True)).astype(np.float64)
            want = np.add.reduceat(dense, np.arange(0, length, bin_bp))
            np.testing.assert_allclose(reader.bin_sums(chrom, bin_bp), want, rtol=1e-12, atol=1e-9)
            middle = reader.bin_sums(chrom, bin_bp, len(want) // 3, len(want) // 2)
            np.testing.assert_allclose(middle, want[len(want) // 3 : len(want) // 2], rtol=1e-12, atol=1e-9)


def test_what_the_writer_wrote_the_reader_sums(tmp_path: Path) -> None:
    values = random_values(3000)
    path = make(tmp_path / "track.bw", SIZES, {"a": values})
    with BigWigReader(path) as reader:
        np.testing.assert_array_equal(reader.bin_sums("a", 128), values.astype(np.float64) * 128)


def big_endian_bigwig() -> bytes:
    """A track that is 1.5 on a:0-256, as a machine of the other byte order writes it."""
    chroms = struct.pack(">IIIIQQBBH1sII", 0x78CA8C91, 1, 1, 8, 1, 0, 1, 0, 1, b"a", 0, 300)
    data = struct.pack(">QIIIIIBBHff", 1, 0, 0, 256, 128, 128, 3, 0, 2, 1.5, 1.5)
    data_at = 64 + 40 + len(chroms)
    index_at = data_at + len(data)
    index = struct.pack(">IIQIIIIQII", 0x2468ACE0, 1, 1, 0, 0, 0, 256, index_at, 1024, 0)
    index += struct.pack(">BBHIIIIQQ", 1, 0, 1, 0, 0, 0, 256, data_at + 8, len(data) - 8)
    header = struct.pack(">IHHQQQHHQQIQ", 0x888FFC26, 4, 0, 104, data_at, index_at, 0, 0, 0, 64, 0, 0)
    return header + struct.pack(">Qdddd", 256, 1.5, 1.5, 384, 576) + chroms + data + index


def test_the_other_byte_order_is_read(tmp_path: Path) -> None:
    (tmp_path / "track.bw").write_bytes(big_endian_bigwig())
    with BigWigReader(tmp_path / "track.bw") as reader:
        assert reader.chroms == {"a": 300}
        assert reader.bin_sums("a", 128).tolist() == [192.0, 192.0, 0.0]


def good_bytes(folder: Path) -> bytes:
    return make(folder / "good.bw", SIZES, {"a": random_values(3000)}).read_bytes()


UNREADABLE: dict[str, Callable[[Path], bytes]] = {
    "empty file; expected a bigWig": lambda folder: b"",
    r"text \(a wig or bedGraph": lambda folder: b"chr1\t0\t128\t0.5\n",
    "gzip data": lambda folder: gzip.compress(good_bytes(folder)),
    "a bigBed; expected a bigWig": lambda folder: struct.pack("<I", 0x8789F2EB) + bytes(500),
    "another kind of file": lambda folder: bytes(500),
    "truncated bigWig, 20 bytes": lambda folder: good_bytes(folder)[:20],
    "truncated bigWig, 304 bytes": lambda folder: good_bytes(folder)[:304],
    "truncated bigWig, 9,000 bytes": lambda folder: good_bytes(folder)[:9000],
    "without any data": lambda folder: write_with_pybigwig(folder / "none.bw", SIZES, {}).read_bytes(),
    "bigWig without any data": lambda folder: make(folder / "none.bw", SIZES, {}).read_bytes(),
}


@pytest.mark.parametrize("message", UNREADABLE)
def test_a_file_that_is_no_good_bigwig_is_refused_by_name(tmp_path: Path, message: str) -> None:
    path = tmp_path / "given.bw"
    path.write_bytes(UNREADABLE[message](tmp_path))
    with pytest.raises(InputError, match=f"given.bw: {message}" if message[0] != "w" else message):
        BigWigReader(path)


def test_a_missing_file_and_a_folder_are_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nope.bw: cannot read \(No such file or directory\)"):
        BigWigReader(tmp_path / "nope.bw")
    with pytest.raises(InputError, match=r"cannot read \(Is a directory\)"):
        BigWigReader(tmp_path)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_stored_value_that_is_no_number_is_refused_by_place(tmp_path: Path, value: float) -> None:
    entries = {"a": [(0, 10, 1.0), (200, 210, value), (300, 400, 2.0)]}
    path = write_with_pybigwig(tmp_path / "track.bw", {"a": 500}, entries)
    with BigWigReader(path) as reader, pytest.raises(InputError, match=r"/track.bw: a:128-256 holds NaN or infinity"):
        reader.bin_sums("a", 128)


def test_damage_in_the_data_is_reported_with_the_chromosome(tmp_path: Path) -> None:
    data = bytearray(good_bytes(tmp_path))
    flip(data, of_data(data))
    (tmp_path / "track.bw").write_bytes(data)
    message = r"/track.bw: damaged bigWig in a"
    with BigWigReader(tmp_path / "track.bw") as reader, pytest.raises(InputError, match=message):
        reader.bin_sums("a", 128)


def test_a_chromosome_of_no_bases_has_no_bins(tmp_path: Path) -> None:
    path = write_with_pybigwig(tmp_path / "track.bw", {"a": 500, "none": 0}, {"a": [(0, 10, 1.0)]})
    with BigWigReader(path) as reader:
        assert reader.bin_sums("none", 128).tolist() == []


def test_an_unknown_chromosome_is_reported_with_one_it_has(tmp_path: Path) -> None:
    path = make(tmp_path / "track.bw", SIZES, {"a": random_values(2)})
    with BigWigReader(path) as reader, pytest.raises(InputError, match="no chromosome chrA; expected one of a, b,"):
        reader.bin_sums("chrA", 128)
