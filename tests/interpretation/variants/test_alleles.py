"""Alleles: a status for each, and the same change however it is written."""

from hypothesis import assume, given
from hypothesis import strategies as st

from genint.genome.dna_source import SequenceSource
from genint.interpretation.variants.alleles import Status, Variant, count_places, judge, letters, normalize
from genint.interpretation.variants.vcf import parse_row

REPEATS = "GGCATATATACCCCGTN" + "ACGTTGCA" * 4
SOURCE = SequenceSource(REPEATS, "chr1")
words = st.text("AC", max_size=3)


def statuses(pos: int, ref: str, alt: str, chrom: str | None = "chr1") -> list[Status]:
    row = parse_row(1, f"chr1\t{pos}\t.\t{ref}\t{alt}")
    return [each.status for each in judge(row, chrom, SOURCE)]


def changed(variant: Variant, dna: str) -> str:
    return dna[: variant.start] + variant.alt + dna[variant.end :]


def test_each_alternative_has_a_status_of_its_own() -> None:
    assert statuses(1, "G", "A,*,<DEL>,G[chr2:1[,.,G,N") == [
        Status.OK,
        Status.ALT_STAR,
        Status.ALT_SYMBOLIC,
        Status.ALT_BREAKEND,
        Status.ALT_MISSING,
        Status.ALT_EQUALS_REF,
        Status.ALT_IUPAC,
    ]


def test_lower_case_is_the_same() -> None:
    assert statuses(1, "g", "a,G") == [Status.OK, Status.ALT_EQUALS_REF]


def test_a_reference_that_does_not_match_is_not_flipped() -> None:
    assert statuses(1, "A", "C,G,GG") == [
        Status.REF_MISMATCH,
        Status.REF_MISMATCH_ALT_MATCHES,
        Status.REF_MISMATCH_ALT_MATCHES,
    ]


def test_the_text_comes_before_the_chromosome_and_that_before_the_bases() -> None:
    assert statuses(1, "A", "<DEL>,*,C", chrom=None) == [Status.ALT_SYMBOLIC, Status.ALT_STAR, Status.UNKNOWN_CHROM]
    assert statuses(999, "A", "*,C") == [Status.ALT_STAR, Status.OUT_OF_RANGE]
    assert statuses(1, "A", "C?", chrom=None) == [Status.MALFORMED]


def test_n_in_the_genome_or_in_ref_is_said() -> None:
    assert statuses(17, "N", "A") == statuses(17, "A", "C") == statuses(16, "TN", "T") == [Status.REF_HAS_N]


def test_an_indel_moves_to_the_left_and_says_in_how_many_places_it_fits() -> None:
    deletion = normalize(Variant("chr1", 7, "AT", ""), SOURCE)
    assert deletion == Variant("chr1", 3, "AT", "")
    assert deletion.as_vcf(SOURCE) == "3:CAT>C"
    assert count_places(deletion, SOURCE) == 6
    insertion = normalize(Variant("chr1", 13, "C", "CC"), SOURCE)
    assert insertion.as_vcf(SOURCE) == "10:A>AC"
    assert count_places(insertion, SOURCE) == 5


def test_an_indel_at_the_first_base_is_written_with_the_base_behind_it() -> None:
    assert normalize(Variant("chr1", 0, "GGC", "C"), SOURCE).as_vcf(SOURCE) == "1:GGC>C"


def test_long_alleles_and_long_repeats_are_no_trouble() -> None:
    source = SequenceSource("A" * 3_000 + "C" * 3_000, "chr1")
    moved = normalize(Variant("chr1", 5_999, "C", "C" * 2_000), source)
    assert (moved.start, len(moved.alt)) == (3_000, 1_999)
    assert count_places(moved, source) == 3_001


@given(words, words, words, words)
def test_normalizing_changes_how_a_change_is_written_and_not_what_it_does(
    before: str, ref: str, alt: str, after: str
) -> None:
    assume(ref != alt)
    dna = "G" + before + ref + after + "T"
    source, given_variant = SequenceSource(dna, "chr1"), Variant("chr1", 1 + len(before), ref, alt)
    found = normalize(given_variant, source)
    assert changed(found, dna) == changed(given_variant, dna)
    assert letters(source, "chr1", found.start, found.end) == found.ref
    pos, alleles = found.as_vcf(source).split(":")
    written = Variant("chr1", int(pos) - 1, *alleles.split(">"))
    assert changed(written, dna) == changed(found, dna)
    assert normalize(written, source) == found


@given(words, words, words)
def test_all_ways_to_write_an_indel_are_counted_and_become_one(before: str, allele: str, after: str) -> None:
    assume(allele)
    dna = "G" + before + allele + after + "T"
    source = SequenceSource(dna, "chr1")
    goal = changed(Variant("chr1", 1 + len(before), allele, ""), dna)
    starts = [k for k in range(len(dna) - len(allele) + 1) if dna[:k] + dna[k + len(allele) :] == goal]
    ways = {normalize(Variant("chr1", k, dna[k : k + len(allele)], ""), source) for k in starts}
    (one,) = ways
    assert one.start == min(starts)
    assert count_places(one, source) == len(starts)
