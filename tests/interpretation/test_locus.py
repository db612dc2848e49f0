"""Where the model reads: the tile of predict where a region lies in one, its own window where it does not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genint.errors import InputError
from genint.genome.dna_source import SequenceSource
from genint.genome.grid import Geometry
from genint.genome.region import Region
from genint.interpretation.locus import clip_region, find_locus

GEOMETRY = Geometry(core_bp=64, context_bp=8, bin_bp=4)
SOURCE = SequenceSource("ACGT" * 50, "chr1")


def test_a_region_in_one_tile_is_read_with_that_tile() -> None:
    locus = find_locus(SOURCE, Region("chr1", 70, 75), GEOMETRY)
    assert (locus.start, locus.core_bins) == (56, slice(1, 3))
    assert locus.tokens(2) == slice(7, 10)
    assert locus.core == Region("chr1", 64, 128)
    assert np.array_equal(locus.dna, SOURCE.tokens("chr1", 56, 136))


def test_a_region_across_two_tiles_gets_a_window_around_it() -> None:
    locus = find_locus(SOURCE, Region("chr1", 60, 68), GEOMETRY)
    assert locus.start % 4 == 0
    assert 0 <= locus.core_bins.start < locus.core_bins.stop <= GEOMETRY.core_bins
    first = locus.start + GEOMETRY.context_bp + 4 * locus.core_bins.start
    assert first == 60


@pytest.mark.parametrize(
    ("region", "words"),
    [
        (Region("chr1", 0, 100), "`region` chr1:1-100: is 100 bp long"),
        (Region("chr1", 200, 201), "`region` chr1:201-201: starts past the end of chr1, which is 200 bp long"),
        (Region("chr2", 0, 4), "`region` chr2:1-4: chr1 has no chromosome chr2. Expected one of chr1"),
    ],
)
def test_a_region_that_cannot_be_read_at_once_is_refused(region: Region, words: str) -> None:
    with pytest.raises(InputError, match=words):
        find_locus(SOURCE, region, GEOMETRY)


@given(start=st.integers(0, 199), length=st.integers(1, 300))
def test_a_region_ends_with_its_chromosome(start: int, length: int) -> None:
    clipped = clip_region(Region("chr1", start, start + length), SOURCE, "region")
    assert (clipped.start, clipped.end) == (start, min(start + length, 200))
    if len(clipped) <= GEOMETRY.core_bp - 2 * GEOMETRY.bin_bp:
        assert find_locus(SOURCE, Region("chr1", start, start + length), GEOMETRY).region == clipped
