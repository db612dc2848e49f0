"""The index of a FASTA file: built once, checked against the file each time, safe under concurrency."""

import codecs
import gzip
import hashlib
import os
import struct
import tempfile
import warnings
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

import pyfaidx

from genint.cache import user_cache
from genint.console import Console
from genint.errors import InputError
from genint.genome.fasta_check import gzi_of, index_fits, is_packed, refuse_other_letters, skip_mark


def usable_index(path: Path, console: Console) -> Path:
    """An index that belongs to `path`: the one beside it if it fits, else a new one, beside it or in a cache folder.

    A new index appears by rename, so that other processes see all of it or nothing. Whoever made it, it is compared
    once with every base of the file; the cache folder remembers that. Raises InputError for a file that is not FASTA or
    not DNA, and where no folder can hold the index.
    """
    folders = _cache_folders()
    candidates = [Path(f"{path}.fai"), *(folder / f"{_key(path)}.fai" for folder in folders)]
    for index in candidates:
        if os.path.isfile(index) and _fits(path, index, folders):
            return index
    index = _build_somewhere(path, candidates)
    _remember(folders, _mark(path, index))
    if index.parent == _temporary_folder():
        console.say(f"note: the index of {path} is in {index.parent}, as no lasting folder can be written")
    return index


def _fits(path: Path, index: Path, folders: Sequence[Path]) -> bool:
    mark = _mark(path, index)
    if any(os.path.exists(folder / mark) for folder in folders):
        return index_fits(path, index, every_base=False)
    fits = index_fits(path, index, every_base=True)
    if fits:
        _remember(folders, mark)
    return fits


def _mark(path: Path, index: Path) -> str:
    return f"{_key(path, index)}.checked"


def _key(*paths: Path) -> str:
    """Another one after any change of the files: the date of their status, unlike that of content, is the system's."""
    identities = []
    for path in paths:
        status = path.stat()
        identities += [path.resolve(), status.st_dev, status.st_ino, status.st_size, status.st_ctime_ns]
    return hashlib.sha256(" ".join(map(str, identities)).encode(errors="surrogateescape")).hexdigest()[:16]


def _cache_folders() -> list[Path]:
    cache = user_cache()
    return [_temporary_folder()] if cache is None else [cache, _temporary_folder()]


def _temporary_folder() -> Path:
    return Path(tempfile.gettempdir()) / f"genint-{os.getuid()}"


def _remember(folders: Sequence[Path], name: str) -> None:
    """Leave an empty file in the first folder that takes it; where none does, the next run looks again."""
    for folder in folders:
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            (folder / name).touch()
            return


def _build_somewhere(path: Path, candidates: Sequence[Path]) -> Path:
    last_error: OSError | None = None
    for index in candidates:
        try:
            index.parent.mkdir(parents=True, exist_ok=True)
            _build_index(path, index)
            return index
        except OSError as error:
            last_error = error
    folders = ", ".join(dict.fromkeys(str(index.parent) for index in candidates))
    raise InputError(f"{path}: cannot write its index into any of {folders} ({last_error}). Make one of them writable")


def _build_index(path: Path, index: Path) -> None:
    with tempfile.TemporaryDirectory(dir=index.parent, prefix=".genint-index-") as folder:
        new = Path(folder) / index.name
        try:
            with fasta_errors(path):
                builder = _IndexBuilder(str(path), indexname=str(new), gzi_indexname=str(gzi_of(new)))
                builder.close()
            if builder.mark_bytes:
                _shift(new, builder.mark_bytes)
        except InputError:
            with suppress(OSError, EOFError, zlib.error):  # of a damaged bgzip stream
                refuse_other_letters(path)
            raise
        if not index_fits(path, new, every_base=True):
            refuse_other_letters(path)
            raise InputError(
                f"{path}: is not a well-formed FASTA file: its records are not where their line lengths say. "
                "Expected text with LF or CRLF line ends"
            )
        if gzi_of(new).exists():
            os.replace(gzi_of(new), gzi_of(index))
        os.replace(new, index)


class _IndexBuilder(pyfaidx.Faidx):  # type: ignore[misc]  # pyfaidx has no types
    """pyfaidx's indexing, of a file without its byte order mark: every offset lacks `mark_bytes`."""

    mark_bytes = 0
    file: Any

    def build_index(self) -> None:
        file = self.file
        self.mark_bytes = len(codecs.BOM_UTF8) if file.read(len(codecs.BOM_UTF8)) == codecs.BOM_UTF8 else 0
        file.seek(0)
        self.file = _Unmarked(file)
        try:
            super().build_index()
        finally:
            self.file = file


class _Unmarked:
    """What pyfaidx indexes: an open file, always at its beginning, whose lines lack the byte order mark."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.tell, self.seek = file.tell, file.seek

    def __iter__(self) -> Iterator[bytes]:
        return skip_mark(self._file)


def _shift(index: Path, by: int) -> None:
    """Move every record of a .fai back by so many bytes."""
    lines = [line.split("\t") for line in index.read_text().splitlines()]
    index.write_text("".join(f"{n}\t{bases}\t{int(at) + by}\t{width}\t{size}\n" for n, bases, at, width, size in lines))


def open_faidx(path: Path, index: Path) -> pyfaidx.Faidx:
    """A reader of `path`, raw text as it stands there, that never touches the index."""
    with fasta_errors(path), warnings.catch_warnings():
        # index_fits has compared the two
        warnings.filterwarnings("ignore", message=".*is older than FASTA file", category=RuntimeWarning)
        reader = pyfaidx.Faidx(
            str(path),
            indexname=str(index),
            gzi_indexname=str(gzi_of(index)),
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
