"""Write a bedGraph of fixed-width bins: plain text, 0-based half-open, for programs that read no bigWig."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from genint.arrays import F32
from genint.errors import cannot_write
from genint.output.writer import TrackWriter


class BedGraphWriter(TrackWriter):
    """A line `chrom start end value` per bin that has one, in the order of `add`; see TrackWriter.

    Values are the shortest text that reads back as the same float32. There is no `track` line, which converters refuse.
    """

    def __init__(self, path: Path, sizes: Mapping[str, int], *, bin_bp: int, tracks: Sequence[str] = ()) -> None:
        super().__init__(path, sizes, bin_bp=bin_bp, tracks=tracks)
        try:
            self._file = open(self.hidden, "x", encoding="utf-8")  # noqa: SIM115  closed by _finish or _abandon
        except OSError as error:
            raise cannot_write(path, error) from None

    def _add(self, chrom: str, first_bin: int, values: F32) -> None:
        kept = np.flatnonzero(~np.isnan(values))
        starts = (kept + first_bin) * self.bin_bp
        ends = np.minimum(starts + self.bin_bp, self.sizes[chrom])
        texts = values[kept].astype(np.str_)
        for start, end, text in zip(starts.tolist(), ends.tolist(), texts.tolist(), strict=True):
            self._file.write(f"{chrom}\t{start}\t{end}\t{text}\n")

    def _finish(self) -> None:
        self._file.close()

    def _abandon(self) -> None:
        with suppress(OSError):  # closing writes what is still in memory, and the disk may be full
            self._file.close()
        super()._abandon()
