"""The grid belongs to the chromosome: whatever the rows look like, each base has one bin and each bin one tile."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from genint.genome.grid import BinMask, Geometry, Tile, bases_per_bin, count_bins, requested_bins, tiles, touched_bins
from genint.genome.region import Region

GEOMETRY = Geometry(core_bp=32, context_bp=5, bin_bp=8)  # 4 bins per tile
SIZES = {"chrA": 1, "chrB": 8, "chrC": 63, "chrD": 64, "chrE": 65, "chrF": 300}  # at, before and after the borders


@st.composite
def rows(draw: st.DrawFn) -> Region:
    """A row anywhere on a chromosome, often at one of its ends or all of it."""
    chrom = draw(st.sampled_from(sorted(SIZES)))
    start = draw(st.just(0) | st.integers(0, SIZES[chrom] - 1))
    return Region(chrom, start, draw(st.just(SIZES[chrom]) | st.integers(start + 1, SIZES[chrom])))


def many_rows() -> st.SearchStrategy[list[Region]]:
    """Unsorted, overlapping, and some of them twice."""
    return st.lists(rows(), min_size=1, max_size=12).flatmap(lambda few: st.permutations(few + few[: len(few) // 2]))


def wanted(regions: list[Region]) -> dict[str, BinMask]:
    return requested_bins(regions, SIZES, GEOMETRY.bin_bp)


def bases(regions: list[Region]) -> set[tuple[str, int]]:
    return {(region.chrom, base) for region in regions for base in range(region.start, region.end)}


def interval(chrom: str, k: int) -> range:
    return range(k * GEOMETRY.bin_bp, min((k + 1) * GEOMETRY.bin_bp, SIZES[chrom]))


def wanted_intervals(masks: dict[str, BinMask]) -> Iterator[tuple[str, range]]:
    return ((chrom, interval(chrom, int(k))) for chrom, mask in masks.items() for k in np.flatnonzero(mask))


@settings(max_examples=300)
@given(many_rows())
def test_every_base_asked_for_lies_in_exactly_one_wanted_bin(regions: list[Region]) -> None:
    covered = [(chrom, base) for chrom, bases in wanted_intervals(wanted(regions)) for base in bases]
    assert len(covered) == len(set(covered))
    assert bases(regions) <= set(covered)


@given(many_rows())
def test_every_wanted_bin_holds_a_base_asked_for(regions: list[Region]) -> None:
    asked = bases(regions)
    for chrom, stretch in wanted_intervals(wanted(regions)):
        assert any((chrom, base) in asked for base in stretch)


@settings(max_examples=300)
@given(many_rows())
def test_every_tile_with_a_wanted_bin_comes_once_in_genome_order_and_no_other(regions: list[Region]) -> None:
    masks = wanted(regions)
    needed = {
        (list(SIZES).index(chrom), k // GEOMETRY.core_bins)
        for chrom, mask in masks.items()
        for k in np.flatnonzero(mask)
    }
    assert [(list(SIZES).index(tile.chrom), tile.index) for tile in tiles(masks, GEOMETRY)] == sorted(needed)


@given(many_rows())
def test_order_and_repetition_of_rows_change_nothing(regions: list[Region]) -> None:
    again = sorted(regions) + regions
    for chrom, mask in wanted(regions).items():
        np.testing.assert_array_equal(mask, wanted(again)[chrom])
    assert list(wanted(regions)) == list(wanted(again))


@given(many_rows())
def test_a_chromosome_whole_wants_what_its_pieces_want(regions: list[Region]) -> None:
    for chrom in wanted(regions):
        pieces = [Region(chrom, start, min(start + 7, SIZES[chrom])) for start in range(0, SIZES[chrom], 7)]
        np.testing.assert_array_equal(wanted(pieces)[chrom], wanted([Region(chrom, 0, SIZES[chrom])])[chrom])


def test_chromosomes_come_in_the_order_of_the_genome_and_unasked_ones_not_at_all() -> None:
    assert list(wanted([Region("chrF", 0, 1), Region("chrB", 0, 1)])) == ["chrB", "chrF"]


def test_no_rows_want_no_bins_and_no_tiles() -> None:
    assert wanted([]) == {}
    assert list(tiles({}, GEOMETRY)) == []


@pytest.mark.parametrize("chrom", SIZES)
def test_the_bins_of_a_chromosome_cover_each_of_its_bases_once_the_last_bin_shorter(chrom: str) -> None:
    bins = [interval(chrom, k) for k in range(count_bins(SIZES[chrom], GEOMETRY.bin_bp))]
    assert [base for stretch in bins for base in stretch] == list(range(SIZES[chrom]))
    assert all(len(stretch) > 0 for stretch in bins)


@pytest.mark.parametrize(
    ("start", "end", "first", "last"), [(0, 1, 0, 0), (7, 8, 0, 0), (7, 9, 0, 1), (8, 16, 1, 1), (299, 300, 37, 37)]
)
def test_a_region_touches_the_bins_of_its_first_and_last_base(start: int, end: int, first: int, last: int) -> None:
    assert touched_bins(Region("chrF", start, end), 8) == slice(first, last + 1)


def test_tiles_lie_side_by_side_and_are_read_with_context_on_both_sides() -> None:
    first, second = Tile("chrF", 0), Tile("chrF", 1)
    assert first.bins(GEOMETRY) == slice(0, 4)
    assert second.bins(GEOMETRY) == slice(4, 8)
    assert first.input(GEOMETRY) == (-5, 37)
    assert second.input(GEOMETRY) == (27, 69)


@given(st.integers(0, 10_000))
def test_a_tile_reads_the_dna_of_its_bins_in_the_middle_of_its_input(index: int) -> None:
    tile = Tile("chrF", index)
    start, end = tile.input(GEOMETRY)
    bins = tile.bins(GEOMETRY)
    assert end - start == GEOMETRY.input_bp
    assert start + GEOMETRY.context_bp == bins.start * GEOMETRY.bin_bp
    assert end - GEOMETRY.context_bp == bins.stop * GEOMETRY.bin_bp
    assert bins.stop - bins.start == GEOMETRY.core_bins


@pytest.mark.parametrize(
    "numbers", [(30, 5, 8), (0, 5, 8), (32, -1, 8), (32, 5, 0), (-32, 5, 8)], ids=lambda numbers: str(numbers)
)
def test_a_tile_that_does_not_divide_into_bins_is_refused(numbers: tuple[int, int, int]) -> None:
    core_bp, context_bp, bin_bp = numbers
    with pytest.raises(ValueError, match="must be a positive multiple"):
        Geometry(core_bp=core_bp, context_bp=context_bp, bin_bp=bin_bp)


@given(hnp.arrays(np.bool_, st.integers(0, 70)), st.integers(1, 20))
@example(np.ones(9, dtype=np.bool_), 8)
def test_bases_are_counted_bin_by_bin_also_in_the_shorter_last_one(is_base: BinMask, bin_bp: int) -> None:
    counts = [int(is_base[start : start + bin_bp].sum()) for start in range(0, len(is_base), bin_bp)]
    assert bases_per_bin(is_base, bin_bp).tolist() == counts
