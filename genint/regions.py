"""Regions of a genome, and the BED files and names they come in.

Coordinates are 0-based and half-open everywhere inside genint, as in BED. The one exception is text a person
reads or types: `chrI:1,001-2,000` is 1-based with both ends included, as in genome browsers and samtools.
"""

import gzip
import re
import sys
import zlib
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from genint.errors import InputError

_MOST_DIGITS = 18  # of a coordinate: what tables and arrays hold


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


class Row(NamedTuple):
    """One request of the user: a BED row or a --region. `source` says where it stood, for messages and regions.tsv."""

    source: str
    region: Region
    name: str


def parse_region(text: str, sizes: Mapping[str, int], option: str = "--region") -> Region:
    """Read `chrI`, `chrI:1001`, `chrI:1,001-2,000` or `chrI:1001-` (1-based, both ends included).

    `sizes` gives the chromosome lengths; names are taken as they stand there, so reconcile them first.
    """
    chrom, first, last = split_region(text, sizes)
    if chrom not in sizes:
        raise InputError(f"{option} {text}: no chromosome {chrom} there. Expected one of {_listed(sizes)}")
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
    if max(len(first), len(last)) > _MOST_DIGITS:
        raise InputError(f"--region {text[:60]}...: no chromosome is that long. Expected at most {_MOST_DIGITS} digits")
    start = int(first or 0)
    if dash is None:
        return chrom, start, start
    return chrom, start, int(last) if last else None


# -- BED ---------------------------------------------------------------------------------------------------------------
# What is relied on (UCSC's BED page): at least three columns, tab- or space-separated, start 0-based, end exclusive.
# `browser`, `track` and `#` lines carry no rows. Columns after the fourth are ignored; strand makes no difference,
# because every track is predicted on its own strand wherever it is asked for.


def read_bed(path: Path | str) -> list[Row]:
    """Read every row of a BED file: plain, gzipped (told by content, not by name), or `-` for standard input.

    Raises InputError naming file and line for anything that is not a row, and for a file without rows.
    """
    rows = list(_bed_rows(path))
    if not rows:
        raise InputError(f"{path}: holds no regions. Expected rows of chrom<TAB>start<TAB>end")
    return rows


def _bed_rows(path: Path | str) -> Iterator[Row]:
    for number, line in enumerate(_lines(path, "BED rows: chrom<TAB>start<TAB>end"), start=1):
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
        if max(len(start), len(end)) > _MOST_DIGITS:
            raise InputError(f"{place}: no chromosome is that long. Expected at most {_MOST_DIGITS} digits")
        name = " ".join(name.splitlines())  # of a lone carriage return, say, which ends a line in some readers
        try:
            yield Row(f"line {number}", Region(chrom, int(start), int(end)), name or ".")
        except ValueError as error:
            raise InputError(f"{place}: {error}. BED is 0-based, half-open: the first base is 0 1") from None


def _lines(path: Path | str, expected: str) -> Iterator[str]:
    """Lines of a text file without their ends and its byte-order mark; gzip is recognised by its first bytes."""
    if str(path) == "-" and sys.stdin is None:  # closed, and some other file may have its number by now
        raise InputError(f"-: standard input is closed. Expected {expected}")
    number = 0
    try:
        with open(0, "rb", closefd=False) if str(path) == "-" else open(path, "rb") as file:
            packed = file.peek(2)[:2] == b"\x1f\x8b"
            for number, raw in enumerate(gzip.GzipFile(fileobj=file) if packed else file, start=1):
                yield raw.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path}, line {number}: is not UTF-8 text (byte {error.object[error.start]:#x}). Expected {expected}"
        ) from None
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(f"{path}: the gzip stream is damaged or cut short ({error}). Copy the file again") from None
    except OSError as error:
        raise InputError(f"{path}: cannot read ({error.strerror or error}). Expected {expected}") from None


# -- chromosome names --------------------------------------------------------------------------------------------------

_MITOCHONDRIAL = ("chrM", "chrMT", "chrMito", "M", "MT", "Mito", "mitochondrion")


def read_aliases(path: Path) -> list[list[str]]:
    """Read a UCSC chromAlias.txt: each row lists names of one sequence, tab-separated; `#` lines are headers."""
    lines = _lines(path, "a UCSC chromAlias.txt")
    rows = [[name for name in line.split("\t") if name] for line in lines if line and not line.startswith("#")]
    if not any(len(row) > 1 for row in rows):
        raise InputError(f"{path}: no row holds two tab-separated names. Expected a UCSC chromAlias.txt")
    return rows


def reconcile(
    asked: Iterable[str], known: Iterable[str], *, asked_by: str, known_by: str, aliases: list[list[str]] | None = None
) -> dict[str, str]:
    """Map every asked chromosome name to its name in `known`: as it is, by alias row, with or without `chr`, or M = MT.

    Raises InputError listing both sides when any name stays unknown, before any work is done.
    """
    names, asked = list(known), list(asked)
    mapping = reconcile_known(asked, names, aliases)
    lost = [name for name in dict.fromkeys(asked) if name not in mapping]
    if lost:
        raise InputError(
            f"{asked_by}: chromosome(s) {_listed(lost)} not in {known_by}, which has {_listed(names)}. "
            "Is it the same assembly? Drop those rows, or give --aliases chromAlias.txt"
        )
    return mapping


def reconcile_known(
    asked: Iterable[str], known: Iterable[str], aliases: list[list[str]] | None = None
) -> dict[str, str]:
    """As `reconcile`, with the names that stay unknown left out."""
    names = set(known)
    table: dict[str, list[str]] = {}
    for row in aliases or []:
        for name in row:
            table.setdefault(name, []).extend(row)
    mapping = {}
    for name in dict.fromkeys(asked):
        found = next((guess for guess in [name, *table.get(name, []), *_spellings(name)] if guess in names), None)
        if found is not None:
            mapping[name] = found
    return mapping


def _spellings(name: str) -> Iterator[str]:
    if name in _MITOCHONDRIAL:
        yield from _MITOCHONDRIAL
    yield name.removeprefix("chr") if name.startswith("chr") else f"chr{name}"


def _listed(names: Iterable[str], most: int = 8) -> str:
    """Names for a message, in natural order, cut to a readable number."""
    ordered = sorted(
        names, key=lambda name: [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", name)]
    )
    return ", ".join(ordered[:most]) + (f" and {len(ordered) - most} more" if len(ordered) > most else "")
