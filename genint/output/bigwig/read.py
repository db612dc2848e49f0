"""Read bigWigs: sums over bins, a whole chromosome at a time. pybigtools does the work; its errors become one line."""

import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Self, TypeVar

import numpy as np
import pybigtools

from genint.arrays import F64
from genint.errors import InputError
from genint.output.bigwig.layout import MAGIC, MAX_COORDINATE, SUMMARY_OFFSET

_T = TypeVar("_T")

_HEADER = 64  # bytes, and in them
_SUMMARY = 44  # where the offset of the summary is

_OTHER_FILES = {
    b"\xeb\xf2\x89\x87": "a bigBed",
    b"\x87\x89\xf2\xeb": "a bigBed",
    b"\x1f\x8b": "gzip data (unpack it first)",
    b"\x89HDF": "HDF5",
    b"BAM\x01": "BAM",
}


class BigWigReader:
    """A bigWig open for reading, in either byte order. What is wrong with the file is an InputError that names it.

        with BigWigReader(path) as bigwig:
            sums = bigwig.bin_sums("chrI", bin_bp=128)

    `chroms` gives names and lengths in order of name: a bigWig keeps no order of the genome.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            # Handed over open, for by path pybigtools reads no name that ends in .BW or nothing.
            self._file = open(path, "rb")  # noqa: SIM115 (closed by close)
        except OSError as error:
            raise InputError(f"{path}: cannot read ({error.strerror}); expected a bigWig") from None
        try:
            _check_header(path, self._file)
            self._bigwig = self._call(lambda: pybigtools.open(self._file))
            self.chroms: dict[str, int] = dict(sorted(self._call(lambda: self._bigwig.chroms()).items()))
        except BaseException:
            self._file.close()
            raise

    def bin_sums(self, chrom: str, bin_bp: int, first_bin: int = 0, last_bin: int | None = None) -> F64:
        """The sum over the bases of each bin from `first_bin` up to `last_bin` (excluded) or the end of `chrom`.

        Bases without data are 0; the chromosome's last bin may be shorter than `bin_bp`.
        """
        if chrom not in self.chroms:
            some = ", ".join(list(self.chroms)[:3])
            raise InputError(f"{self.path}: no chromosome {chrom}; expected one of {some or 'none'}, ...")
        length = self.chroms[chrom]
        if length > MAX_COORDINATE:
            raise InputError(f"{self.path}: {chrom} has {length:,} bases; expected at most {MAX_COORDINATE:,}")
        start, end = first_bin * bin_bp, length if last_bin is None else min(last_bin * bin_bp, length)
        n_full = (end - start) // bin_bp
        # pybigtools cuts a range into bins of equal width, so a shorter last bin is read by itself.
        ranges = [(start, start + n_full * bin_bp, n_full), (start + n_full * bin_bp, end, 1)]
        sums = np.concatenate([np.empty(0), *(self._sums(chrom, *part) for part in ranges if part[0] < part[1])])
        finite = np.isfinite(sums)
        if not finite.all():
            start += int(finite.argmin()) * bin_bp
            bin_ = f"{chrom}:{start:,}-{min(start + bin_bp, length):,}"
            raise InputError(f"{self.path}: {bin_} holds NaN or infinity; expected numbers, and nothing where unknown")
        return sums

    def close(self) -> None:
        self._bigwig.close()
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _sums(self, chrom: str, start: int, end: int, n_bins: int) -> F64:
        options: dict[str, Any] = {"summary": "sum", "exact": True, "uncovered": 0.0, "fillna": None}
        return self._call(lambda: self._bigwig.values(chrom, start, end, bins=n_bins, **options), f" in {chrom}")

    def _call(self, read: Callable[[], _T], where: str = "") -> _T:
        try:
            with report_damage():
                return read()
        except Damage as damage:
            raise InputError(f"{self.path}: damaged bigWig{where} ({damage}); copy or make it again") from None


class Damage(Exception):
    """pybigtools could not read a file."""


@contextmanager
def report_damage() -> Iterator[None]:
    """pybigtools meets damage with exceptions of many kinds, or with a Rust panic, which is no `Exception`."""
    try:
        yield
    except BaseException as error:
        if isinstance(error, Exception) or type(error).__name__ == "PanicException":
            raise Damage(str(error)) from None
        raise


def _check_header(path: Path, file: BinaryIO) -> None:
    """Refuse what pybigtools would name less plainly: another kind of file, a truncated one, one without data."""
    start = file.read(SUMMARY_OFFSET)
    size = file.seek(0, 2)
    order = {struct.pack(sign + "I", MAGIC): sign for sign in "<>"}.get(start[:4])
    if order is None:
        raise InputError(f"{path}: {_kind(start)}; expected a bigWig")
    if size < _HEADER or max(_offsets(start, order)) >= size:
        raise InputError(f"{path}: truncated bigWig, {size:,} bytes; copy or make it again")
    (summary,) = struct.unpack_from(order + "Q", start, _SUMMARY)
    file.seek(summary)
    if summary and file.read(8) == bytes(8):  # very old files have no summary
        raise InputError(f"{path}: bigWig without any data; was its writing cut short?")
    file.seek(0)


def _offsets(start: bytes, order: str) -> list[int]:
    """Where the header says that things begin: chromosomes, data, index, summary, zoom levels."""
    n_zooms, *offsets = struct.unpack_from(order + "HQQQ", start, 6)
    offsets += struct.unpack_from(order + "Q", start, _SUMMARY)
    for level in range(min(n_zooms, (len(start) - _HEADER) // 24)):
        offsets += struct.unpack_from(order + "QQ", start, _HEADER + 24 * level + 8)
    return offsets


def _kind(start: bytes) -> str:
    if not start:
        return "empty file"
    for magic, kind in _OTHER_FILES.items():
        if start.startswith(magic):
            return kind
    printable = all(byte >= 32 or byte in b"\t\r\n" for byte in start)
    return "text (a wig or bedGraph? convert it with bedGraphToBigWig)" if printable else "another kind of file"
