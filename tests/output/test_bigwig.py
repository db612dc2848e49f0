"""What genint.output.bigwig writes, two other implementations read back; what it cannot use it refuses in one line."""

import errno
import gzip
import itertools
import os
import resource
import signal
import struct
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pybigtools
import pyBigWig
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from genint.errors import InputError, OutputError
from genint.output.bigwig import BigWigReader, BigWigWriter, layout, verify, write, zoom

Values = NDArray[np.float32]
Track = dict[str, Values]  # one value per bin of a chromosome, NaN in holes
HOLE = np.float32(np.nan)
NO_DATA = np.empty(0, np.float32)
SIZES = {"a": 128 * 3000, "b": 500}


def make(path: Path, sizes: Mapping[str, int], track: Track, bin_bp: int = 128, piece: int = 10**9) -> Path:
    with BigWigWriter(path, sizes, bin_bp=bin_bp) as bigwig:
        for chrom, values in track.items():
            for at in range(0, len(values), piece):
                bigwig.add(chrom, at, values[at : at + piece])
    return path


def random_values(n: int, seed: int = 0, holes: float = 0.0) -> Values:
    rng = np.random.default_rng(seed)
    values = rng.gamma(0.5, 2, n).astype(np.float32)
    values[rng.random(n) < holes] = HOLE
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


# Writing: what goes in comes out


@st.composite
def tracks(draw: st.DrawFn) -> tuple[int, dict[str, int], Track]:
    bin_bp = draw(st.sampled_from([1, 7, 128]))
    names = draw(st.lists(st.text("abcXYZ019_.", min_size=1, max_size=12), min_size=1, max_size=12, unique=True))
    number = st.floats(-(2.0**40), 2.0**40, width=32) | st.just(float("nan"))
    sizes, track = {}, {}
    for name in names:
        n_bins = draw(st.integers(1, 60))
        sizes[name] = n_bins * bin_bp - draw(st.integers(0, bin_bp - 1))
        if draw(st.booleans()):
            track[name] = draw(hnp.arrays(np.float32, n_bins, elements=number))
    return bin_bp, sizes, track


@settings(max_examples=60, deadline=None)
@given(
    tracks(),
    st.sampled_from([1, 3, 1000]),
    st.sampled_from([(2, 4, 3, 1, 1, 2), (3, 8, 5, 20, 4, 4), (256, 2048, 1024, 1 << 16, 64, 32)]),
)
def test_both_readers_get_every_value_back_and_holes_stay_holes(
    drawn: tuple[int, dict[str, int], Track], piece: int, limits: tuple[int, int, int, int, int, int]
) -> None:
    bin_bp, sizes, track = drawn
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        # Small limits make deep trees, many blocks, many pieces and many zoom levels out of few values.
        patch.setattr(layout, "NODE_ITEMS", limits[0])
        patch.setattr(layout, "BINS_PER_BLOCK", limits[1])
        patch.setattr(layout, "RECORDS_PER_BLOCK", limits[2])
        patch.setattr(write, "_BINS_AT_ONCE", limits[3])
        patch.setattr(zoom, "FEW_RECORDS", limits[4])
        patch.setattr(zoom, "FIRST_REDUCTION_BINS", limits[5])
        layout.chromosome_tree.cache_clear()  # it was made with other limits
        path = make(Path(folder, "track.bw"), sizes, track, bin_bp, piece)
        want = {chrom: expected(track.get(chrom, NO_DATA), bin_bp, length) for chrom, length in sizes.items()}
        assert read_with_pybigwig(path) == want
        assert read_with_pybigtools(path) == want
        reductions = assert_zooms_are_right(path, sizes, track, bin_bp)
        assert bool(reductions) == any(want.values())
    layout.chromosome_tree.cache_clear()


def test_the_extremes_of_float32_survive(tmp_path: Path) -> None:
    limits = np.finfo(np.float32)
    values = np.array([limits.max, limits.min, limits.tiny, limits.smallest_subnormal, -0.0, 0.0], np.float32)
    path = make(tmp_path / "track.bw", {"a": 700}, {"a": values})
    for read in (read_with_pybigwig, read_with_pybigtools):
        assert np.array([value for _, _, value in read(path)["a"]], np.float32).tobytes() == values.tobytes()


def test_the_last_bin_ends_where_its_chromosome_ends(tmp_path: Path) -> None:
    sizes = {"whole": 256, "short": 129, "tiny": 1}
    track = {chrom: random_values(-(-length // 128)) for chrom, length in sizes.items()}
    got = read_with_pybigwig(make(tmp_path / "track.bw", sizes, track))
    assert [got[chrom][-1][:2] for chrom in sizes] == [(128, 256), (128, 129), (0, 1)]


def test_chromosomes_keep_the_order_of_the_genome(tmp_path: Path) -> None:
    sizes = {"chr2": 1000, "chr10": 2000, "chr1": 3000, "M": 500}
    path = make(tmp_path / "track.bw", sizes, {chrom: random_values(2) for chrom in sizes})
    with pyBigWig.open(str(path)) as bigwig:
        assert list(bigwig.chroms().items()) == list(sizes.items())


def test_the_same_bins_make_the_same_bytes_however_they_are_handed_over(tmp_path: Path) -> None:
    sizes, track = {"a": 128 * 5000 - 3, "b": 99}, {"a": random_values(5000, holes=0.1), "b": random_values(1)}
    files = [make(tmp_path / f"{piece}.bw", sizes, track, piece=piece) for piece in (1, 77, 1024, 5000)]
    assert len({file.read_bytes() for file in files}) == 1


def test_the_same_bytes_come_of_bins_that_are_written_in_several_pieces(tmp_path: Path) -> None:
    sizes, track = {"a": 128 * 200_000 - 3, "b": 99}, {"a": random_values(200_000, holes=0.01), "b": random_values(1)}
    track["a"][3000:90_000] = HOLE
    files = [make(tmp_path / f"{piece}.bw", sizes, track, piece=piece) for piece in (999, 65_537, 10**6)]
    assert len({file.read_bytes() for file in files}) == 1
    assert read_with_pybigtools(files[0])["a"] == expected(track["a"], 128, sizes["a"])
    assert_zooms_are_right(files[0], sizes, track, 128)


def test_zoom_records_are_right_at_every_level(tmp_path: Path) -> None:
    sizes = {"a": 128 * 70_000 - 50, "b": 128 * 3000, "c": 300}
    track = {"a": random_values(70_000, 1), "b": random_values(3000, 2, holes=0.5), "c": random_values(3, 3)}
    track["a"][20_000:45_000] = HOLE
    path = make(tmp_path / "track.bw", sizes, track)
    assert assert_zooms_are_right(path, sizes, track, 128) == [4096, 16384, 65536, 262144]
    with pyBigWig.open(str(path)) as bigwig:
        for chrom, length in sizes.items():
            for kind in ("mean", "std", "min", "max", "coverage"):
                near, exact = (bigwig.stats(chrom, 0, length, type=kind, exact=exact) for exact in (False, True))
                assert near == pytest.approx(exact, rel=1e-5)


def test_zoom_records_are_right_for_many_chromosomes_of_one_bin(tmp_path: Path) -> None:
    sizes = {f"s{n}": 1 + n % 128 for n in range(3000)}
    track = {chrom: random_values(1, n, holes=0.2) for n, chrom in enumerate(sizes)}
    path = make(tmp_path / "track.bw", sizes, track)
    assert assert_zooms_are_right(path, sizes, track, 128) == [4096]


def test_a_sum_beyond_float32_is_stored_as_the_largest_number(tmp_path: Path) -> None:
    path = make(tmp_path / "track.bw", {"a": 256}, {"a": np.full(2, 3e38, np.float32)})
    with pybigtools.open(str(path)) as bigwig:
        ((_, _, record),) = bigwig.zoom_records(4096, "a")
    assert record["sum"] == record["sum_squares"] == np.finfo(np.float32).max


def test_the_header_sums_up_the_whole_file(tmp_path: Path) -> None:
    values = random_values(1001, holes=0.2) - 1
    path = make(tmp_path / "track.bw", {"empty": 500, "a": 128 * 1000 + 28}, {"a": values})
    span = np.where(np.isnan(values), 0, np.append(np.full(1000, 128), 28))
    exact = np.nan_to_num(values).astype(np.float64)
    with pybigtools.open(str(path)) as bigwig:
        summary = bigwig.info()["summary"]
    assert summary["basesCovered"] == span.sum()
    assert (summary["min"], summary["max"]) == (np.nanmin(values), np.nanmax(values))
    assert summary["sum"] == pytest.approx((exact * span).sum(), rel=1e-12)
    assert summary["mean"] == pytest.approx((exact * span).sum() / span.sum(), rel=1e-12)


def test_tens_of_thousands_of_scaffolds_are_no_trouble(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    sizes = {f"{'scaffold_' * (n % 3)}{n}": int(rng.integers(1, 400)) for n in rng.permutation(20_000)}
    track = {chrom: random_values(-(-length // 128), n) for n, (chrom, length) in enumerate(sizes.items())}
    path = make(tmp_path / "track.bw", sizes, track)
    some = list(sizes)[::199]
    with pyBigWig.open(str(path)) as one, pybigtools.open(str(path)) as other:
        assert one.chroms() == other.chroms() == sizes
        for chrom in some:
            want = expected(track[chrom], 128, sizes[chrom])
            assert list(one.intervals(chrom)) == list(other.records(chrom)) == want
    assert_zooms_are_right(path, sizes, {chrom: track[chrom] for chrom in some}, 128)


@pytest.mark.parametrize("track", [{}, {"a": np.full(8, HOLE)}, {"a": NO_DATA}])
def test_a_file_without_data_is_a_valid_bigwig(tmp_path: Path, track: Track) -> None:
    path = make(tmp_path / "track.bw", {"a": 1000, "b": 10}, track)
    assert read_with_pybigwig(path) == read_with_pybigtools(path) == {"a": [], "b": []}


# Writing: nothing half-written looks whole


def test_a_file_appears_only_when_it_is_closed_and_replaces_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "track.bw"
    path.write_text("old")
    with BigWigWriter(path, {"a": 1000}, bin_bp=128) as bigwig:
        bigwig.add("a", 0, random_values(8))
        assert path.read_text() == "old"
    assert len(read_with_pybigwig(path)["a"]) == 8
    assert os.listdir(tmp_path) == ["track.bw"]


def test_an_exception_leaves_nothing_behind(tmp_path: Path) -> None:
    def interrupted() -> None:
        with BigWigWriter(tmp_path / "track.bw", {"a": 1000}, bin_bp=128) as bigwig:
            bigwig.add("a", 0, random_values(8))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert os.listdir(tmp_path) == []


def test_a_killed_process_leaves_no_file_of_the_final_name(tmp_path: Path) -> None:
    script = """if True:
        import pathlib, sys, time
        import numpy as np
        from genint.output.bigwig import BigWigWriter
        writer = BigWigWriter(pathlib.Path(sys.argv[1]), {"a": 10**9}, bin_bp=128)
        writer.add("a", 0, np.random.default_rng(0).random(10**6, np.float32))
        print("ready", flush=True)
        time.sleep(60)
    """
    path = tmp_path / "track.bw"
    with subprocess.Popen([sys.executable, "-c", script, path], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGKILL)
    (left,) = tmp_path.iterdir()
    assert left.name.startswith(f".track.bw.{process.pid}-")
    assert left.stat().st_size > 10**6
    with pytest.raises(InputError, match="expected a bigWig"):
        BigWigReader(left)


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    """Writing beyond `size` fails as it does on a full disk, with another number."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_is_told_in_one_line_wherever_it_strikes(tmp_path: Path) -> None:
    sizes, track = {"a": 128 * 500_000}, {"a": random_values(500_000)}
    size = make(tmp_path / "whole.bw", sizes, track).stat().st_size
    os.remove(tmp_path / "whole.bw")
    for room in (0, size // 4, size * 3 // 4, size - 1):
        with files_no_larger_than(room), pytest.raises(OutputError) as caught:
            make(tmp_path / "track.bw", sizes, track, piece=1000)
        assert str(caught.value).startswith(f"{tmp_path / 'track.bw'}: cannot write (File too large). Free space, or")
        assert os.listdir(tmp_path) == []


def test_a_path_that_cannot_be_written_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "folder.bw").mkdir()
    (tmp_path / "file").touch()
    reasons = {
        "folder.bw": "Is a directory",
        "missing/track.bw": "No such file or directory",
        "file/track.bw": "Not a directory",
    }
    for name, reason in reasons.items():
        with pytest.raises(OutputError, match=rf"{name}: cannot write \({reason}\)\. .*, or choose another `out`"):
            BigWigWriter(tmp_path / name, {"a": 1000}, bin_bp=128)
    assert sorted(os.listdir(tmp_path)) == ["file", "folder.bw"]


def test_a_folder_without_write_permission_is_told_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, mode: str) -> None:  # as for anyone but root, who may write anywhere
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    monkeypatch.setattr(write, "open", refuse, raising=False)
    with pytest.raises(OutputError, match=r"/track.bw: cannot write \(Permission denied\)\. Look at that place, or"):
        BigWigWriter(tmp_path / "track.bw", {"a": 1000}, bin_bp=128)
    assert os.listdir(tmp_path) == []


BAD_CALLS: dict[str, tuple[str, int, object]] = {
    "b bin 2: infinite": ("b", 1, np.array([1, np.inf], np.float32)),
    "float32": ("b", 0, np.zeros(2)),
    "float32 array": ("b", 0, [1.0, 2.0]),
    "of one dimension": ("b", 0, np.zeros((2, 2), np.float32)),
    "not among": ("c", 0, np.zeros(2, np.float32)),
    "are not within": ("b", -1, np.zeros(2, np.float32)),
    "not within its 3": ("b", 2, np.zeros(2, np.float32)),
    "a bin 0 comes after b": ("a", 0, np.zeros(2, np.float32)),
    "b bin 0 comes after b bin 0": ("b", 0, np.zeros(1, np.float32)),
}


@pytest.mark.parametrize("message", BAD_CALLS)
def test_a_wrong_call_is_refused(tmp_path: Path, message: str) -> None:
    writer = BigWigWriter(tmp_path / "track.bw", {"a": 1000, "b": 300}, bin_bp=128)
    writer.add("b", 0, np.zeros(1, np.float32))
    with pytest.raises(ValueError, match=message):
        writer.add(*BAD_CALLS[message])  # type: ignore[arg-type]
    writer.discard()
    assert os.listdir(tmp_path) == []
    with pytest.raises(ValueError, match="is closed"):
        writer.add("b", 1, np.zeros(1, np.float32))


@pytest.mark.parametrize("sizes", [{}, {"a": 0}, {"": 10}, {"a\0b": 10}])
def test_a_chromosome_without_name_or_length_is_refused(tmp_path: Path, sizes: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="chromosome"):
        BigWigWriter(tmp_path / "track.bw", sizes, bin_bp=128)


def test_a_chromosome_too_long_for_the_format_is_the_users_to_know(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"lungfish has 2,147,483,648 bases, and .* count to 2,147,483,647"):
        BigWigWriter(tmp_path / "track.bw", {"lungfish": 2**31}, bin_bp=128)


def test_the_longest_possible_chromosome_can_be_written_to_its_end(tmp_path: Path) -> None:
    length = 2**31 - 1
    path = tmp_path / "track.bw"
    with BigWigWriter(path, {"a": length}, bin_bp=128) as bigwig:
        bigwig.add("a", length // 128 - 1, np.array([1, 2], np.float32))
    assert read_with_pybigwig(path) == {"a": [(length - 255, length - 127, 1.0), (length - 127, length, 2.0)]}


# Verification


def flip(data: bytearray, place: int) -> None:
    data[place] ^= 0x10


def drop_zooms(data: bytearray) -> None:
    data[6:8] = b"\0\0"


def of_data(data: bytearray) -> int:
    (offset,) = struct.unpack_from("<Q", data, 16)
    return int(offset) + 500


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


# Reading


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


def test_damage_in_the_data_is_told_with_the_chromosome(tmp_path: Path) -> None:
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


def test_an_unknown_chromosome_is_told_with_one_it_has(tmp_path: Path) -> None:
    path = make(tmp_path / "track.bw", SIZES, {"a": random_values(2)})
    with BigWigReader(path) as reader, pytest.raises(InputError, match="no chromosome chrA; expected one of a, b,"):
        reader.bin_sums("chrA", 128)
