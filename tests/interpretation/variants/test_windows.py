"""Windows of variants: each holds its stretch, and reference and alternative begin at the same base."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from genint.errors import InputError
from genint.genome import dna
from genint.genome.dna import to_text
from genint.genome.dna_source import SequenceSource
from genint.genome.grid import Geometry
from genint.interpretation.variants.alleles import Status, Variant
from genint.interpretation.variants.windows import VariantGrid, read_passes, surroundings

GEOMETRY = Geometry(core_bp=2_048, context_bp=128, bin_bp=64)
GRID = VariantGrid.make(GEOMETRY, None)
SOURCE = SequenceSource("".join("ACGT"[k * k % 7 % 4] for k in range(9_000)), "chr1")


def test_the_default_width_is_2048_where_the_model_allows() -> None:
    assert GRID.width == 512
    assert VariantGrid.make(Geometry(core_bp=16_384, context_bp=512, bin_bp=128), None).width == 2_048


@pytest.mark.parametrize("width", [0, 1_023, 99_999])
def test_a_width_that_a_window_does_not_hold_is_refused(width: int) -> None:
    with pytest.raises(InputError, match="allow 1 to 1,022 bp"):
        VariantGrid(GEOMETRY, width)


def test_a_model_of_a_single_bin_holds_no_stretch() -> None:
    with pytest.raises(InputError, match="width"):
        VariantGrid(Geometry(core_bp=64, context_bp=0, bin_bp=64), 1)


@given(
    st.integers(0, 100_000),
    st.integers(0, 600),
    st.integers(0, 600),
    st.integers(1, 1_022),
    st.sampled_from([16, 15]),
)
def test_the_whole_stretch_lies_in_the_window_wherever_the_variant_is(
    start: int, ref: int, alt: int, width: int, bins: int
) -> None:
    geometry = Geometry(core_bp=128 * bins, context_bp=128, bin_bp=128)
    grid = VariantGrid(geometry, min(width, 800))
    variant = Variant("chr1", start, "A" * ref, "C" * alt)
    assume(not grid.is_too_long(variant))
    cut = max(grid.width // 2 - min(ref, alt) // 2 - start, 0)  # by the chromosome's start
    for shares in grid.stretches(variant, 1_000_000):
        assert shares.sum() * 128 == pytest.approx(grid.width - cut)
        assert (shares <= 1).all()


@given(
    st.integers(1, 9_000),
    st.floats(0, 1),
    st.integers(0, 255),
    st.integers(0, 255),
    st.integers(1, 512),
)
def test_both_stretches_have_as_many_bases_wherever_the_chromosome_ends(
    chrom_bp: int, place: float, ref: int, alt: int, width: int
) -> None:
    ref = min(ref, chrom_bp)
    variant = Variant("chr1", int(place * (chrom_bp - ref)), "A" * ref, "C" * alt)
    shares = VariantGrid(GEOMETRY, width).stretches(variant, chrom_bp)
    assert shares[0].sum() == pytest.approx(shares[1].sum())
    changed_bp = chrom_bp - ref + alt
    inside = GRID.bin_weights(0, changed_bp, GRID.first_base(variant))
    assert (shares[1] <= inside + 1e-9).all()


def test_the_ends_of_the_chromosome_cut_the_stretch() -> None:
    ref, alt = GRID.stretches(Variant("chr1", 8_990, "A", "ACGT"), 9_000)
    assert ref.sum() * 64 == 256 + 10  # the alternative's middle is 2 bases further, and its chromosome 3 longer
    assert alt.sum() * 64 == 256 + 10
    assert alt.argmax() == ref.argmax()


def test_a_deletion_at_the_chromosome_s_start_is_compared_from_the_first_base_on() -> None:
    ref, alt = GRID.stretches(Variant("chr1", 2, "A" * 200, ""), 9_000)
    expected = GRID.bin_weights(0, 2 + 256, 0)
    assert (ref == expected).all()
    assert (alt == expected).all()


def test_what_a_deletion_moves_into_the_window_is_looked_at_too() -> None:
    def found(source: SequenceSource) -> list[Status]:
        variants = [Variant("chr1", 2_500, "A" * length, "") for length in (1, 100)]
        return [surroundings(variant, GRID, source) for variant in variants]

    end = GRID.first_base(Variant("chr1", 2_500, "A", "")) + 2_048 + 128  # of what the model reads of the reference
    assert found(SequenceSource("A" * (end + 50), "chr1")) == [Status.OK, Status.EDGE_PADDED]
    assert found(SequenceSource("A" * (end + 50) + "N" * 500, "chr1")) == [Status.OK, Status.OK_N_CONTEXT]


@given(st.integers(0, 8_999), st.text("ACGT", max_size=9), st.integers(0, 9), st.booleans())
def test_a_pass_is_the_changed_chromosome_from_the_window_s_first_base(
    start: int, alt: str, length: int, rc: bool
) -> None:
    end = min(start + length, 9_000)
    assume(alt or end > start)
    letters = to_text(SOURCE.tokens("chr1", 0, 9_000))
    variant = Variant("chr1", start, letters[start:end], alt)
    passes = list(read_passes(variant, ("chr1", GRID.first_base(variant)), SOURCE, GEOMETRY, rc=rc))
    changed = dna.tokens((letters[:start] + alt + letters[end:]).encode())
    first = GRID.first_base(variant) - 128
    expected = np.full(GEOMETRY.input_bp, dna.UNKNOWN)
    inside = changed[max(first, 0) : first + GEOMETRY.input_bp]
    expected[max(-first, 0) :][: len(inside)] = inside
    assert (passes[0].tokens == expected).all()
    assert [each.reverse for each in passes] == [False, True][: len(passes)]
    assert len(passes) == 1 + rc
    assert (dna.reverse_complement(passes[-1].tokens) == expected).all() or not rc


def test_what_is_unusual_around_a_variant_is_said() -> None:
    source = SequenceSource("A" * 5_000 + "N" + "A" * 5_000, "chr1")
    found = [surroundings(Variant("chr1", start, "A", "C"), GRID, source) for start in (10, 2_500, 4_600, 9_990)]
    assert found == [Status.EDGE_PADDED, Status.OK, Status.OK_N_CONTEXT, Status.EDGE_PADDED]
