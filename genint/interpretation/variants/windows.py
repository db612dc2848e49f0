"""Where a variant is scored: one window of DNA with the reference, one with the alternative, and which bases count.

Windows start at every half tile from the chromosome's start, and a variant is scored in the one whose middle half holds
it, so all variants of a half tile share one pass of the reference, and the score of one depends on no other. Both
windows begin at the same base; behind an indel the alternative has other DNA at the end. What is summed is a stretch
of bases centred on the allele, equally long in both; a bin that lies partly inside counts for that part. Where an end
of the chromosome cuts one of the two, the other is made as short at its far end.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from genint.arrays import F64
from genint.errors import InputError
from genint.genome import dna
from genint.genome.dna_source import DnaSource
from genint.genome.grid import Geometry
from genint.genome.region import Region
from genint.interpretation.variants.alleles import Status, Variant

DEFAULT_WIDTH = 2_048  # bp


@dataclass(frozen=True)
class VariantGrid:
    """Which window a variant lies in, and which bases are summed: `width` bp around it.

    InputError for a width that the windows of the model do not hold around each variant.
    """

    geometry: Geometry
    width: int

    def __post_init__(self) -> None:
        most = 2 * (self._margin_bp - 1)
        if not 1 <= self.width <= most:
            raise InputError(
                f"`width` {self.width:,}: this model's windows of {self.geometry.core_bp:,} bp allow 1 to {most:,} bp"
            )

    @classmethod
    def make(cls, geometry: Geometry, width: int | None) -> "VariantGrid":
        """With a width of 2,048 bp unless one is given, of a quarter of the window where that is less."""
        return cls(geometry, min(DEFAULT_WIDTH, geometry.core_bp // 4) if width is None else width)

    @property
    def _stride_bp(self) -> int:
        return max(self.geometry.core_bins // 2, 1) * self.geometry.bin_bp

    @property
    def _margin_bp(self) -> int:
        """Bases of the core that lie on either side of a variant's start at least."""
        return (self.geometry.core_bp - self._stride_bp) // 2

    @property
    def longest_allele(self) -> int:
        """Bases; a variant with a longer one is not scored."""
        return self._margin_bp - (self.width + 1) // 2

    def first_base(self, variant: Variant) -> int:
        """The first base of its window's core."""
        return max(variant.start - self._margin_bp, 0) // self._stride_bp * self._stride_bp

    def is_too_long(self, variant: Variant) -> bool:
        """Whether an allele leaves too little room around it."""
        return max(len(variant.ref), len(variant.alt)) > self.longest_allele

    def bin_weights(self, start: int, end: int, core_start: int) -> F64:
        """(core_bins,): the share of each bin of the window that lies in [start, end)."""
        starts = core_start + self.geometry.bin_bp * np.arange(self.geometry.core_bins)
        inside = np.minimum(starts + self.geometry.bin_bp, end) - np.maximum(starts, start)
        shares: F64 = np.maximum(inside, 0) / self.geometry.bin_bp
        return shares

    def stretches(self, variant: Variant, chrom_bp: int) -> tuple[F64, F64]:
        """(core_bins,) twice: shares of the bins in the stretch of the reference, and in that of the alternative.

        Both have as many bases. Cut by the chromosome's start, they begin there; cut by its end, they end there.
        """
        alleles = (variant.ref, variant.alt)
        starts = [variant.start + len(allele) // 2 - self.width // 2 for allele in alleles]
        firsts = [max(start, 0) for start in starts]
        limits = [chrom_bp - len(variant.ref) + len(allele) for allele in alleles]
        ends = [min(start + self.width, limit) for start, limit in zip(starts, limits, strict=True)]
        length = min(end - first for first, end in zip(firsts, ends, strict=True))
        if min(starts) >= 0:
            firsts = [end - length for end in ends]
        ref, alt = (self.bin_weights(first, first + length, self.first_base(variant)) for first in firsts)
        return ref, alt

    def compared_in(self, variant: Variant) -> Region:
        """The bases of the reference that both windows hold: behind an insertion the alternative's reaches less far."""
        start = self.first_base(variant)
        inserted = max(len(variant.alt) - len(variant.ref), 0)
        return Region(variant.chrom, start, start + self.geometry.core_bp - inserted)


class Pass(NamedTuple):
    """The DNA of one forward pass; see task.DnaWindow. `variant` is None for the reference."""

    variant: Variant | None
    reverse: bool
    tokens: dna.Tokens


def read_passes(
    variant: Variant | None, window: tuple[str, int], genome: DnaSource, geometry: Geometry, *, rc: bool
) -> Iterator[Pass]:
    """The passes of a window, (chromosome, first base of its core): with a variant in it, or None for the reference.

    With `rc` one more, from the reverse strand.
    """
    chrom, core_start = window
    start, end = core_start - geometry.context_bp, core_start - geometry.context_bp + geometry.input_bp
    if variant is None:
        tokens = genome.tokens(chrom, start, end)
    else:
        left = genome.tokens(chrom, start, variant.start)
        alt = dna.tokens(variant.alt.encode())
        right = genome.tokens(chrom, variant.end, variant.end + geometry.input_bp - len(left) - len(alt))
        tokens = np.concatenate([left, alt, right])
    yield Pass(variant, False, tokens)
    if rc:
        yield Pass(variant, True, dna.reverse_complement(tokens))


def surroundings(variant: Variant, grid: VariantGrid, genome: DnaSource) -> Status:
    """OK, or what is unusual in the DNA that the model reads around a variant: behind a deletion it reads further."""
    start = grid.first_base(variant) - grid.geometry.context_bp
    deleted = max(len(variant.ref) - len(variant.alt), 0)
    end, length = start + grid.geometry.input_bp + deleted, genome.sizes[variant.chrom]
    if start < 0 or end > length:
        return Status.EDGE_PADDED
    has_n = bool((genome.tokens(variant.chrom, start, end) == dna.UNKNOWN).any())
    return Status.OK_N_CONTEXT if has_n else Status.OK
