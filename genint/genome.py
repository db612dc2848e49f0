"""A genome: an indexed FASTA that answers with tokens and never with the wrong bases.

pyfaidx does the reading. What is added here is what it leaves silent: an index that does not belong to the file, an
index written by two processes at once, a file handle shared after a fork, a request past a chromosome's end.
"""

import gzip
import hashlib
import mmap
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import pyfaidx

from genint import dna
from genint.errors import InputError


@dataclass(frozen=True)
class Assembly:
    """Which genome something was made from: a name for people, chromosome lengths in bp, and their digest."""

    name: str
    sizes: dict[str, int]

    @property
    def digest(self) -> str:
        """sha256 of chromosome names and lengths in order: equal for two copies of one assembly."""
        table = "".join(f"{name}\t{length}\n" for name, length in self.sizes.items())
        return hashlib.sha256(table.encode()).hexdigest()


class Genome:
    """A FASTA file, plain or bgzipped, opened for random access by any number of processes and forks.

    Attributes: `path`; `sizes`, chromosome name -> length in bp, in the order of the file; `assembly`.
    Raises InputError when the file is missing, empty, not FASTA, plain gzip, or names a chromosome twice.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        _check_readable(self.path)
        self._reader: pyfaidx.Faidx | None = None
        self._index = _usable_index(self.path)
        self.sizes: dict[str, int] = {name: record.rlen for name, record in self._open().index.items()}
        if not sum(self.sizes.values()):
            raise InputError(f"{self.path}: its {len(self.sizes)} record(s) hold no bases. Expected a FASTA genome")
        self.assembly = Assembly(self.path.name.split(".")[0], self.sizes)

    def tokens(self, chrom: str, start: int, end: int) -> dna.Tokens:
        """Tokens of [start, end), 0-based: a fresh uint8 array of length end - start, UNKNOWN beyond the two ends."""
        size = self.sizes[chrom]
        inside_start, inside_end = max(start, 0), min(end, size)
        answer = np.full(end - start, dna.UNKNOWN, dtype=np.uint8)
        if inside_start >= inside_end:
            return answer
        text = self._open().fetch(chrom, inside_start + 1, inside_end)
        if len(text) != inside_end - inside_start:
            raise InputError(
                f"{self.path}: {chrom} ends {inside_end - inside_start - len(text):,} bases early. "
                "The file changed while it was read, or was cut short; copy it again"
            )
        answer[inside_start - start : inside_end - start] = dna.tokens(text.encode("latin-1"))
        return answer

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

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def _check_readable(path: Path) -> None:
    """Name what pyfaidx would report late or vaguely."""
    try:
        with open(path, "rb") as file:
            start = file.read(18)
    except OSError as error:
        raise InputError(f"{path}: cannot read ({error.strerror}). Expected a FASTA file") from None
    packed_name = path.suffix.lower() in (".gz", ".bgz")
    if not start:
        raise InputError(f"{path}: is empty. Expected a FASTA file")
    if start[:2] == b"\x1f\x8b":
        if start[12:14] != b"BC":
            raise InputError(f"{path}: is plain gzip, which cannot be read at random. Run: gunzip {path}; bgzip {path.stem}")
        if not packed_name:
            raise InputError(f"{path}: is bgzipped but its name does not say so. Rename it to end in .gz")
    elif packed_name:
        raise InputError(f"{path}: is named like a gzip file but is not one. Rename it, or bgzip it")
    elif not start.startswith((b">", b";", b"\n", b"\r")):
        raise InputError(f"{path}: starts with {start[:8]!r}. Expected a FASTA file, whose first line begins with >")


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
    raise InputError(f"{path}: cannot write its index beside it or in {cached.parent} ({last_error}). Run samtools faidx")


def _cache_folder() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "genint"


def _gzi(index: Path) -> Path:
    return index.with_suffix(".gzi")


def _build_index(path: Path, index: Path) -> None:
    with tempfile.TemporaryDirectory(dir=index.parent, prefix=".genint-index-") as folder:
        new = Path(folder) / index.name
        with _fasta_errors(path):
            pyfaidx.Faidx(str(path), indexname=str(new), gzi_indexname=str(_gzi(new))).close()
        if _gzi(new).exists():
            os.replace(_gzi(new), _gzi(index))
        os.replace(new, index)


def _open_faidx(path: Path, index: Path) -> pyfaidx.Faidx:
    with _fasta_errors(path):
        return pyfaidx.Faidx(
            str(path), indexname=str(index), gzi_indexname=str(_gzi(index)), as_raw=True, rebuild=False, build_index=False
        )


@contextmanager
def _fasta_errors(path: Path) -> Iterator[None]:
    """Turn pyfaidx's many exceptions into one line. OSError from writing an index passes through."""
    try:
        yield
    except UnicodeDecodeError:
        raise InputError(f"{path}: holds bytes that are not text. Expected a FASTA file") from None
    except pyfaidx.FastaIndexingError as error:
        raise InputError(f"{path}: is not a well-formed FASTA file ({error})") from None
    except ValueError as error:
        if "Duplicate key" in str(error):
            raise InputError(f"{path}: names a chromosome twice ({error}). Names must be unique") from None
        raise InputError(f"{path}: cannot be indexed ({error}). Copy the file again") from None
    except OSError as error:
        if "BGZF" not in str(error) and not isinstance(error, gzip.BadGzipFile):
            raise
        raise InputError(f"{path}: the bgzip stream is damaged or cut short ({error}). Copy the file again") from None


_LONGEST_HEADER = 1 << 20


def _fits(path: Path, index: Path) -> bool:
    """Whether the index describes this very file. Its date alone cannot tell: copies keep old dates.

    In a plain FASTA every record is looked up: its header must stand right before its first base, and its last base
    right before the next header or the file's end. A bgzipped file is trusted when the index is not older.
    """
    try:
        records = [line.split("\t") for line in index.read_text().splitlines()]
        rows = [(name, *map(int, numbers)) for name, *numbers in records]
        if not rows or any(len(row) != 5 for row in rows):
            return False
        if path.suffix.lower() in (".gz", ".bgz"):
            return all(file.stat().st_mtime_ns >= path.stat().st_mtime_ns for file in (index, _gzi(index)))
        with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
            return _records_tile(text, [row for row in rows if len(row) == 5])
    except (OSError, ValueError):
        return False


def _records_tile(text: mmap.mmap, rows: list[tuple[str, int, int, int, int]]) -> bool:
    """Whether headers and records of the index follow one another through the whole file without a gap."""
    position = 0
    for name, bases, offset, line_bases, line_bytes in rows:
        if not position < offset < position + _LONGEST_HEADER:
            return False
        header = text[position:offset]
        if not header.endswith(b"\n") or not header.strip().startswith(b">") or b"\n" in header.strip():
            return False
        if header.strip()[1:].split(maxsplit=1)[:1] != [name.encode()]:
            return False
        full_lines = (bases - 1) // line_bases if bases else 0
        position = offset + bases + full_lines * (line_bytes - line_bases)
        if text[position - 1 : position] in (b"", b">", b"\r") or text[position : position + 1] not in (b"", b"\n", b"\r"):
            return False
    return not text[position:].strip()
