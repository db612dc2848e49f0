"""What genint.output.bigwig writes, two other implementations read back: values, zoom levels, header."""

import tempfile
from pathlib import Path

import numpy as np
import pybigtools
import pyBigWig
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from genint.output.bigwig import layout, write, zoom
from tests.output.bigwig.files import (
    MISSING,
    NO_DATA,
    Track,
    assert_zooms_are_right,
    expected,
    make,
    random_values,
    read_with_pybigtools,
    read_with_pybigwig,
)


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
def test_both_readers_get_every_value_back_and_missing_ones_stay_missing(
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
    sizes, track = {"a": 128 * 5000 - 3, "b": 99}, {"a": random_values(5000, missing=0.1), "b": random_values(1)}
    files = [make(tmp_path / f"{piece}.bw", sizes, track, piece=piece) for piece in (1, 77, 1024, 5000)]
    assert len({file.read_bytes() for file in files}) == 1


def test_the_same_bytes_come_of_bins_that_are_written_in_several_pieces(tmp_path: Path) -> None:
    sizes, track = {"a": 128 * 200_000 - 3, "b": 99}, {"a": random_values(200_000, missing=0.01), "b": random_values(1)}
    track["a"][3000:90_000] = MISSING
    files = [make(tmp_path / f"{piece}.bw", sizes, track, piece=piece) for piece in (999, 65_537, 10**6)]
    assert len({file.read_bytes() for file in files}) == 1
    assert read_with_pybigtools(files[0])["a"] == expected(track["a"], 128, sizes["a"])
    assert_zooms_are_right(files[0], sizes, track, 128)


def test_zoom_records_are_right_at_every_level(tmp_path: Path) -> None:
    sizes = {"a": 128 * 70_000 - 50, "b": 128 * 3000, "c": 300}
    track = {"a": random_values(70_000, 1), "b": random_values(3000, 2, missing=0.5), "c": random_values(3, 3)}
    track["a"][20_000:45_000] = MISSING
    path = make(tmp_path / "track.bw", sizes, track)
    assert assert_zooms_are_right(path, sizes, track, 128) == [4096, 16384, 65536, 262144]
    with pyBigWig.open(str(path)) as bigwig:
        for chrom, length in sizes.items():
            for kind in ("mean", "std", "min", "max", "coverage"):
                near, exact = (bigwig.stats(chrom, 0, length, type=kind, exact=exact) for exact in (False, True))
                assert near == pytest.approx(exact, rel=1e-5)


def test_zoom_records_are_right_for_many_chromosomes_of_one_bin(tmp_path: Path) -> None:
    sizes = {f"s{n}": 1 + n % 128 for n in range(3000)}
    track = {chrom: random_values(1, n, missing=0.2) for n, chrom in enumerate(sizes)}
    path = make(tmp_path / "track.bw", sizes, track)
    assert assert_zooms_are_right(path, sizes, track, 128) == [4096]


def test_a_sum_beyond_float32_is_stored_as_the_largest_number(tmp_path: Path) -> None:
    path = make(tmp_path / "track.bw", {"a": 256}, {"a": np.full(2, 3e38, np.float32)})
    with pybigtools.open(str(path)) as bigwig:
        ((_, _, record),) = bigwig.zoom_records(4096, "a")
    assert record["sum"] == record["sum_squares"] == np.finfo(np.float32).max


def test_the_header_sums_up_the_file(tmp_path: Path) -> None:
    values = random_values(1001, missing=0.2) - 1
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


@pytest.mark.parametrize("track", [{}, {"a": np.full(8, MISSING)}, {"a": NO_DATA}])
def test_a_file_without_data_is_a_valid_bigwig(tmp_path: Path, track: Track) -> None:
    path = make(tmp_path / "track.bw", {"a": 1000, "b": 10}, track)
    assert read_with_pybigwig(path) == read_with_pybigtools(path) == {"a": [], "b": []}
