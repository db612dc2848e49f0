"""Which row of a VCF can be scored: a status for each ALT, and the change that it makes to the genome.

Nothing is flipped and nothing is dropped: an ALT that cannot be scored has a status that says why.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from genint.genome.dna import to_text
from genint.genome.dna_source import DnaSource
from genint.interpretation.variants.vcf import VcfRow

_PIECE_BP = 256  # of the genome, read at once while an indel moves along it


class Status(StrEnum):
    """What became of an ALT. Those that begin with `ok`, and `edge_padded`, are scored."""

    OK = "ok"
    OK_N_CONTEXT = "ok_n_context"  # the model reads N somewhere around it
    EDGE_PADDED = "edge_padded"  # the model reads past an end of the chromosome, where there is N
    REF_MISMATCH = "ref_mismatch"  # REF is not what the genome has there
    REF_MISMATCH_ALT_MATCHES = "ref_mismatch_alt_matches"  # and ALT is: alleles swapped, or another assembly
    REF_HAS_N = "ref_has_n"  # REF, or the genome there, has another letter than A, C, G, T
    ALT_STAR = "alt_star"  # *, deleted by another row
    ALT_SYMBOLIC = "alt_symbolic"  # <DEL>
    ALT_BREAKEND = "alt_breakend"  # G[chr2:321[
    ALT_MISSING = "alt_missing"  # .
    ALT_EQUALS_REF = "alt_equals_ref"
    ALT_IUPAC = "alt_iupac"  # another letter than A, C, G, T
    TOO_LONG = "too_long"  # for the model's windows
    OUT_OF_RANGE = "out_of_range"  # before the chromosome's start or past its end
    UNKNOWN_CHROM = "unknown_chrom"
    MALFORMED = "malformed"

    @property
    def is_scored(self) -> bool:
        """Whether the row has scores."""
        return self in (Status.OK, Status.OK_N_CONTEXT, Status.EDGE_PADDED)


@dataclass(frozen=True)
class Variant:
    """Bases [start, start + len(ref)) of a chromosome, 0-based, replaced by `alt`; either may be empty, not both.

    As `normalize` gives it, nothing at its ends is the same in both, and an indel stands as far left as it can.
    """

    chrom: str
    start: int
    ref: str
    alt: str

    @property
    def is_indel(self) -> bool:
        """Whether it changes the number of bases."""
        return len(self.ref) != len(self.alt)

    @property
    def end(self) -> int:
        """The first base after the replaced ones."""
        return self.start + len(self.ref)

    def as_vcf(self, genome: DnaSource) -> str:
        """`POS:REF>ALT`, 1-based, with the base before an indel, as VCF wants it: after it at a chromosome's start."""
        if self.ref and self.alt:
            return f"{self.start + 1}:{self.ref}>{self.alt}"
        if self.start:
            base = letters(genome, self.chrom, self.start - 1, self.start)
            return f"{self.start}:{base}{self.ref}>{base}{self.alt}"
        base = letters(genome, self.chrom, self.end, self.end + 1)
        return f"1:{self.ref}{base}>{self.alt}{base}"


class Judged(NamedTuple):
    """An ALT with its status; `variant` for one that may be scored. `number` is that of the ALT in its row, from 0."""

    row: VcfRow
    number: int
    status: Status
    variant: Variant | None = None

    @property
    def alt(self) -> str:
        """The ALT as it stands there: all of the column where the row is malformed."""
        return self.row.alts[self.number] if self.row.alts else self.row.cells[4]


def judge(row: VcfRow, chrom: str | None, genome: DnaSource) -> Iterator[Judged]:
    """A status for each ALT of a row, one for a malformed row. `chrom` is the genome's name of it, None if unknown.

    A status of the text comes before one of the place, and that before one of the bases there.
    """
    if row.fault:
        yield Judged(row, 0, Status.MALFORMED)
    for number, alt in enumerate(row.alts):
        status = _judge_text(row.ref.upper(), alt.upper())
        if status != Status.OK:
            yield Judged(row, number, status)
            continue
        if chrom is None:
            yield Judged(row, number, Status.UNKNOWN_CHROM)
            continue
        status = _judge_place(chrom, row.pos - 1, row.ref.upper(), alt.upper(), genome)
        variant = Variant(chrom, row.pos - 1, row.ref.upper(), alt.upper()) if status == Status.OK else None
        yield Judged(row, number, status, normalize(variant, genome) if variant else None)


def _judge_text(ref: str, alt: str) -> Status:
    if alt == "*":
        return Status.ALT_STAR
    if alt == ".":
        return Status.ALT_MISSING
    if re.fullmatch(r"<[^<>]+>", alt):
        return Status.ALT_SYMBOLIC
    if "[" in alt or "]" in alt or re.fullmatch(r"\.[A-Z]+|[A-Z]+\.", alt):
        return Status.ALT_BREAKEND
    if not re.fullmatch("[ACGTNRYSWKMBDHV]+", alt):
        return Status.MALFORMED
    if alt == ref:
        return Status.ALT_EQUALS_REF
    return Status.ALT_IUPAC if re.search("[^ACGT]", alt) else Status.OK


def _judge_place(chrom: str, start: int, ref: str, alt: str, genome: DnaSource) -> Status:
    if start < 0 or start + len(ref) > genome.sizes[chrom]:
        return Status.OUT_OF_RANGE
    found = letters(genome, chrom, start, start + len(ref))
    if re.search("[^ACGT]", ref + found):
        return Status.REF_HAS_N
    if found == ref:
        return Status.OK
    is_swapped = letters(genome, chrom, start, start + len(alt)) == alt
    return Status.REF_MISMATCH_ALT_MATCHES if is_swapped else Status.REF_MISMATCH


def letters(genome: DnaSource, chrom: str, start: int, end: int) -> str:
    """Bases of [start, end), 0-based, as upper-case text: N for every other letter and past the chromosome's ends."""
    return to_text(genome.tokens(chrom, start, end))


def normalize(variant: Variant, genome: DnaSource) -> Variant:
    """The same change without bases that both alleles share at an end, an indel as far left as it goes.

    Tan, Abecasis and Kang, "Unified representation of genetic variants", Bioinformatics 31:2202 (2015), but for the
    base before an indel, which is no part of the change. REF must be the genome's.
    """
    ref, alt, start = variant.ref, variant.alt, variant.start
    after = _count_shared(ref[::-1], alt[::-1])
    ref, alt = ref[: len(ref) - after], alt[: len(alt) - after]
    before = _count_shared(ref, alt)
    ref, alt, start = ref[before:], alt[before:], start + before
    if ref and alt:
        return Variant(variant.chrom, start, ref, alt)
    allele = ref or alt
    for base in _bases_before(genome, variant.chrom, start):
        if base != allele[-1]:
            break
        allele, start = base + allele[:-1], start - 1
    return Variant(variant.chrom, start, allele if ref else "", allele if alt else "")


def _count_shared(one: str, other: str) -> int:
    """Letters that both begin with."""
    return next((k for k, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def count_places(variant: Variant, genome: DnaSource) -> int:
    """Places in which a left-aligned indel can be written: more than 1 within repeats; 1 for what is no indel."""
    allele = "" if variant.ref and variant.alt else variant.ref or variant.alt
    places = 1
    if allele:
        for base in _bases_from(genome, variant.chrom, variant.end):
            if base != allele[0]:
                break
            allele, places = allele[1:] + base, places + 1
    return places


def _bases_before(genome: DnaSource, chrom: str, start: int) -> Iterator[str]:
    """From right to left, up to the chromosome's start."""
    for end in range(start, 0, -_PIECE_BP):
        yield from reversed(letters(genome, chrom, max(end - _PIECE_BP, 0), end))


def _bases_from(genome: DnaSource, chrom: str, start: int) -> Iterator[str]:
    length = genome.sizes[chrom]
    for first in range(start, length, _PIECE_BP):
        yield from letters(genome, chrom, first, min(first + _PIECE_BP, length))
