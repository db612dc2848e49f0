"""Regions are 0-based inside, printed and typed as browsers do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genint.errors import InputError
from genint.genome.region import EmptyRegion, Region, parse_region, split_region

SIZES = {"chrI": 230_218, "chrII": 813_184, "HLA-A*01:01:01:01": 3_503}
REGIONS = st.builds(
    lambda chrom, start, bp: Region(chrom, start, start + bp),
    st.sampled_from("ab"),
    st.integers(0, 30),
    st.integers(1, 20),
)


def test_a_region_is_0_based_and_half_open_and_printed_as_browsers_do() -> None:
    assert len(Region("chrI", 0, 1)) == 1
    assert str(Region("chrI", 0, 1)) == "chrI:1-1"
    assert str(Region("chrI", 999_999, 2_000_000)) == "chrI:1,000,000-2,000,000"


@pytest.mark.parametrize(("start", "end"), [(0, 0), (5, 5), (6, 5), (-1, 5), (-5, -1)])
def test_a_region_without_bases_or_before_the_chromosome_is_refused(start: int, end: int) -> None:
    with pytest.raises(ValueError, match="0 <= start < end"):
        Region("chrI", start, end)


def test_regions_sort_along_the_chromosome() -> None:
    assert sorted([Region("b", 0, 1), Region("a", 9, 10), Region("a", 1, 9)]) == [
        Region("a", 1, 9),
        Region("a", 9, 10),
        Region("b", 0, 1),
    ]


def test_an_empty_region_holds_no_base() -> None:
    empty = EmptyRegion("chrI", 5)
    assert (empty.start, empty.end, len(empty), bool(empty)) == (5, 5, 0, False)


def test_a_region_is_shifted_and_resized_around_its_middle() -> None:
    region = Region("chrI", 10, 20)
    assert region.shift(-10) == Region("chrI", 0, 10)
    assert region.resize(4) == Region("chrI", 13, 17)
    assert region.resize(5) == Region("chrI", 13, 18)
    assert Region("chrI", 10, 11).resize(4) == Region("chrI", 8, 12)
    for outside in (lambda: region.shift(-11), lambda: region.resize(100), lambda: region.resize(0)):
        with pytest.raises(ValueError, match="0 <= start < end"):
            outside()


@given(REGIONS, REGIONS)
def test_two_regions_intersect_in_the_bases_of_both(one: Region, other: Region) -> None:
    def bases(region: Region | None) -> set[tuple[str, int]]:
        return {(region.chrom, base) for base in range(region.start, region.end)} if region else set()

    assert bases(one.intersect(other)) == bases(one) & bases(other)


@given(st.sampled_from(sorted(SIZES)), st.integers(0, 10**10), st.integers(1, 10**10))
def test_a_printed_region_is_read_back(chrom: str, start: int, length: int) -> None:
    region = Region(chrom, start, start + length)
    assert parse_region(str(region), SIZES) == region


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("chrI", Region("chrI", 0, 230_218)),
        ("chrI:5", Region("chrI", 4, 5)),
        ("chrI:5-", Region("chrI", 4, 230_218)),
        ("chrI:5-5", Region("chrI", 4, 5)),
        ("chrI:1,001-2,000", Region("chrI", 1_000, 2_000)),
        ("chrI:1001-2000", Region("chrI", 1_000, 2_000)),
        ("chrI:230218", Region("chrI", 230_217, 230_218)),
        ("HLA-A*01:01:01:01", Region("HLA-A*01:01:01:01", 0, 3_503)),
        ("HLA-A*01:01:01:01:11-20", Region("HLA-A*01:01:01:01", 10, 20)),
        ("HLA-A*01:01:01:01:11-", Region("HLA-A*01:01:01:01", 10, 3_503)),
    ],
)
def test_typed_regions_are_1_based_with_both_ends_included(text: str, region: Region) -> None:
    assert parse_region(text, SIZES) == region


@pytest.mark.parametrize(
    "text",
    ["", ":", "chrI:", "chrI:-5", "chrI:a-b", "chrI:1-2-3", "chrI:1.5-2", "chrI:1 - 2", "chrI:1e3-2e3", ":1-2"],
)
def test_a_text_that_is_no_region_is_refused_with_the_form_expected(text: str) -> None:
    with pytest.raises(InputError, match=r"`region`"):
        parse_region(text, SIZES)


@pytest.mark.parametrize("text", ["chrI:0-5", "chrI:0", "chrI:9-8", "chrI:,-5", "chrI:230219-", "chrI:5-0"])
def test_a_region_that_holds_no_base_is_refused_with_the_length_of_its_chromosome(text: str) -> None:
    with pytest.raises(InputError, match="chrI is 230,218 bp long"):
        parse_region(text, SIZES)


def test_a_region_on_an_unknown_chromosome_lists_the_known_ones() -> None:
    with pytest.raises(InputError, match=r"no chromosome chrX there\. Expected one of HLA.*chrI, chrII"):
        parse_region("chrX:1-2", SIZES)


def test_a_region_is_split_before_the_chromosome_lengths_are_known() -> None:
    assert split_region("chrI") == ("chrI", 1, None)
    assert split_region("chrI:7") == ("chrI", 7, 7)
    assert split_region("chrI:1,001-2,000") == ("chrI", 1_001, 2_000)
    assert split_region("HLA-A*01:01:01:01:2-") == ("HLA-A*01:01:01:01", 2, None)


def test_a_name_with_colons_is_a_whole_chromosome_where_it_is_known() -> None:
    assert split_region("HLA-A*01:01:01:01", SIZES) == ("HLA-A*01:01:01:01", 1, None)
    assert split_region("HLA-A*01:01:01:01") == ("HLA-A*01:01:01", 1, 1)
