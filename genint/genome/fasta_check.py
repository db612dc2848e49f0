"""Whether an index describes a FASTA file, and whether what the file holds is DNA."""

import codecs
import gzip
import os
import struct
import zlib
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

from genint.errors import InputError
from genint.genome.dna import ANY_BASE, BASES, IUPAC, describe_other_letters

_LONGEST_HEADER = 1 << 20
_MOST_LOOKUPS = 200  # in a bgzipped file, where each unpacks a block
_BYTES_AT_ONCE = 1 << 20

_Read = Callable[[int, int], bytes]  # [start, stop) of the unpacked text, shorter at its end


class _Record(NamedTuple):
    """A line of a .fai: a record's length in bases, where its first base is, and its bases and bytes per full line."""

    name: str
    bases: int
    offset: int
    line_bases: int
    line_bytes: int

    @property
    def last_line(self) -> int:
        """Where the last line starts."""
        return self.offset + ((self.bases - 1) // self.line_bases * self.line_bytes if self.bases else 0)

    @property
    def end(self) -> int:
        """Where the last base ends."""
        return self.last_line + ((self.bases - 1) % self.line_bases + 1 if self.bases else 0)


def is_packed(path: Path) -> bool:
    """As pyfaidx decides it."""
    return path.suffix.lower() in (".gz", ".bgz")


def gzi_of(index: Path) -> Path:
    """The index of a bgzipped file's blocks, beside the index of its records."""
    return index.with_suffix(".gzi")


def index_fits(path: Path, index: Path, *, every_base: bool) -> bool:
    """Whether the index describes this very file. Its date alone cannot tell: copies keep old dates.

    Records must follow one another through the complete file without a gap. In a plain FASTA all are looked up, in a
    bgzipped one some 200 of them, the first and the last included. With `every_base`, all of the file is read: each
    line must be as long as the index says, of bases and IUPAC codes alone. InputError where most of those are not one
    base, as letters of a short protein may be.
    """
    try:
        records = _read_index(index)
        starts = [0, *(record.end for record in records)]
        with open(path, "rb") as file:
            read = _reader_of_packed(file, gzi_of(index)) if is_packed(path) else _reader_of_plain(file)
            step = len(records) // _MOST_LOOKUPS + 1 if is_packed(path) else 1
            looked_up = {*range(0, len(records), step), len(records) - 1}
            if not _is_end(read, starts[-1]) or not all(_is_next(read, starts[i], records[i]) for i in looked_up):
                return False
        return not every_base or _holds_dna(path, records)
    except (OSError, EOFError, TypeError, ValueError, OverflowError, struct.error, zlib.error):
        return False


def skip_mark(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Lines of a file without the byte order mark that it may begin with."""
    for number, line in enumerate(lines):
        yield line if number else line.removeprefix(codecs.BOM_UTF8)


def refuse_other_letters(path: Path) -> None:
    """Raise InputError naming the first line of a sequence that holds anything but bases and IUPAC codes."""
    in_record = False
    with _open_text(path) as lines:
        for number, line in enumerate(skip_mark(lines), start=1):
            is_header = line.startswith(b">")
            in_record |= is_header
            if in_record and not is_header and (fault := describe_other_letters(line.rstrip(b"\r\n"))):
                raise InputError(f"{path}, line {number}: {fault}")


def _open_text(path: Path) -> BinaryIO | gzip.GzipFile:
    return gzip.open(path) if is_packed(path) else open(path, "rb")


def _holds_dna(path: Path, records: Sequence[_Record]) -> bool:
    """Whether all lines hold bases and IUPAC codes alone, as many as the index says."""
    codes, n_codes, n_bases = set[int](), 0, 0
    with _open_text(path) as file:
        for record in records:
            line_end = b"\r\n"[record.line_bases - record.line_bytes :]
            for piece, n_lines in _pieces(file, record):
                rest = piece.translate(None, BASES)
                n_bases += len(piece) - len(rest)
                if rest != line_end * n_lines:
                    found = rest.translate(None, b"\r\n" + ANY_BASE)
                    n_codes, codes = n_codes + len(found), codes.union(found)
                    if rest.translate(None, IUPAC) != line_end * n_lines:
                        return False
                if piece[record.line_bases :: record.line_bytes] != line_end[:1] * n_lines:
                    return False
    if n_codes > n_bases:
        letters = ", ".join(sorted(map(chr, codes)))
        raise InputError(f"{path}: most of it is {letters}, little is A, C, G or T. Is it protein? Expected DNA or RNA")
    return True


def _pieces(file: BinaryIO | gzip.GzipFile, record: _Record) -> Iterator[tuple[bytes, int]]:
    """The record's text, each piece with the number of full lines in it; of the last line, none is full."""
    file.seek(record.offset)
    lines_left = (record.last_line - record.offset) // record.line_bytes if record.bases else 0
    while lines_left:
        n_lines = min(lines_left, _BYTES_AT_ONCE // record.line_bytes + 1)
        yield _read_all(file, n_lines * record.line_bytes), n_lines
        lines_left -= n_lines
    for start in range(record.last_line, record.end, _BYTES_AT_ONCE):
        yield _read_all(file, min(_BYTES_AT_ONCE, record.end - start)), 0


def _read_all(file: BinaryIO | gzip.GzipFile, size: int) -> bytes:
    if len(content := file.read(size)) < size:
        raise EOFError
    return content


def _read_index(index: Path) -> list[_Record]:
    """Raises ValueError or TypeError for what is no .fai."""
    lines = (line.split("\t") for line in index.read_text().splitlines())
    records = [_Record(name, *map(int, numbers)) for name, *numbers in lines]
    if not records:
        raise ValueError("no records")
    for record in records:
        if record.bases < 0 or (record.bases and not 0 < record.line_bases <= record.line_bytes):
            raise ValueError(f"impossible numbers: {record}")
    return records


def _reader_of_plain(file: BinaryIO) -> _Read:
    return lambda start, stop: os.pread(file.fileno(), stop - start, start)


def _reader_of_packed(file: BinaryIO, gzi: Path) -> _Read:
    """The .gzi lists where each block but the first starts, in the file and in the unpacked text."""
    content = gzi.read_bytes()
    count, *numbers = struct.unpack(f"<{len(content) // 8}Q", content)
    if len(numbers) != 2 * count:
        raise ValueError("cut short")
    in_file, in_text = [0, *numbers[::2]], [0, *numbers[1::2]]

    def read(start: int, stop: int) -> bytes:
        block = bisect_right(in_text, start) - 1
        file.seek(in_file[block])
        with gzip.GzipFile(fileobj=file) as stream:
            stream.seek(start - in_text[block])
            return stream.read(stop - start)

    return read


def _is_next(read: _Read, start: int, record: _Record) -> bool:
    """Whether only the record's header stands between `start` and its first base, and its lines are as in the index."""
    if not start < record.offset <= start + _LONGEST_HEADER:
        return False
    between = read(start, record.offset).decode("utf-8" if start else "utf-8-sig")
    *others, header, rest = between.split("\n")
    if rest or not header.startswith(">") or header[1:].split()[:1] != [record.name] or "\r" in header.rstrip("\r"):
        return False
    if any(line.strip("\r") and not (start == 0 and line.startswith(";")) for line in others):
        return False
    line_end = record.line_bytes - record.line_bases
    full_lines = [record.offset + record.line_bytes, record.last_line] if record.last_line > record.offset else []
    return all(read(stop - line_end, stop) in (b"\n", b"\r\n") for stop in full_lines) and (
        not record.bases or read(record.end - 1, record.end) not in (b"", b"\n", b"\r")
    )


def _is_end(read: _Read, position: int) -> bool:
    """Whether nothing but empty lines is left: blanks after the last base would be counted as bases."""
    rest = read(position, position + _LONGEST_HEADER)
    return len(rest) < _LONGEST_HEADER and not rest.strip(b"\r\n")
