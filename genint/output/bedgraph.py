"""Write a bedGraph of fixed-width bins: plain text, 0-based half-open, for programs that read no bigWig."""

import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt


class BedGraphWriter:
    """A line `chrom start end value` per bin that has one, in the order of `add`; see BigWigWriter for its arguments.

    Values are the shortest text that reads back as the same float32. There is no `track` line, which converters refuse.
    The file appears at `path` only when complete.
    """

    def __init__(self, path: Path, sizes: Mapping[str, int], *, bin_bp: int) -> None:
        self.path, self._sizes, self._bin_bp = path, sizes, bin_bp
        self._hidden = path.with_name(f".{path.name}.tmp")
        self._file = open(self._hidden, "w", encoding="utf-8")  # noqa: SIM115  closed by close or __exit__

    def add(self, chrom: str, first_bin: int, values: npt.NDArray[np.float32]) -> None:
        """Values of the consecutive bins `first_bin`, `first_bin` + 1, ...; NaN leaves a hole."""
        kept = np.flatnonzero(~np.isnan(values))
        starts = (kept + first_bin) * self._bin_bp
        ends = np.minimum(starts + self._bin_bp, self._sizes[chrom])
        texts = values[kept].astype(np.str_)
        for start, end, text in zip(starts.tolist(), ends.tolist(), texts.tolist(), strict=True):
            self._file.write(f"{chrom}\t{start}\t{end}\t{text}\n")

    def close(self) -> None:
        """Give the file its name."""
        if not self._file.closed:
            self._file.close()
            os.replace(self._hidden, self.path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
            return
        try:
            self._file.close()  # writes what is still in memory, and the disk may be full
        finally:
            self._hidden.unlink(missing_ok=True)
