"""Write a bigWig of fixed-width bins: front to back, under its final name only when complete."""

import errno
import os
import struct
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from deflate import zlib_compress
from numpy.typing import NDArray

from genint.arrays import F32, I64
from genint.errors import OutputError, cannot_write
from genint.output.bigwig import layout, zoom
from genint.output.bigwig.blocks import Bins, data_blocks, zoom_blocks
from genint.output.bigwig.layout import ZoomLevel
from genint.output.bigwig.verify import verify
from genint.output.writer import TrackWriter

_BINS_AT_ONCE = 1 << 16  # few enough for their columns to stay in the processor's cache
_LEVEL = 1  # full-precision floats hardly shrink: a higher one costs time and saves next to nothing


class BigWigWriter(TrackWriter):
    """One bigWig of fixed-width bins; it appears at `path` only when complete and verified. See TrackWriter.

    The same bins make the same file, byte for byte, however they are cut into calls of `add` and whatever thread or
    process makes them, on one version of libdeflate. Until it is closed, a writer keeps about 1.5 bytes per bin for the
    zoom levels.

        with BigWigWriter(path, {"chrI": 230218}, bin_bp=128) as bigwig:
            bigwig.add("chrI", 0, values)
    """

    def __init__(self, path: Path, sizes: Mapping[str, int], *, bin_bp: int, tracks: Sequence[str] = ()) -> None:
        if not 1 <= bin_bp <= layout.MAX_COORDINATE // zoom.FIRST_REDUCTION_BINS:
            raise ValueError(f"bin_bp={bin_bp} is no width for a bin")
        _check_sizes(path, sizes)
        super().__init__(path, sizes, bin_bp=bin_bp, tracks=tracks)
        self._numbers = {chrom: number for number, chrom in enumerate(sizes)}
        self._lengths = np.array(list(sizes.values()), np.uint32)
        self._chrom = next(iter(sizes))
        self._next_bin = 0  # of self._chrom: bins before it are written, waiting or left out
        # What is added but not written: number of the chromosome, bins, their values.
        self._waiting: list[tuple[int, I64, F32]] = []
        self._n_waiting = 0
        self._sums: list[NDArray[Any]] = []  # of the finest zoom level, for what is written
        try:
            if path.is_dir():
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
            self._file = _BlockFile(self.hidden)
        except OSError as error:
            raise cannot_write(path, error) from None
        try:
            # No magic yet: unfinished, this is no bigWig, whatever its name.
            self._file.append(bytes(layout.CHROMOSOMES_OFFSET))
            self._file.append(layout.chromosome_tree(tuple(sizes.items()), layout.CHROMOSOMES_OFFSET))
            self._data_offset = self._file.append(bytes(8))
        except BaseException as error:
            raise self._give_up(error) from None

    def _add(self, chrom: str, first_bin: int, values: F32) -> None:
        self._check(chrom, first_bin, values)
        self._chrom, self._next_bin = chrom, first_bin
        for at in range(0, len(values), _BINS_AT_ONCE):
            batch = values[at : at + _BINS_AT_ONCE].copy()
            self._next_bin = first_bin + at + len(batch)
            self._waiting.append((self._numbers[chrom], np.arange(first_bin + at, self._next_bin), batch))
            self._n_waiting += len(batch)
            if self._n_waiting >= _BINS_AT_ONCE:
                # The last block may not be full yet. Cells of the finest zoom level end where blocks end.
                self._write_waiting(self._next_bin // layout.BINS_PER_BLOCK * layout.BINS_PER_BLOCK)

    def _finish(self) -> None:
        """Write the indexes and zoom levels, and check the file by reading it."""
        self._write_waiting(self._next_bin)
        blocks = self._file.take_blocks()
        index_offset = self._file.append(layout.block_index(blocks, self._file.size))
        sums = np.concatenate(self._sums) if self._sums else np.empty(0, zoom.SUMS)
        chroms = zoom.per_chromosome(sums)
        zooms = self._write_zooms(sums, max(zoom.FEW_RECORDS, 2 * len(chroms)))
        self._file.append(struct.pack("<I", layout.MAGIC))
        self._file.overwrite(self._data_offset, struct.pack("<Q", len(blocks)))
        self._file.overwrite(0, layout.header(self._data_offset, index_offset, zooms) + zoom.summary(chroms))
        self._file.close()
        verify(self.hidden, self.sizes, chroms, name=self.path)

    def _abandon(self) -> None:
        with suppress(OSError):  # closing writes what is still in memory, and the disk may be full
            self._file.close()
        super()._abandon()

    def _check(self, chrom: str, first_bin: int, values: F32) -> None:
        """Anything wrong here is a bug of the caller: values past the end, say, would be written as they are."""
        if not isinstance(values, np.ndarray) or values.dtype != np.float32 or values.ndim != 1:
            raise ValueError(f"{chrom}: values must be a float32 array of one dimension")
        if chrom not in self._numbers:
            raise ValueError(f"{chrom} is not among the chromosomes of {self.path}")
        n_bins = -(-self.sizes[chrom] // self.bin_bp)
        if not 0 <= first_bin <= first_bin + len(values) <= n_bins:
            raise ValueError(f"{chrom}: bins {first_bin} to {first_bin + len(values)} are not within its {n_bins}")
        behind = self._numbers[chrom] < self._numbers[self._chrom]
        if behind or (chrom == self._chrom and first_bin < self._next_bin):
            raise ValueError(f"{chrom} bin {first_bin} comes after {self._chrom} bin {self._next_bin - 1}")
        if np.isinf(values).any():
            raise ValueError(f"{chrom} bin {first_bin + int(np.isinf(values).argmax())}: infinite value")

    def _write_waiting(self, end: int) -> None:
        """Write the bins that wait, of the chromosome that is being added only those before `end`."""
        if not self._waiting:
            return
        numbers, all_bins, all_values = zip(*self._waiting, strict=True)
        chrom = np.repeat(np.array(numbers, np.uint32), [len(values) for values in all_values])
        bins, values = np.concatenate(all_bins), np.concatenate(all_values)
        number = self._numbers[self._chrom]
        n = len(bins) - int(np.count_nonzero((chrom == number) & (bins >= end)))
        self._waiting = [(number, bins[n:], values[n:])] if n < len(bins) else []
        self._n_waiting = len(bins) - n
        here = np.flatnonzero(~np.isnan(values[:n]))
        chrom, values = chrom[here], values[here]
        start = (bins[here] * self.bin_bp).astype(np.uint32)
        batch = Bins(chrom, start, np.minimum(start + np.uint32(self.bin_bp), self._lengths[chrom]), values)
        self._file.append_blocks(*data_blocks(batch, self.bin_bp))
        self._sums.append(zoom.sums_of_bins(batch, zoom.FIRST_REDUCTION_BINS * self.bin_bp))

    def _write_zooms(self, sums: NDArray[Any], few: int) -> list[ZoomLevel]:
        """The zoom levels after the data, until one has `few` records or less."""
        zooms: list[ZoomLevel] = []
        reduction = zoom.FIRST_REDUCTION_BINS * self.bin_bp
        while len(sums) and len(zooms) < layout.MAX_ZOOM_LEVELS and reduction <= layout.MAX_COORDINATE:
            offset = self._file.append(struct.pack("<I", len(sums)))
            self._file.append_blocks(*zoom_blocks(zoom.records(sums)))
            index_offset = self._file.append(layout.block_index(self._file.take_blocks(), self._file.size))
            zooms.append(ZoomLevel(reduction, offset, index_offset))
            if len(sums) <= few:
                break
            reduction *= zoom.REDUCTION_STEP
            sums = zoom.coarsen(sums, reduction)
        return zooms


class _BlockFile:
    """A new file that grows by compressed blocks, and remembers where each lies."""

    def __init__(self, path: Path) -> None:
        self.size = 0
        self._blocks: list[NDArray[Any]] = []  # BLOCK_PLACE rows
        self._file = open(path, "xb")  # noqa: SIM115 (closed by close)

    def append(self, data: bytes) -> int:
        """Returns the offset at which `data` now stands."""
        offset = self.size
        self._file.write(data)
        self.size += len(data)
        return offset

    def append_blocks(self, raw: Sequence[bytes], places: NDArray[Any]) -> None:
        """Compress and append; offset and size go into `places`, a BLOCK_PLACE for each."""
        compressed = [zlib_compress(block, _LEVEL) for block in raw]
        places["size"] = [len(block) for block in compressed]
        places["offset"] = self.size + np.cumsum(places["size"]) - places["size"]
        self.append(b"".join(compressed))
        self._blocks.append(places)

    def take_blocks(self) -> NDArray[Any]:
        """BLOCK_PLACE rows of the blocks appended since the last call."""
        places = np.concatenate(self._blocks) if self._blocks else np.empty(0, layout.BLOCK_PLACE)
        self._blocks.clear()
        return places

    def overwrite(self, offset: int, data: bytes) -> None:
        self._file.seek(offset)
        self._file.write(data)

    def close(self) -> None:
        self._file.close()


def _check_sizes(path: Path, sizes: Mapping[str, int]) -> None:
    if not sizes:
        raise ValueError("a bigWig needs at least one chromosome")
    for chrom, bp in sizes.items():
        if not chrom or "\0" in chrom or bp < 1:
            raise ValueError(f"a chromosome named {chrom!r} of {bp} bases cannot be written")
        if bp > layout.MAX_COORDINATE:
            most = f"{layout.MAX_COORDINATE:,}"
            raise OutputError(f"{path}: {chrom} has {bp:,} bases, and programs that read bigWigs count to {most}")
