"""A genome: an indexed FASTA that gives tokens and never the wrong bases.

pyfaidx does the reading. What is added here is what it leaves silent: an index that does not belong to the file, an
index written by two processes at once, a file handle shared after a fork, a request past a chromosome's end.
"""

import codecs
import hashlib
import os
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import accumulate
from pathlib import Path
from typing import Self

import numpy as np
import pyfaidx

from genint.arrays import Mask
from genint.console import Console
from genint.errors import InputError
from genint.genome import dna
from genint.genome.fasta_check import is_packed
from genint.genome.fasta_index import fasta_errors, open_faidx, usable_index

_FINGERPRINT_PLACES, _FINGERPRINT_BP = 64, 256
_PIECE_BP = 1 << 17  # read at once: pyfaidx slows down on longer intervals of bgzipped DNA
BGZIP_END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")  # SAM specification, 4.1.2


@dataclass(frozen=True)
class Assembly:
    """Which genome something was made from: a name for people, chromosome lengths in bp, and their digest.

    Lengths are all there or, where only the name is known, none.
    """

    name: str
    sizes: dict[str, int]

    @property
    def digest(self) -> str:
        """sha256 of chromosome names and lengths in order: equal for two copies of one assembly."""
        table = "".join(f"{name}\t{length}\n" for name, length in self.sizes.items())
        return hashlib.sha256(table.encode()).hexdigest()


class Genome:
    """A FASTA file, plain or bgzipped, opened for random access by any number of processes and forks.

    Attributes: `path`; `sizes`, chromosome name -> length in bp, in the order of the file, empty
    records left out; `assembly`. `console` hears where the index is when it cannot stay.
    Raises InputError when the file is missing, empty, not FASTA, not DNA or RNA, plain gzip, or names a chromosome
    twice. The first time that a file is opened, all of it is read; a later time, its index.
    """

    def __init__(self, path: Path | str, console: Console | None = None) -> None:
        self.path = Path(path)
        _check_readable(self.path)
        self._reader: pyfaidx.Faidx | None = None
        self._pid = os.getpid()
        self._index = usable_index(self.path, console or Console())
        records = self._open().index
        self.sizes: dict[str, int] = {name: record.rlen for name, record in records.items() if record.rlen}
        if not self.sizes:
            raise InputError(f"{self.path}: its {len(records)} record(s) hold no bases. Expected a FASTA genome")
        self.assembly = Assembly(self.path.name.split(".")[0], self.sizes)

    def __str__(self) -> str:
        return str(self.path)

    def identity(self) -> dict[str, object]:
        """Which file this is, as JSON, so that a change of it is noticed: name, assembly, digests, size and time."""
        status = self.path.stat()
        return {
            "file": self.path.name,
            "assembly": self.assembly.name,
            "digest": self.assembly.digest,
            "fingerprint": self.fingerprint(),
            "bytes": status.st_size,
            "modified": datetime.fromtimestamp(status.st_mtime, UTC).isoformat(),
        }

    def fingerprint(self) -> str:
        """sha256 of 256 bases at each of 64 places, evenly spaced over the genome.

        Tells assemblies, hard-masked copies and most personal genomes of the same lengths apart without reading all of
        them. Upper and lower case, line lengths and bgzip make no difference.
        """
        ends = list(accumulate(self.sizes.values()))
        chroms, digest = list(self.sizes), hashlib.sha256()
        for place in range(_FINGERPRINT_PLACES):
            position = ends[-1] * place // _FINGERPRINT_PLACES
            chrom = chroms[number := bisect_right(ends, position)]
            start = position - (ends[number] - self.sizes[chrom])
            digest.update(self.tokens(chrom, start, start + _FINGERPRINT_BP).tobytes())
        return digest.hexdigest()

    def tokens(self, chrom: str, start: int, end: int) -> dna.Tokens:
        """Tokens of [start, end), 0-based: a fresh uint8 array of length end - start, UNKNOWN beyond the two ends."""
        read = np.full(end - start, dna.UNKNOWN, dtype=np.uint8)
        for first, text in self._pieces(chrom, start, end):
            read[first - start : first - start + len(text)] = dna.tokens(text)
        return read

    def lower_case(self, chrom: str, start: int, end: int) -> Mask:
        """Which bases of [start, end), 0-based, stand in lower case: a fresh array, False beyond the two ends."""
        found = np.zeros(end - start, dtype=np.bool_)
        for first, text in self._pieces(chrom, start, end):
            found[first - start : first - start + len(text)] = np.frombuffer(text, dtype=np.uint8) >= ord("a")
        return found

    def _pieces(self, chrom: str, start: int, end: int) -> Iterator[tuple[int, bytes]]:
        """The letters of what lies inside the chromosome, and where each piece begins."""
        inside_end = min(end, self.sizes[chrom])
        for first in range(max(start, 0), inside_end, _PIECE_BP):
            yield first, self._read(chrom, first, min(first + _PIECE_BP, inside_end))

    def _read(self, chrom: str, start: int, end: int) -> bytes:
        try:
            with fasta_errors(self.path):
                text: bytes = self._open().fetch(chrom, start + 1, end).encode()
        except OSError as error:
            raise InputError(f"{self.path}: cannot read {chrom} any more ({error.strerror or error})") from None
        if len(text) != end - start:
            raise InputError(
                f"{self.path}: holds {len(text):,} of the {end - start:,} bases of {chrom}:{start + 1:,}-{end:,}. "
                "The file changed while it was read, or was cut short; copy it again"
            )
        return text

    def _open(self) -> pyfaidx.Faidx:
        """This process's own reader: a handle shared after a fork shares its file offset and reads wrong bases."""
        if self._reader is None or self._pid != os.getpid():
            self._reader, self._pid = open_faidx(self.path, self._index), os.getpid()
        return self._reader

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_reader": None}

    def close(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def read_ends(path: Path, expected: str) -> tuple[bytes, bytes]:
    """A file's first 18 bytes, in which bgzip names itself, and its last, which are BGZIP_END unless it was cut short.

    Raises InputError, with what is `expected`, for a file that cannot be read.
    """
    try:
        with open(path, "rb") as file:
            start = file.read(18)
            file.seek(max(path.stat().st_size - len(BGZIP_END), 0))
            return start, file.read()
    except OSError as error:
        raise InputError(f"{path}: cannot read ({error.strerror}). Expected {expected}") from None


def _check_readable(path: Path) -> None:
    """Name what pyfaidx would report late or vaguely."""
    if path.is_fifo():
        raise InputError(f"{path}: is a pipe, and a genome is read at random. Save it as a file first")
    start, end = read_ends(path, "a FASTA file")
    start = start.removeprefix(codecs.BOM_UTF8)
    if not start:
        raise InputError(f"{path}: is empty. Expected a FASTA file")
    if start[:2] == b"\x1f\x8b":
        if not is_packed(path):
            raise InputError(f"{path}: is gzipped but its name does not say so. Rename it to end in .gz")
        if start[12:14] != b"BC":
            raise InputError(
                f"{path}: is plain gzip, which cannot be read at random. "
                f"Run: gunzip {path}; bgzip {path.with_suffix('')}"
            )
        if end != BGZIP_END:
            raise InputError(f"{path}: the bgzip stream is cut short, its end mark is missing. Copy the file again")
    elif is_packed(path):
        raise InputError(f"{path}: is named like a gzip file but is not one. Rename it, or bgzip it")
    elif start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise InputError(f"{path}: is not UTF-8 text (it is UTF-16: save it as UTF-8). Expected a FASTA file")
    elif not start.startswith((b">", b";", b"\n", b"\r")):
        raise InputError(f"{path}: starts with {start[:8]!r}. Expected a FASTA file, whose first line begins with >")
