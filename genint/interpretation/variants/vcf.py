"""VCF files as they are: every row is read, and what cannot be understood of one is said and not left out.

What is relied on (VCF 4.5, sections 1.1 to 1.6): a line that begins `#CHROM` with tab-separated columns, of which the
first five are CHROM, POS (1-based), ID, REF, ALT; several ALTs are separated by commas. Columns after ALT are not read.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from genint.errors import InputError
from genint.genome.fasta import BGZIP_END, read_ends
from genint.genome.region import MOST_DIGITS
from genint.text import read_lines

COLUMNS = ("#CHROM", "POS", "ID", "REF", "ALT")
_EXPECTED = "a VCF file, plain or gzipped (of a BCF, make one: bcftools view)"
_READ_TWICE = "a VCF is read twice, which standard input and pipes cannot be. Save it as a file first"


class VcfRow(NamedTuple):
    """A row of a VCF. `cells` are its first five columns as they stand there, `fault` what is wrong with them, or "".

    `pos` is 1-based, 0 where there is a fault; so are `alts` without one.
    """

    line: int
    cells: tuple[str, ...]
    pos: int
    alts: tuple[str, ...]
    fault: str

    @property
    def chrom(self) -> str:
        """The chromosome as the file names it."""
        return self.cells[0]

    @property
    def ref(self) -> str:
        """The reference allele as it stands there."""
        return self.cells[3]


class VcfSurvey(NamedTuple):
    """What one reading of a whole VCF finds: rows, and a digest that tells other rows, or the same on other lines."""

    rows: int
    digest: str


def survey_vcf(path: Path | str) -> VcfSurvey:
    """Read a VCF to its end, so that what is damaged is known before any work. Raises InputError as `read_vcf` does."""
    if str(path) == "-":
        raise InputError(f"-: {_READ_TWICE}")
    _check_complete(Path(path))
    digest, rows = hashlib.sha256(), 0
    for row in read_vcf(path):
        digest.update("\t".join([str(row.line), *row.cells]).encode() + b"\n")
        rows += 1
    return VcfSurvey(rows, digest.hexdigest())


def read_vcf(path: Path | str) -> Iterator[VcfRow]:
    """Every row of a VCF, one at a time; blank lines are no rows.

    Raises InputError, naming file and line, for a file that is no VCF: empty, without a #CHROM line, another table,
    damaged or cut short.
    """
    for number, line in read_body(path):
        yield parse_row(number, line)


def read_body(path: Path | str) -> Iterator[tuple[int, str]]:
    """Line numbers and lines of the rows, as they are. Raises InputError as `read_vcf` does."""
    with closing(read_lines(path, _EXPECTED)) as text:
        lines = enumerate(text, start=1)
        for _ in _header_lines(lines, path):
            pass
        for number, line in lines:
            if line.strip() and not line.startswith(("##", COLUMNS[0] + "\t")):  # headers repeat in joined files
                yield number, line


def read_header(path: Path | str) -> list[str]:
    """The lines that begin with ##, and the one with the names of the columns, last."""
    with closing(read_lines(path, _EXPECTED)) as text:
        return list(_header_lines(enumerate(text, start=1), path))


def _header_lines(lines: Iterator[tuple[int, str]], path: Path | str) -> Iterator[str]:
    number = 0
    for number, line in lines:
        if line.startswith(COLUMNS[0]):
            if tuple(line.split("\t")[:5]) != COLUMNS:
                raise InputError(f"{path}, line {number}: its columns are not {', '.join(COLUMNS)} between tabs")
            yield line
            return
        if not line.startswith("##") and line.strip():
            raise InputError(
                f"{path}, line {number}: {line[:40]!r} comes before a line that begins {COLUMNS[0]}. "
                f"Is it a VCF? Expected {_EXPECTED}"
            )
        yield line
    what = f"its {number} line(s) hold no line that begins {COLUMNS[0]}" if number else "is empty"
    raise InputError(f"{path}: {what}. Expected {_EXPECTED}")


def parse_row(number: int, line: str) -> VcfRow:
    """A line as a row, with what is wrong with it."""
    return make_row(number, line.split("\t"))


def make_row(number: int, columns: Sequence[str]) -> VcfRow:
    """A row of columns, with what is wrong with them."""
    cells = (*columns[:5], "", "", "", "", "")[:5]
    fault = _fault(len(columns), cells)
    if fault:
        return VcfRow(number, cells, 0, (), fault)
    return VcfRow(number, cells, int(cells[1]), tuple(cells[4].split(",")), "")


def _fault(columns: int, cells: tuple[str, ...]) -> str:
    chrom, pos, _, ref, alt = cells
    if columns < len(COLUMNS):
        return f"found {columns} column(s) between tabs, expected at least 5"
    if any(re.search(r"[\t\n\r]", cell) for cell in cells):
        return "a cell holds a tab or the end of a line"
    if not chrom or not ref or not all(alt.split(",")):
        return "CHROM, REF or an ALT is empty"
    if not (pos.isascii() and pos.isdigit() and len(pos) <= MOST_DIGITS):
        return f"POS {pos[:20]!r} is not a whole number"
    if not re.fullmatch("[ACGTNRYSWKMBDHV]+", ref, re.IGNORECASE):
        return f"REF {ref[:20]!r} holds letters that are no bases"
    return ""


def _check_complete(path: Path) -> None:
    """A bgzip file that was cut between two blocks reads well to its end, which lacks the mark."""
    if path.is_fifo():
        raise InputError(f"{path}: {_READ_TWICE}")
    start, end = read_ends(path, _EXPECTED)
    if start[:2] == b"\x1f\x8b" and start[12:14] == b"BC" and end != BGZIP_END:
        raise InputError(f"{path}: the bgzip stream is cut short, its end mark is missing. Copy the file again")
