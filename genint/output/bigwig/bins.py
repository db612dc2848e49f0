"""Read back what BigWigWriter wrote: the bins themselves, exactly, one chromosome at a time."""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from deflate import DeflateError, zlib_decompress

from genint.arrays import F32, I64
from genint.errors import InputError
from genint.output.bigwig import layout

# Met in a file that is not what it was: checksums find most of it, the rest shows in sizes and offsets.
_DAMAGE = (struct.error, DeflateError, ValueError, ArithmeticError, LookupError, MemoryError, RecursionError)


class BinReader:
    """The bins of a bigWig by BigWigWriter. What is wrong with the file is an InputError that names it.

    `sizes` gives every chromosome and its length, in the genome's order. The file is open only while it is read, so
    there may be any number of readers.
    """

    def __init__(self, path: Path, *, bin_bp: int) -> None:
        self.path, self._bin_bp = path, bin_bp
        with self._report_damage(), open(path, "rb") as file:
            self.sizes = layout.read_chromosomes(file)
            self._blocks = layout.read_block_index(file)
        self._ids = {chrom: number for number, chrom in enumerate(self.sizes)}

    def chroms(self) -> list[str]:
        """The chromosomes with data, in the genome's order."""
        names = list(self.sizes)
        with self._report_damage():
            return [names[number] for number in np.unique(self._blocks["first_chrom"])]

    def read(self, chrom: str) -> tuple[I64, F32]:
        """Which bins of `chrom` have a value, in ascending order, and these values."""
        first, last = np.searchsorted(self._blocks["first_chrom"], [self._ids[chrom], self._ids[chrom] + 1])
        bins, values = [np.empty(0, np.int64)], [np.empty(0, np.float32)]
        with self._report_damage(f" in {chrom}"), open(self.path, "rb") as file:
            for place in self._blocks[first:last]:
                starts, some = _read_items(zlib_decompress(layout.read_block(file, place), layout.UNCOMPRESSED_BLOCK))
                bins.append(starts // self._bin_bp)
                values.append(some)
            found = np.concatenate(bins)
            if (np.diff(found) < 1).any() or (found[-1:] * self._bin_bp >= self.sizes[chrom]).any():
                raise ValueError("bins out of order or past the end")
        return found, np.concatenate(values)

    @contextmanager
    def _report_damage(self, where: str = "") -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise InputError(f"{self.path}: cannot read ({error.strerror or error}); expected a bigWig") from None
        except _DAMAGE as error:
            raise InputError(f"{self.path}: damaged bigWig{where} ({error}); copy or make it again") from None


def _read_items(block: bytearray) -> tuple[I64, F32]:
    """Start and value of every item of a data block."""
    header = np.frombuffer(block, layout.BLOCK_HEADER, 1)[0]
    count, size = int(header["count"]), layout.BLOCK_HEADER.itemsize
    if header["kind"] == layout.FIXED_STEP:
        starts = int(header["start"]) + int(header["step"]) * np.arange(count)
        return starts, np.frombuffer(block, "<f4", count, size).astype(np.float32)
    items = np.frombuffer(block, layout.VARIABLE_STEP_ITEM, count, size)
    return items["start"].astype(np.int64), items["value"].astype(np.float32)
