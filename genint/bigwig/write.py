"""Write a bigWig of fixed-width bins: front to back, in bounded memory, under its final name only when complete."""

import errno
import os
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from genint.bigwig import layout, zoom
from genint.bigwig.layout import ITEMS_PER_BLOCK, Summary, ZoomLevel
from genint.bigwig.verify import verify
from genint.errors import OutputError

_READ_AT_ONCE = 128 << 10  # bytes read back while zooming: few enough for their rows to stay in the processor's cache
_NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class BigWigWriter:
    """One bigWig of fixed-width bins, written front to back; it appears at `path` only when complete and verified.

    `sizes` gives every chromosome of the genome and its length; bins arrive in that order. `bin_bp` is the width of a
    bin. `level` is zlib's: full-precision floats hardly shrink, so a higher one costs time and saves next to nothing.
    The same bins make the same file, however they are cut into calls of `add`.

        with BigWigWriter(path, {"chrI": 230218}, bin_bp=128) as bigwig:
            bigwig.add("chrI", 0, values)

    An exception inside the `with` leaves nothing behind; a killed process leaves a hidden `.NAME.PID-*.tmp`.
    """

    def __init__(self, path: Path, sizes: Mapping[str, int], *, bin_bp: int, level: int = 1) -> None:
        if not 1 <= bin_bp <= layout.MAX_COORDINATE // zoom.FIRST_REDUCTION_BINS:
            raise ValueError(f"bin_bp={bin_bp} is no width for a bin")
        _check_sizes(path, sizes)
        self.path = path
        self._sizes = dict(sizes)
        self._ids = {chrom: number for number, chrom in enumerate(sizes)}
        self._bin_bp = bin_bp
        self._summaries: dict[str, Summary] = {}  # of the chromosomes with data
        self._chrom = next(iter(sizes))
        self._next_bin = 0  # of self._chrom: bins before it are written or left out
        self._bins = np.empty(0, np.int64)  # waiting until they fill a block
        self._values = np.empty(0, np.float32)
        with _failures_told(path):
            self._file = _BlockFile(path, level)
        with self._or_discard():
            # No magic yet: unfinished, this is no bigWig, whatever its name.
            self._file.append(bytes(layout.CHROMOSOMES_OFFSET))
            self._file.append(layout.chromosome_tree(self._sizes, layout.CHROMOSOMES_OFFSET))
            self._data_offset = self._file.append(bytes(8))

    def add(self, chrom: str, first_bin: int, values: NDArray[np.float32]) -> None:
        """Values of the consecutive bins `first_bin`, `first_bin` + 1, ... of `chrom`; NaN leaves a hole.

        The chromosome's last bin may be shorter than `bin_bp`. Calls come in the order of chromosomes and of bins.
        """
        self._check(chrom, first_bin, values)
        with self._or_discard():
            if chrom != self._chrom:
                self._finish_chromosome()
                self._chrom = chrom
            self._next_bin = first_bin + len(values)
            kept = np.flatnonzero(~np.isnan(values))
            self._bins = np.concatenate([self._bins, kept + first_bin])
            self._values = np.concatenate([self._values, values[kept]])
            self._write_blocks(self._n_full_bins() // ITEMS_PER_BLOCK * ITEMS_PER_BLOCK)

    def close(self) -> None:
        """Write the indexes and zoom levels, check the file by reading it, and give it its name."""
        if self._file.closed:
            return
        with self._or_discard():
            self._finish_chromosome()
            blocks = self._file.take_blocks()
            index_offset = self._file.append(layout.block_index(blocks, self._file.size))
            zooms = self._write_zooms(blocks)
            self._file.append(struct.pack("<I", layout.MAGIC))
            self._file.overwrite(self._data_offset, struct.pack("<Q", len(blocks)))
            for level in zooms:
                self._file.overwrite(level.offset, struct.pack("<I", level.n_records))
            summary = sum(self._summaries.values(), start=Summary())
            self._file.overwrite(0, layout.header(self._data_offset, index_offset, zooms) + summary.to_bytes())
            self._file.finish()
            verify(self._file.path, self._sizes, self._summaries, name=self.path)
            os.replace(self._file.path, self.path)

    def discard(self) -> None:
        """Give up: remove what was written. `path` stays as it was."""
        self._file.discard()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.discard()

    @contextmanager
    def _or_discard(self) -> Iterator[None]:
        """A file that cannot be finished goes away at once."""
        try:
            with _failures_told(self.path):
                yield
        except BaseException:
            self.discard()
            raise

    def _check(self, chrom: str, first_bin: int, values: NDArray[np.float32]) -> None:
        """Anything wrong here is a bug of the caller: values past the end, say, would be written as they are."""
        if self._file.closed:
            raise ValueError(f"{self.path} is closed")
        if not isinstance(values, np.ndarray) or values.dtype != np.float32 or values.ndim != 1:
            raise ValueError(f"{chrom}: values must be a float32 array of one dimension")
        if chrom not in self._ids:
            raise ValueError(f"{chrom} is not among the chromosomes of {self.path}")
        n_bins = -(-self._sizes[chrom] // self._bin_bp)
        if not 0 <= first_bin <= first_bin + len(values) <= n_bins:
            raise ValueError(f"{chrom}: bins {first_bin} to {first_bin + len(values)} are not within its {n_bins}")
        behind = self._ids[chrom] < self._ids[self._chrom]
        if behind or (chrom == self._chrom and first_bin < self._next_bin):
            raise ValueError(f"{chrom} bin {first_bin} comes after {self._chrom} bin {self._next_bin - 1}")
        if np.isinf(values).any():
            raise ValueError(f"{chrom} bin {first_bin + int(np.isinf(values).argmax())}: infinite value")

    def _n_full_bins(self) -> int:
        """How many of the waiting bins are `bin_bp` wide: all but perhaps the chromosome's last."""
        return int(np.searchsorted(self._bins, self._sizes[self._chrom] // self._bin_bp))

    def _finish_chromosome(self) -> None:
        self._write_blocks(self._n_full_bins())
        self._write_blocks(len(self._bins))
        self._next_bin = 0

    def _write_blocks(self, n: int) -> None:
        """Write the first `n` waiting bins, which are of one width."""
        for at in range(0, n, ITEMS_PER_BLOCK):
            here = slice(at, min(at + ITEMS_PER_BLOCK, n))
            self._write_block(self._bins[here], self._values[here])
        if n:
            self._bins, self._values = self._bins[n:].copy(), self._values[n:].copy()

    def _write_block(self, bins: NDArray[np.int64], values: NDArray[np.float32]) -> None:
        start = int(bins[0]) * self._bin_bp
        end = min(int(bins[-1] + 1) * self._bin_bp, self._sizes[self._chrom])
        chrom = self._ids[self._chrom]
        span = min(self._bin_bp, end - int(bins[-1]) * self._bin_bp)
        unbroken = int(bins[-1] - bins[0]) == len(bins) - 1
        if unbroken:
            kind, items = layout.FIXED_STEP, values.astype("<f4", copy=False).tobytes()
        else:  # a hole in the middle: each value says where it starts
            placed = np.empty(len(bins), layout.VARIABLE_STEP_ITEM)
            placed["start"], placed["value"] = bins * self._bin_bp, values
            kind, items = layout.VARIABLE_STEP, placed.tobytes()
        step = span if unbroken else 0
        head = layout.BLOCK_HEADER.pack(chrom, start, end, step, span, kind, 0, len(bins))
        self._file.append_block(head + items, (chrom, start, chrom, end))
        self._summaries[self._chrom] = self._summaries.get(self._chrom, Summary()) + Summary.of(values, span)

    def _write_zooms(self, blocks: NDArray[Any]) -> list[ZoomLevel]:
        """The zoom levels after the data, each made from the one before by reading that back."""
        zooms: list[ZoomLevel] = []
        reduction = zoom.FIRST_REDUCTION_BINS * self._bin_bp
        pieces = map(zoom.rows_of_data, self._file.read_blocks(blocks))
        # Coarser than one record to a chromosome there is nothing to gain.
        worthwhile = len(blocks) > 0
        while worthwhile and len(zooms) < layout.MAX_ZOOM_LEVELS and reduction <= layout.MAX_COORDINATE:
            level, blocks = self._write_level(zoom.reduce(pieces, reduction), reduction)
            zooms.append(level)
            worthwhile = level.n_records > max(zoom.FEW_RECORDS, 2 * len(self._summaries))
            pieces = map(zoom.rows_of_level, self._file.read_blocks(blocks))
            reduction *= zoom.REDUCTION_STEP
        return zooms

    def _write_level(self, pieces: Iterable[NDArray[Any]], reduction: int) -> tuple[ZoomLevel, NDArray[Any]]:
        offset = self._file.append(bytes(4))
        n_records = 0
        for records in _in_blocks(pieces):
            first, last = records[0], records[-1]
            span = (int(first["chrom"]), int(first["start"]), int(last["chrom"]), int(last["end"]))
            self._file.append_block(records.tobytes(), span)
            n_records += len(records)
        blocks = self._file.take_blocks()
        index_offset = self._file.append(layout.block_index(blocks, self._file.size))
        return ZoomLevel(reduction, n_records, offset, index_offset), blocks


class _BlockFile:
    """The temporary file beside the final one: grows by compressed blocks, and remembers where each lies."""

    def __init__(self, final: Path, level: int) -> None:
        if final.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        self.path = final.with_name(f".{final.name}.{os.getpid()}-{os.urandom(3).hex()}.tmp")
        self.size = 0
        self._level = level
        self._blocks = bytearray()  # BLOCK_PLACE rows: 32 bytes to a block, where tuples would take 250
        self._file = open(self.path, "x+b", buffering=1 << 20)  # noqa: SIM115 (closed by finish or discard)

    @property
    def closed(self) -> bool:
        return self._file.closed

    def append(self, data: bytes) -> int:
        """Returns the offset at which `data` now stands."""
        offset = self.size
        self._file.write(data)
        self.size += len(data)
        return offset

    def append_block(self, data: bytes, span: tuple[int, int, int, int]) -> None:
        """`span`: first chromosome and base, last chromosome and base."""
        compressed = zlib.compress(data, self._level)
        offset = self.append(compressed)
        self._blocks += layout.PACK_BLOCK_PLACE(*span, offset, len(compressed))

    def take_blocks(self) -> NDArray[Any]:
        """BLOCK_PLACE rows of the blocks appended since the last call."""
        places = np.frombuffer(bytes(self._blocks), layout.BLOCK_PLACE)
        self._blocks.clear()
        return places

    def read_blocks(self, blocks: NDArray[Any]) -> Iterator[list[bytes]]:
        """The compressed bytes of `blocks`, which lie one behind the other, some at a time. May append in between."""
        _, first = np.unique(blocks["offset"] // _READ_AT_ONCE, return_index=True)
        for some in np.split(blocks, first[1:]):
            self._file.seek(int(some["offset"][0]))
            data = self._file.read(int(some["size"].sum()))
            self._file.seek(self.size)
            ends = np.cumsum(some["size"]).tolist()
            yield [data[start:end] for start, end in zip([0, *ends], ends, strict=False)]

    def overwrite(self, offset: int, data: bytes) -> None:
        self._file.seek(offset)
        self._file.write(data)

    def finish(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()

    def discard(self) -> None:
        with suppress(OSError):  # closing writes what is still in memory, and the disk may be full
            self._file.close()
        self.path.unlink(missing_ok=True)


@contextmanager
def _failures_told(path: Path) -> Iterator[None]:
    """What the system refuses becomes one line for the user."""
    try:
        yield
    except OSError as error:
        advice = "free space or" if error.errno in _NO_SPACE else "check it or"
        reason = error.strerror or str(error)
        message = f"{path}: cannot write ({reason}); {advice} choose another folder with -o"
        raise OutputError(message) from None


def _in_blocks(pieces: Iterable[NDArray[Any]]) -> Iterator[NDArray[Any]]:
    """The same records, ITEMS_PER_BLOCK at a time."""
    waiting = np.empty(0, layout.ZOOM_RECORD)
    for piece in pieces:
        waiting = np.concatenate([waiting, piece])
        n_ready = len(waiting) // ITEMS_PER_BLOCK * ITEMS_PER_BLOCK
        for at in range(0, n_ready, ITEMS_PER_BLOCK):
            yield waiting[at : at + ITEMS_PER_BLOCK]
        waiting = waiting[n_ready:]
    if len(waiting):
        yield waiting


def _check_sizes(path: Path, sizes: Mapping[str, int]) -> None:
    if not sizes:
        raise ValueError("a bigWig needs at least one chromosome")
    for chrom, bp in sizes.items():
        if not chrom or "\0" in chrom or bp < 1:
            raise ValueError(f"a chromosome named {chrom!r} of {bp} bases cannot be written")
        if bp > layout.MAX_COORDINATE:
            most = f"{layout.MAX_COORDINATE:,}"
            raise OutputError(f"{path}: {chrom} has {bp:,} bases, and programs that read bigWigs count to {most}")
