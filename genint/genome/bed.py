"""BED files.

What is relied on (UCSC's BED page): at least three columns, tab- or space-separated, start 0-based, end exclusive.
`browser`, `track` and `#` lines carry no rows. Columns after the fourth are ignored; strand makes no difference,
because every track is predicted on its own strand wherever it is asked for.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from genint.errors import InputError
from genint.genome.region import MOST_DIGITS, Region
from genint.text import read_lines


class BedRow(NamedTuple):
    """One request of the user: a BED row or a --region. `source` says where it stood, for messages and regions.tsv."""

    source: str
    region: Region
    name: str


def read_bed(path: Path | str) -> list[BedRow]:
    """Read every row of a BED file: plain, gzipped (told by content, not by name), or `-` for standard input.

    Raises InputError naming file and line for anything that is not a row, and for a file without rows.
    """
    rows = list(_bed_rows(path))
    if not rows:
        raise InputError(f"{path}: holds no regions. Expected rows of chrom<TAB>start<TAB>end")
    return rows


def _bed_rows(path: Path | str) -> Iterator[BedRow]:
    for number, line in enumerate(read_lines(path, "BED rows: chrom<TAB>start<TAB>end"), start=1):
        if not line.strip() or line.startswith("#") or line.split()[0] in ("track", "browser"):
            continue
        fields = line.split("\t") if "\t" in line else line.split()
        if number == 1 and [field.lower() for field in fields[1:3]] in (["start", "end"], ["chromstart", "chromend"]):
            continue  # the header line that pandas and R like to write
        place = f"{path}, line {number}"
        if len(fields) < 3:
            raise InputError(f"{place}: found {len(fields)} column(s). Expected chrom<TAB>start<TAB>end")
        chrom, start, end, name = (field.strip() for field in [*fields, "."][:4])
        if not chrom:
            raise InputError(f"{place}: the first column is empty. Expected chrom<TAB>start<TAB>end")
        if not (start + end).isascii() or not (start.isdigit() and end.isdigit()):
            raise InputError(f"{place}: start {start!r} and end {end!r} are not both whole numbers >= 0")
        if max(len(start), len(end)) > MOST_DIGITS:
            raise InputError(f"{place}: no chromosome is that long. Expected at most {MOST_DIGITS} digits")
        name = " ".join(name.splitlines())  # of a lone carriage return, say, which ends a line in some readers
        try:
            yield BedRow(f"line {number}", Region(chrom, int(start), int(end)), name or ".")
        except ValueError as error:
            raise InputError(f"{place}: {error}. BED is 0-based, half-open: the first base is 0 1") from None
