"""Read a finished bigWig back with pybigtools, which shares no code with the writer.

Not with pyBigWig: a file that is damaged in its chromosome tree or index can end the process there.
"""

import math
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pybigtools
from numpy.typing import NDArray

from genint.errors import OutputError
from genint.output.bigwig.layout import MAGIC, SUMMARY_OFFSET
from genint.output.bigwig.read import Damage, report_damage

# A chromosome is looked up by going through all names. Of more than 3,000 only the longest are summed: of 100,000
# scaffolds, the 100 with the most data.
_MOST_NAMES = 10**7


def verify(path: Path, sizes: Mapping[str, int], chroms: NDArray[Any], *, name: Path | None = None) -> None:
    """Raise OutputError unless `path` holds the chromosomes `sizes`, and data only in `chroms` and as these say.

    `chroms`: zoom.SUMS, one for each chromosome with data, in the order of `sizes`. Every value of these is read and
    summed (of very many, those of the longest). `name` is what a message calls the file, if not `path`.
    """
    try:
        # pybigtools gets it open, for by path it reads no name that ends in .tmp.
        with report_damage(), open(path, "rb") as file:
            problem = _check_ends(file) or _check_contents(file, sizes, chroms)
    except Damage as damage:
        problem = str(damage)
    if problem:
        raise OutputError(f"{name or path}: does not read back as it was written ({problem}); write it again")


def _check_ends(file: BinaryIO) -> str | None:
    """A file that lost its end may still open: the last bytes belong to the coarsest zoom level."""
    magic = struct.pack("<I", MAGIC)
    if file.read(4) != magic:
        return "not a bigWig"
    if file.seek(0, 2) < SUMMARY_OFFSET:
        return "truncated"
    file.seek(-4, 2)
    return None if file.read() == magic else "truncated"


def _check_contents(file: BinaryIO, sizes: Mapping[str, int], chroms: NDArray[Any]) -> str | None:
    file.seek(0)
    with pybigtools.open(file) as bigwig:
        found, covered = bigwig.info()["summary"]["basesCovered"], int(chroms["covered"].sum())
        if bigwig.chroms() != sizes:
            return "other chromosomes"
        if found != covered:
            return f"{found:,} bases with data instead of {covered:,}"
        if covered and not bigwig.zooms():
            return "no zoom levels"
        names = list(sizes)
        longest = np.argsort(chroms["covered"], kind="stable")[::-1][: max(1, _MOST_NAMES // len(sizes))]
        for sums in chroms[longest]:
            chrom = names[sums["chrom"]]
            (total,) = bigwig.values(chrom, bins=1, summary="sum", exact=True, uncovered=0.0, fillna=None)
            # `not <=`, so that NaN counts as different.
            if not abs(total - sums["total"]) <= _tolerance(sums):
                return f"{chrom} sums to {total} instead of {sums['total']}"
    return None


def _tolerance(sums: np.void) -> float:
    """The two sums are taken in different orders. sqrt(n * sum of squares) is at least the sum of magnitudes."""
    return 1e-9 * math.sqrt(float(sums["covered"]) * float(sums["squares"]))
