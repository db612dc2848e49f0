"""A genome: an indexed FASTA that answers with tokens and never with the wrong bases.

pyfaidx does the reading. What is added here is what it leaves silent: an index that does not belong to the file, an
index written by two processes at once, a file handle shared after a fork, a request past a chromosome's end.
"""

import gzip
import hashlib
import os
import struct
import tempfile
import warnings
import zlib
from bisect import bisect_right
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import accumulate
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, NamedTuple, Self

import numpy as np
import pyfaidx

from genint import dna
from genint.errors import InputError

_SAMPLES, _SAMPLE_BP = 64, 256  # of `Genome.sample`
_PIECE_BP = 1 << 17  # read at once: pyfaidx slows down on longer stretches of bgzipped DNA


@dataclass(frozen=True)
class Assembly:
    """Which genome something was made from: a name for people, chromosome lengths in bp, and their digest.

    Lengths are all there or, where only the name was told, none.
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
    records left out; `assembly`.
    Raises InputError when the file is missing, empty, not FASTA, plain gzip, or names a chromosome twice.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        _check_readable(self.path)
        self._reader: pyfaidx.Faidx | None = None
        self._pid = os.getpid()
        self._index = _usable_index(self.path)
        records = self._open().index
        self.sizes: dict[str, int] = {name: record.rlen for name, record in records.items() if record.rlen}
        if not self.sizes:
            raise InputError(f"{self.path}: its {len(records)} record(s) hold no bases. Expected a FASTA genome")
        self.assembly = Assembly(self.path.name.split(".")[0], self.sizes)

    def identity(self) -> dict[str, object]:
        """Which file this is, as JSON, so that a change of it is noticed: name, assembly, digests, size and time."""
        status = self.path.stat()
        return {
            "file": self.path.name,
            "assembly": self.assembly.name,
            "digest": self.assembly.digest,
            "sample": self.sample(),
            "bytes": status.st_size,
            "modified": datetime.fromtimestamp(status.st_mtime, UTC).isoformat(),
        }

    def sample(self) -> str:
        """sha256 of 256 bases at each of 64 places spread evenly over the genome.

        Tells assemblies, hard-masked copies and most personal genomes of the same lengths apart without reading all of
        them. Upper and lower case, line lengths and bgzip make no difference.
        """
        ends = list(accumulate(self.sizes.values()))
        chroms, digest = list(self.sizes), hashlib.sha256()
        for place in range(_SAMPLES):
            position = ends[-1] * place // _SAMPLES
            chrom = chroms[number := bisect_right(ends, position)]
            start = position - (ends[number] - self.sizes[chrom])
            digest.update(self.tokens(chrom, start, start + _SAMPLE_BP).tobytes())
        return digest.hexdigest()

    def tokens(self, chrom: str, start: int, end: int) -> dna.Tokens:
        """Tokens of [start, end), 0-based: a fresh uint8 array of length end - start, UNKNOWN beyond the two ends."""
        answer = np.full(end - start, dna.UNKNOWN, dtype=np.uint8)
        inside_end = min(end, self.sizes[chrom])
        for first in range(max(start, 0), inside_end, _PIECE_BP):
            last = min(first + _PIECE_BP, inside_end)
            answer[first - start : last - start] = self._read(chrom, first, last)
        return answer

    def _read(self, chrom: str, start: int, end: int) -> dna.Tokens:
        try:
            with _fasta_errors(self.path):
                text = self._open().fetch(chrom, start + 1, end).encode()
        except OSError as error:
            raise InputError(f"{self.path}: cannot read {chrom} any more ({error.strerror or error})") from None
        if len(text) != end - start:
            raise InputError(
                f"{self.path}: holds {len(text):,} of the {end - start:,} bases of {chrom}:{start + 1:,}-{end:,}. "
                "The file changed while it was read, or was cut short; copy it again"
            )
        return dna.tokens(text)

    def _open(self) -> pyfaidx.Faidx:
        """This process's own reader: a handle shared after a fork shares its file offset and reads wrong bases."""
        if self._reader is None or self._pid != os.getpid():
            self._reader, self._pid = _open_faidx(self.path, self._index), os.getpid()
        return self._reader

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_reader": None}

    def close(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


_BGZIP_END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")  # SAM specification, 4.1.2


def _check_readable(path: Path) -> None:
    """Name what pyfaidx would report late or vaguely."""
    if path.is_fifo():
        raise InputError(f"{path}: is a pipe, and a genome is read at random. Save it as a file first")
    try:
        with open(path, "rb") as file:
            start = file.read(18)
            file.seek(max(path.stat().st_size - len(_BGZIP_END), 0))
            end = file.read()
    except OSError as error:
        raise InputError(f"{path}: cannot read ({error.strerror}). Expected a FASTA file") from None
    if not start:
        raise InputError(f"{path}: is empty. Expected a FASTA file")
    if start[:2] == b"\x1f\x8b":
        if not _is_packed(path):
            raise InputError(f"{path}: is gzipped but its name does not say so. Rename it to end in .gz")
        if start[12:14] != b"BC":
            raise InputError(
                f"{path}: is plain gzip, which cannot be read at random. "
                f"Run: gunzip {path}; bgzip {path.with_suffix('')}"
            )
        if end != _BGZIP_END:
            raise InputError(f"{path}: the bgzip stream is cut short, its end mark is missing. Copy the file again")
    elif _is_packed(path):
        raise InputError(f"{path}: is named like a gzip file but is not one. Rename it, or bgzip it")
    elif not start.startswith((b">", b";", b"\n", b"\r")):
        raise InputError(f"{path}: starts with {start[:8]!r}. Expected a FASTA file, whose first line begins with >")


def _is_packed(path: Path) -> bool:
    """As pyfaidx decides it."""
    return path.suffix.lower() in (".gz", ".bgz")


# -- the index ---------------------------------------------------------------------------------------------------------


def _usable_index(path: Path) -> Path:
    """An index that belongs to `path`: the one beside it if it fits, else a new one, beside it or in the cache folder.

    A new index appears by rename, so that other processes see all of it or nothing.
    """
    stamp = path.stat()
    key = hashlib.sha256(f"{path.resolve()} {stamp.st_size} {stamp.st_mtime_ns}".encode()).hexdigest()[:16]
    beside, cached = Path(f"{path}.fai"), _cache_folder() / f"{key}.fai"
    for index in (beside, cached):
        if _fits(path, index):
            return index
    last_error: OSError | None = None
    for index in (beside, cached):
        try:
            index.parent.mkdir(parents=True, exist_ok=True)
            _build_index(path, index)
            return index
        except OSError as error:
            last_error = error
    raise InputError(
        f"{path}: cannot write its index beside it or in {cached.parent} ({last_error}). Run samtools faidx"
    )


def _cache_folder() -> Path:
    try:
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "genint"
    except RuntimeError:  # this user has no home
        return Path(tempfile.gettempdir()) / "genint"


def _gzi(index: Path) -> Path:
    return index.with_suffix(".gzi")


def _build_index(path: Path, index: Path) -> None:
    with tempfile.TemporaryDirectory(dir=index.parent, prefix=".genint-index-") as folder:
        new = Path(folder) / index.name
        with _fasta_errors(path):
            pyfaidx.Faidx(str(path), indexname=str(new), gzi_indexname=str(_gzi(new))).close()
        if not _fits(path, new):
            raise InputError(
                f"{path}: is not a well-formed FASTA file: its records are not where their line lengths say. "
                "Expected text with LF or CRLF line ends"
            )
        if _gzi(new).exists():
            os.replace(_gzi(new), _gzi(index))
        os.replace(new, index)


def _open_faidx(path: Path, index: Path) -> pyfaidx.Faidx:
    with _fasta_errors(path), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*is older than FASTA file", category=RuntimeWarning)  # see _fits
        reader = pyfaidx.Faidx(
            str(path),
            indexname=str(index),
            gzi_indexname=str(_gzi(index)),
            as_raw=True,
            rebuild=False,
            build_index=False,
        )
    if _is_packed(path):
        reader.gzi_index = [_Block(*block) for block in reader.gzi_index]
    return reader


class _Block(pyfaidx.BgzfBlock):  # type: ignore[misc]  # pyfaidx has no types
    """A bgzip block that pyfaidx also finds for its first byte, instead of the end of the block before.

    That end cannot be expressed when the block before is full, as Biopython writes them.
    """

    def __lt__(self, position: int) -> bool:
        return bool(self.ustart <= position)


@contextmanager
def _fasta_errors(path: Path) -> Iterator[None]:
    """Turn pyfaidx's many exceptions into one line. OSError from writing an index passes through."""
    try:
        yield
    except UnicodeDecodeError:
        raise InputError(f"{path}: holds bytes that are not text. Expected a FASTA file") from None
    except pyfaidx.FastaIndexingError as error:
        raise InputError(f"{path}: is not a well-formed FASTA file ({error})") from None
    except (ValueError, RuntimeError, struct.error, zlib.error) as error:
        if "during fasta indexing" in str(error):
            raise InputError(f"{path}: is not a well-formed FASTA file (blank or short lines in a record)") from None
        if "Duplicate key" in str(error):
            raise InputError(f"{path}: names a chromosome twice ({error}). Names must be unique") from None
        raise InputError(f"{path}: cannot be indexed ({error}). Copy the file again") from None
    except OSError as error:
        if "BGZF" not in str(error) and not isinstance(error, gzip.BadGzipFile):
            raise
        raise InputError(f"{path}: the bgzip stream is damaged or cut short ({error}). Copy the file again") from None


# -- does an index belong to a file? -----------------------------------------------------------------------------------

_LONGEST_HEADER = 1 << 20
_MOST_LOOKUPS = 200  # in a bgzipped file, where each unpacks a block
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


def _fits(path: Path, index: Path) -> bool:
    """Whether the index describes this very file. Its date alone cannot tell: copies keep old dates.

    Records must follow one another through the whole file without a gap. In a plain FASTA all are looked up, in a
    bgzipped one some 200 of them, the first and the last included.
    """
    try:
        records = _read_index(index)
        starts = [0, *(record.end for record in records)]
        with open(path, "rb") as file:
            read = _reader_of_packed(file, _gzi(index)) if _is_packed(path) else _reader_of_plain(file)
            step = len(records) // _MOST_LOOKUPS + 1 if _is_packed(path) else 1
            looked_up = {*range(0, len(records), step), len(records) - 1}
            return _is_end(read, starts[-1]) and all(_is_next(read, starts[i], records[i]) for i in looked_up)
    except (OSError, EOFError, TypeError, ValueError, OverflowError, struct.error, zlib.error):
        return False


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
    """Whether nothing but the record's header stands between `start` and its first base, and its lines are as told."""
    if not start < record.offset <= start + _LONGEST_HEADER:
        return False
    *others, header, rest = read(start, record.offset).decode().split("\n")
    if rest or not header.startswith(">") or header[1:].split()[:1] != [record.name] or "\r" in header.rstrip("\r"):
        return False
    if any(line.strip() and not (start == 0 and line.startswith(";")) for line in others):
        return False
    line_end = record.line_bytes - record.line_bases
    full_lines = [record.offset + record.line_bytes, record.last_line] if record.last_line > record.offset else []
    return all(read(stop - line_end, stop) in (b"\n", b"\r\n") for stop in full_lines) and (
        not record.bases or read(record.end - 1, record.end) not in (b"", b"\n", b"\r")
    )


def _is_end(read: _Read, position: int) -> bool:
    """Whether nothing but blank lines is left."""
    rest = read(position, position + _LONGEST_HEADER)
    return len(rest) < _LONGEST_HEADER and not rest.strip()
