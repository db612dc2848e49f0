"""Regions of a genome.

Coordinates are 0-based and half-open everywhere inside genint, as in BED. The one exception is text a person
reads or types: `chrI:1,001-2,000` is 1-based with both ends included, as in genome browsers and samtools.
"""

import re
from collections.abc import Container, Mapping
from dataclasses import dataclass

from genint.errors import InputError
from genint.genome.chromosome_names import listed

MOST_DIGITS = 18  # of a coordinate: what tables and arrays hold


@dataclass(frozen=True, order=True)
class Region:
    """A stretch of chromosome: 0-based, half-open. Region("chrI", 0, 1) is the first base, printed chrI:1-1."""

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


def parse_region(text: str, sizes: Mapping[str, int], option: str = "--region") -> Region:
    """Read `chrI`, `chrI:1001`, `chrI:1,001-2,000` or `chrI:1001-` (1-based, both ends included).

    `sizes` gives the chromosome lengths; names are taken as they stand there, so reconcile them first.
    """
    chrom, first, last = split_region(text, sizes)
    if chrom not in sizes:
        raise InputError(f"{option} {text}: no chromosome {chrom} there. Expected one of {listed(sizes)}")
    try:
        return Region(chrom, first - 1, sizes[chrom] if last is None else last)
    except ValueError:
        raise InputError(
            f"{option} {text}: {chrom} is {sizes[chrom]:,} bp long. Expected chrom:start-end, 1-based, start <= end"
        ) from None


def split_region(text: str, names: Container[str] = ()) -> tuple[str, int, int | None]:
    """Split a region's text into chromosome, first base and last base (None: to the chromosome's end), 1-based.

    A text that stands in `names` is a whole chromosome, whatever its colons (HLA-A*01:01:01:01).
    """
    if text in names or ":" not in text:
        return text, 1, None
    match = re.fullmatch(r"(.+):([\d,]+)(-([\d,]*))?", text)
    if not match:
        raise InputError(
            f"--region {text}: not a region. Expected chrom:start-end, 1-based, for example chrI:1,001-2,000"
        )
    chrom, dash = match[1], match[3]
    first, last = (digits.replace(",", "") for digits in (match[2], match[4] or ""))
    if max(len(first), len(last)) > MOST_DIGITS:
        raise InputError(f"--region {text[:60]}...: no chromosome is that long. Expected at most {MOST_DIGITS} digits")
    start = int(first or 0)
    if dash is None:
        return chrom, start, start
    return chrom, start, int(last) if last else None
