"""Read a finished bigWig back with pybigtools, which shares no code with the writer.

Not with pyBigWig: a file that is damaged in its chromosome tree or index can end the process there.
"""

import math
import struct
from collections.abc import Mapping
from pathlib import Path

import pybigtools

from genint.bigwig.layout import MAGIC, SUMMARY_OFFSET, Summary
from genint.bigwig.read import Damage, damage_told
from genint.errors import OutputError

# A chromosome is looked up in time proportional to their number; of 100,000 scaffolds only the longest are summed.
_MOST_CHROMOSOMES = 1000


def verify(path: Path, sizes: Mapping[str, int], summaries: Mapping[str, Summary], *, name: Path | None = None) -> None:
    """Raise OutputError unless `path` holds the chromosomes `sizes` and what `summaries` says of those with data.

    Every value of these is read and summed. `name` is what a message calls the file, if not `path`.
    """
    try:
        with damage_told():
            problem = _ends(path) or _contents(path, sizes, summaries)
    except Damage as damage:
        problem = str(damage)
    if problem:
        raise OutputError(f"{name or path}: does not read back as it was written ({problem}); write it again")


def _ends(path: Path) -> str | None:
    """A file that lost its end may still open: the last bytes belong to the coarsest zoom level."""
    magic = struct.pack("<I", MAGIC)
    with open(path, "rb") as file:
        if file.read(4) != magic:
            return "not a bigWig"
        if file.seek(0, 2) < SUMMARY_OFFSET:
            return "truncated"
        file.seek(-4, 2)
        return None if file.read() == magic else "truncated"


def _contents(path: Path, sizes: Mapping[str, int], summaries: Mapping[str, Summary]) -> str | None:
    # From an open file, for by path pybigtools reads no name that ends in .tmp.
    with open(path, "rb") as file, pybigtools.open(file) as bigwig:
        found = bigwig.info()["summary"]["basesCovered"]
        covered = sum(summary.covered for summary in summaries.values())
        if bigwig.chroms() != dict(sizes):
            return "other chromosomes"
        if found != covered:
            return f"{found:,} bases with data instead of {covered:,}"
        if covered and not bigwig.zooms():
            return "no zoom levels"
        for chrom in sorted(summaries, key=sizes.__getitem__, reverse=True)[:_MOST_CHROMOSOMES]:
            (total,) = bigwig.values(chrom, bins=1, summary="sum", exact=True, uncovered=0.0, fillna=None)
            # `not <=`, so that NaN counts as different.
            if not abs(total - summaries[chrom].total) <= _tolerance(summaries[chrom]):
                return f"{chrom} sums to {total} instead of {summaries[chrom].total}"
    return None


def _tolerance(summary: Summary) -> float:
    """The two sums are taken in different orders. sqrt(n * sum of squares) is at least the sum of magnitudes."""
    return 1e-9 * math.sqrt(summary.covered * summary.squares)
