"""The index of a FASTA file: built once, checked against the file each time, safe under concurrency."""

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
from pathlib import Path
from typing import BinaryIO, NamedTuple

import pyfaidx

from genint.errors import InputError


def is_packed(path: Path) -> bool:
    """As pyfaidx decides it."""
    return path.suffix.lower() in (".gz", ".bgz")


def usable_index(path: Path) -> Path:
    """An index that belongs to `path`: the one beside it if it fits, else a new one, beside it or in the cache folder.

    A new index appears by rename, so that other processes see all of it or nothing.
    """
    stamp = path.stat()
    key = hashlib.sha256(
        f"{path.resolve()} {stamp.st_size} {stamp.st_mtime_ns}".encode(errors="surrogateescape")
    ).hexdigest()[:16]
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
        with fasta_errors(path):
            pyfaidx.Faidx(str(path), indexname=str(new), gzi_indexname=str(_gzi(new))).close()
        if not _fits(path, new):
            raise InputError(
                f"{path}: is not a well-formed FASTA file: its records are not where their line lengths say. "
                "Expected text with LF or CRLF line ends"
            )
        if _gzi(new).exists():
            os.replace(_gzi(new), _gzi(index))
        os.replace(new, index)


def open_faidx(path: Path, index: Path) -> pyfaidx.Faidx:
    with fasta_errors(path), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*is older than FASTA file", category=RuntimeWarning)  # see _fits
        reader = pyfaidx.Faidx(
            str(path),
            indexname=str(index),
            gzi_indexname=str(_gzi(index)),
            as_raw=True,
            rebuild=False,
            build_index=False,
        )
    if is_packed(path):
        reader.gzi_index = [_Block(*block) for block in reader.gzi_index]
    return reader


class _Block(pyfaidx.BgzfBlock):  # type: ignore[misc]  # pyfaidx has no types
    """A bgzip block that pyfaidx also finds for its first byte, instead of the end of the block before.

    That end cannot be expressed when the block before is full, as Biopython writes them.
    """

    def __lt__(self, position: int) -> bool:
        return bool(self.ustart <= position)


@contextmanager
def fasta_errors(path: Path) -> Iterator[None]:
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
            read = _reader_of_packed(file, _gzi(index)) if is_packed(path) else _reader_of_plain(file)
            step = len(records) // _MOST_LOOKUPS + 1 if is_packed(path) else 1
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
