"""Alignments of a relative to a genome: PAF, as minimap2 writes it, and UCSC's chains.

PAF: https://lh3.github.io/minimap2/minimap2.html, output format. Chains: https://genome.ucsc.edu/goldenPath/help/chain.html
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from genint.arrays import I64
from genint.errors import InputError
from genint.genome.chromosome_names import listed
from genint.text import read_lines

_EXPECTED = "a PAF of minimap2 -c, or a UCSC chain, with the genome as target"
_PAF_COLUMNS = 12
_CHAIN_WORDS = 12  # of a header, its score included; an id may follow
_Lines = Iterable[tuple[int, str]]  # numbered from 1


class Alignment(NamedTuple):
    """Stretches of a chromosome without gaps against those of a relative's sequence, in order.

    `blocks` (n, 3): where each starts in the chromosome, where in the sequence (of its reverse complement if
    `reverse`), and its length, all 0-based.
    """

    chrom: str
    sequence: str
    reverse: bool
    blocks: I64

    @property
    def bases(self) -> int:
        """How many are aligned."""
        return int(self.blocks[:, 2].sum())


class Sequences(Protocol):
    """Names and lengths; `str()` is the file, for messages."""

    @property
    def sizes(self) -> Mapping[str, int]: ...


def blocks_of_cigar(operations: Iterable[tuple[int, str]], start: int, sequence_start: int) -> I64:
    """Blocks of a CIGAR, (length, operation) each, from these two places on. Ends where the alignment does."""
    blocks = []
    for length, operation in operations:
        if operation in "M=X":
            blocks.append((start, sequence_start, length))
        start += length * (operation in "M=XDN")
        sequence_start += length * (operation in "M=XI")
    return np.array(blocks, dtype=np.int64).reshape(-1, 3)


def read_alignments(path: Path | str, genome: Sequences, relative: Sequences) -> list[Alignment]:
    """Read a PAF with cg:Z: tags or a chain, plain or gzipped, which its first line tells apart.

    Secondary alignments of a PAF (tp:A:S) are left out. Raises InputError naming the line for a name or length that is
    not the genome's (target) or the relative's (query), and for what is cut short or neither format.
    """
    path = Path(path)
    lines = enumerate(read_lines(path, _EXPECTED), start=1)
    rows = ((number, line) for number, line in lines if line.strip() and not line.startswith("#"))
    first = next(rows, None)
    if first is None:
        raise InputError(f"{path}: holds no alignment. Expected {_EXPECTED}")
    reader = _Reader(path, genome, relative)
    read = reader.read_chains if first[1].split()[0] == "chain" else reader.read_paf
    return list(read(chain([first], rows)))


def _read_numbers(cells: list[str], columns: Iterable[int]) -> list[int]:
    """Those of these cells that are there and whole numbers."""
    return [int(cells[column]) for column in columns if column < len(cells) and cells[column].isdecimal()]


class _Reader:
    def __init__(self, path: Path, genome: Sequences, relative: Sequences) -> None:
        self._path, self._genome, self._relative = path, genome, relative

    def read_paf(self, lines: _Lines) -> Iterator[Alignment]:
        for number, line in lines:
            cells = line.split("\t")
            numbers = _read_numbers(cells, (1, 2, 3, 6, 7, 8))
            if len(cells) < _PAF_COLUMNS or len(numbers) < 6 or cells[4] not in ("+", "-"):
                raise self._error(number, f"is no line of a PAF. Expected {_EXPECTED}")
            if "tp:A:S" in cells:
                continue
            size, first, last, chrom_size, start, end = numbers
            self._check_names(number, cells[5], chrom_size, cells[0], size)
            text = next((cell[5:] for cell in cells[_PAF_COLUMNS:] if cell.startswith("cg:Z:")), "")
            if not re.fullmatch(r"(\d+[IDN])*\d+[M=X](\d+[M=XIDN])*", text):
                raise self._error(
                    number, "has no CIGAR (cg:Z:), so nothing says base by base what is aligned. Run minimap2 with -c"
                )
            cigar = [(int(length), operation) for length, operation in re.findall(r"(\d+)(.)", text)]
            covered = [sum(length for length, operation in cigar if operation in kinds) for kinds in ("M=XDN", "M=XI")]
            if covered != [end - start, last - first] or end > chrom_size or last > size:
                raise self._error(
                    number,
                    f"its CIGAR covers {covered[0]:,} bp of the target and {covered[1]:,} of the query, its columns "
                    f"say {end - start:,} and {last - first:,}. Was it cut short? Align again",
                )
            reverse = cells[4] == "-"
            yield Alignment(
                cells[5], cells[0], reverse, blocks_of_cigar(cigar, start, size - last if reverse else first)
            )

    def read_chains(self, lines: _Lines) -> Iterator[Alignment]:
        remaining = iter(lines)
        for number, line in remaining:
            words = line.split()
            numbers = _read_numbers(words, (3, 5, 6, 8, 10, 11))
            if words[0] != "chain" or len(words) < _CHAIN_WORDS or len(numbers) < 6 or words[4] != "+":
                raise self._error(number, "is no header of a chain, whose target is on the + strand. Was the file cut?")
            chrom_size, start, end, size, first, last = numbers
            self._check_names(number, words[2], chrom_size, words[7], size)
            blocks = self._read_blocks(number, remaining, start, first)
            length = int(blocks[-1, 2])
            if (*(blocks[-1, :2] + length),) != (end, last) or end > chrom_size or last > size:
                raise self._error(number, "the blocks of this chain do not end where its header says. Make it again")
            yield Alignment(words[2], words[7], words[9] == "-", blocks)

    def _read_blocks(self, header: int, lines: Iterator[tuple[int, str]], start: int, sequence_start: int) -> I64:
        """The lines below a header: size, gap in the target, gap in the query; the last has the size alone."""
        blocks = []
        for number, line in lines:
            words = line.split()
            if len(words) not in (1, 3) or not all(word.isdigit() for word in words):
                raise self._error(number, "is no block of a chain: size, and the gaps after it. Was the file cut?")
            length, *gaps = map(int, words)
            blocks.append((start, sequence_start, length))
            if not gaps:
                return np.array(blocks, dtype=np.int64)
            start, sequence_start = start + length + gaps[0], sequence_start + length + gaps[1]
        raise self._error(header, "the file ends within this chain. Copy it again")

    def _check_names(self, number: int, chrom: str, chrom_size: int, sequence: str, size: int) -> None:
        for role, name, length, known in (
            ("target", chrom, chrom_size, self._genome),
            ("query", sequence, size, self._relative),
        ):
            if name not in known.sizes:
                raise self._error(
                    number,
                    f"its {role} {name} is not in {known}, which has {listed(known.sizes)}. Expected {_EXPECTED}",
                )
            if known.sizes[name] != length:
                raise self._error(
                    number,
                    f"its {role} {name} is {length:,} bp long, in {known} it is {known.sizes[name]:,} bp. "
                    "Align these two files",
                )

    def _error(self, number: int, fault: str) -> InputError:
        return InputError(f"{self._path}, line {number}: {fault}")
