"""BED files.

What is relied on (UCSC's BED page): at least three columns, separated by tabs or blanks, start 0-based, end exclusive;
start = end is legal and holds no base. `browser`, `track` and `#` lines carry no rows. Columns after the fourth are
ignored; strand makes no difference, because every track is predicted on its own strand wherever it is requested.
Departures: a header row before the rows is skipped, and tables that are not BED are refused (other_tables.py).
"""

import re
from collections.abc import Container, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from genint.errors import InputError
from genint.genome.other_tables import TableCheck, describe_line, describe_row, is_header, refuse_header
from genint.genome.region import MOST_DIGITS, EmptyRegion, Region
from genint.text import read_lines

if TYPE_CHECKING:
    from pandas import DataFrame

_EXPECTED = "BED rows: chrom<TAB>start<TAB>end"
_IN_QUOTES = "is in quotes, which BED has not. Write the table without them, as R does with quote = FALSE"
_WORDS = ("track", "browser")  # begin lines that are no rows


class BedRow(NamedTuple):
    """One request of the user: a BED row or a --region. `source` says where it stood, for messages and regions.tsv."""

    source: str
    region: Region | EmptyRegion
    name: str


class BedRows(list[BedRow]):
    """The rows of a BED file, in its order."""

    def to_pandas(self) -> "DataFrame":
        """A row for each: chrom, start, end (0-based, half-open), name."""
        from pandas import DataFrame

        cells = [(row.region.chrom, row.region.start, row.region.end, row.name) for row in self]
        return DataFrame(cells, columns=["chrom", "start", "end", "name"])


def read_bed(path: Path | str, names: Container[str] = ()) -> BedRows:
    """Read every row of a BED file: plain, gzipped (recognised by content, not by name), or `-` for standard input.

    `names` are the genome's chromosomes: with `#c` or `track` among them, a line that begins so and has two whole
    numbers next is a row and not a comment. Raises InputError naming file and line for anything that is not a row or is
    of another kind of table, for a file without rows, and for one whose rows are all empty.
    """
    rows = BedRows(_read_rows(path, names))
    if not rows:
        raise InputError(f"{path}: holds no regions. Expected rows of chrom<TAB>start<TAB>end")
    if all(isinstance(row.region, EmptyRegion) for row in rows):
        raise InputError(
            f"{path}, {rows[0].source}: start and end are the same, as in every row. "
            "BED is 0-based, half-open: the first base is 0 1. Take 1 from the starts of a 1-based table"
        )
    return rows


def _read_rows(path: Path | str, names: Container[str]) -> Iterator[BedRow]:
    header: list[str] = []
    tables: TableCheck | None = None
    for number, line in enumerate(read_lines(path, _EXPECTED), start=1):
        fields, place = _split(line), f"line {number}"
        if not _has_coordinates(fields) or (_is_comment(fields[0]) and fields[0] not in names):
            header = _read_other_line(line, fields, f"{path}, {place}", first=tables is None) or header
            continue
        if tables is None:
            tables = TableCheck(str(path), header)
        if _is_quoted(fields[0]) and fields[0] not in names:
            raise InputError(f"{path}, {place}: {fields[0]} {_IN_QUOTES}")
        tables.check(place, fields)
        yield BedRow(place, _region(f"{path}, {place}", fields), _name(fields))
    if tables is not None:
        tables.close()


def _split(line: str) -> list[str]:
    """Columns between tabs, or blanks where there are none; where that gives no row and any white space does, so."""
    fields = line.split("\t") if "\t" in line else line.split()
    if _has_coordinates(fields):
        return fields
    fields, words = [field.strip() for field in fields], line.split()
    grouped = any(re.fullmatch(r"\d{1,3}( \d{3})+", field) for field in fields[1:3])  # 1 000 000
    mixed = _has_coordinates(words) and all(fields[:3]) and not (grouped and len(fields) > 2)
    return words if mixed and not _has_coordinates(fields) else fields


def _has_coordinates(fields: list[str]) -> bool:
    return len(fields) > 2 and (fields[1] + fields[2]).isascii() and fields[1].isdigit() and fields[2].isdigit()


def _is_comment(first: str) -> bool:
    return first[:1] == "#" or first in _WORDS


def _read_other_line(line: str, fields: list[str], place: str, *, first: bool) -> list[str]:
    """A line that is no row: its columns if it is a header, none if it says nothing of the rows, or InputError."""
    if kind := describe_line(line):
        raise InputError(f"{place}: {kind}")
    if not line.strip() or _is_comment(line.split()[0]):
        return []
    if is_header(fields):
        if not first:
            raise InputError(f"{place}: is a header row after other rows. Remove it")
        refuse_header(place, fields)
        return fields
    named = first and not any(re.search(r"\d", field) for field in fields[1:3])  # columns, where others are coordinates
    quoted = any('"' in field or "'" in field for field in fields[1:3])
    hint = (
        f"It {_IN_QUOTES}"
        if quoted and not named
        else describe_row(fields) or ("If it is a header, begin it with #" if named else "")
    )
    raise InputError(f"{place}: {_fault(fields)}. {hint}")


def _is_quoted(name: str) -> bool:
    return len(name) > 1 and name[0] in "\"'" and name[-1] == name[0]


def _fault(fields: list[str]) -> str:
    if len(fields) < 3:
        return f"found {len(fields)} column(s). Expected chrom<TAB>start<TAB>end"
    if not fields[0]:
        return "the first column is empty. Expected chrom<TAB>start<TAB>end"
    return f"start {fields[1]!r} and end {fields[2]!r} are not both whole numbers >= 0"


def _region(place: str, fields: list[str]) -> Region | EmptyRegion:
    chrom, start_text, end_text = fields[0].strip(), fields[1], fields[2]
    if not chrom:
        raise InputError(f"{place}: {_fault([chrom, start_text, end_text])}")
    if max(len(start_text), len(end_text)) > MOST_DIGITS:
        start_text, end_text = start_text.lstrip("0"), end_text.lstrip("0")
        if max(len(start_text), len(end_text)) > MOST_DIGITS:
            raise InputError(f"{place}: no chromosome is that long. Expected at most {MOST_DIGITS} digits")
    start, end = int(start_text or 0), int(end_text or 0)
    if start < end:
        return Region(chrom, start, end)
    if start == end:
        return EmptyRegion(chrom, start)
    raise InputError(f"{place}: start {start} is after end {end}. BED is 0-based, half-open: the first base is 0 1")


def _name(fields: list[str]) -> str:
    if len(fields) < 4:
        return "."
    return " ".join(fields[3].strip().splitlines()) or "."  # some readers of tables end a line at U+2028
