"""Regions of a genome.

Coordinates are 0-based and half-open everywhere inside genint, as in BED. The one exception is text a person
reads or types: `chrI:1,001-2,000` is 1-based with both ends included, as in genome browsers and samtools.
"""

import re
from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Self

from genint.errors import InputError
from genint.genome.chromosome_names import listed

MOST_DIGITS = 18  # of a coordinate: what tables and arrays hold


@dataclass(frozen=True, order=True)
class Region:
    """An interval of a chromosome: 0-based, half-open. Region("chrI", 0, 1) is the first base, printed chrI:1-1.

    ValueError for one that holds no base or starts before the chromosome.
    """

    chrom: str
    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end:
            raise ValueError(f"start {self.start} and end {self.end} do not satisfy 0 <= start < end")

    def __len__(self) -> int:
        return self.end - self.start

    def __str__(self) -> str:
        return f"{self.chrom}:{self.start + 1:,}-{self.end:,}"

    def shift(self, bp: int) -> Self:
        """As long, `bp` further along the chromosome; back where negative."""
        return type(self)(self.chrom, self.start + bp, self.end + bp)

    def resize(self, bp: int) -> Self:
        """`bp` long around the same middle; a base that cannot be halved goes to the right."""
        start = (self.start + self.end) // 2 - bp // 2
        return type(self)(self.chrom, start, start + bp)

    def rename(self, chrom: str) -> Self:
        """The same interval of a chromosome that goes by another name."""
        return type(self)(chrom, self.start, self.end)

    def intersect(self, other: Self) -> Self | None:
        """The bases that both hold, None if there are none."""
        start, end = max(self.start, other.start), min(self.end, other.end)
        return type(self)(self.chrom, start, end) if self.chrom == other.chrom and start < end else None


@dataclass(frozen=True)
class EmptyRegion:
    """A place between two bases, as a BED row whose start is its end: legal there, and it holds nothing to predict."""

    chrom: str
    start: int

    @property
    def end(self) -> int:
        """Where it starts."""
        return self.start

    def rename(self, chrom: str) -> Self:
        """The same place on a chromosome that goes by another name."""
        return type(self)(chrom, self.start)

    def __len__(self) -> int:
        return 0


def parse_region(text: str, sizes: Mapping[str, int], parameter: str = "region") -> Region:
    """Read `chrI`, `chrI:1001`, `chrI:1,001-2,000` or `chrI:1001-` (1-based, both ends included).

    `sizes` gives the chromosome lengths; names are taken as they stand there, so reconcile them first. `parameter` is
    who gave the text, for messages. Raises InputError for another text, chromosome, or a region without bases.
    """
    chrom, first, last = split_region(text, sizes, parameter)
    if chrom not in sizes:
        raise InputError(f"`{parameter}` {text}: no chromosome {chrom} there. Expected one of {listed(sizes)}")
    try:
        return Region(chrom, first - 1, sizes[chrom] if last is None else last)
    except ValueError:
        raise InputError(
            f"`{parameter}` {text}: {chrom} is {sizes[chrom]:,} bp long. "
            "Expected chrom:start-end, 1-based, start <= end"
        ) from None


def split_region(text: str, names: Container[str] = (), parameter: str = "region") -> tuple[str, int, int | None]:
    """Split a region's text into chromosome, first base and last base (None: to the chromosome's end), 1-based.

    A text that stands in `names` is a complete chromosome, whatever its colons (HLA-A*01:01:01:01).
    """
    if text in names or ":" not in text:
        return text, 1, None
    match = re.fullmatch(r"(.+):([\d,]+)(-([\d,]*))?", text, re.ASCII)
    if not match:
        raise InputError(
            f"`{parameter}` {text}: not a region. Expected chrom:start-end, 1-based, for example chrI:1,001-2,000"
        )
    chrom, dash = match[1], match[3]
    first, last = (digits.replace(",", "") for digits in (match[2], match[4] or ""))
    if max(len(first), len(last)) > MOST_DIGITS:
        raise InputError(
            f"`{parameter}` {text[:60]}...: no chromosome is that long. Expected at most {MOST_DIGITS} digits"
        )
    start = int(first or 0)
    if dash is None:
        return chrom, start, start
    return chrom, start, int(last) if last else None
