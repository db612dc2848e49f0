"""Predictions on disk until they are written: tile after tile, each with a checksum, so that a killed run can go on."""

import zlib
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


class Spool:
    """A file of tiles, each (rows, core_bins) float32. What an earlier process wrote is there again, if it is whole.

    `len(spool)` is the number of tiles in it.
    """

    def __init__(self, path: Path, n_rows: int, core_bins: int) -> None:
        self._path, self._shape = path, (n_rows, core_bins)
        self._record = np.dtype([("values", "<f4", self._shape), ("check", "<u4")])
        path.touch()
        self._file = open(path, "r+b")  # noqa: SIM115  closed by __exit__
        self._length = self._whole_tiles()
        self._file.truncate(self._length * self._record.itemsize)
        self._file.seek(0, 2)

    def _whole_tiles(self) -> int:
        """Tiles before the first that is cut short or damaged: a process may have died while it wrote."""
        whole = 0
        while len(record := self._file.read(self._record.itemsize)) == self._record.itemsize:
            if zlib.crc32(record[:-4]) != int.from_bytes(record[-4:], "little"):
                break
            whole += 1
        return whole

    def __len__(self) -> int:
        return self._length

    def append(self, values: Floats) -> None:
        """Add one tile: (rows, core_bins)."""
        if values.shape != self._shape or values.dtype != np.float32:
            raise ValueError(f"a tile of shape {values.shape} and {values.dtype}, not {self._shape} float32")
        data = values.astype("<f4", order="C", copy=False).tobytes()
        self._file.write(data + zlib.crc32(data).to_bytes(4, "little"))
        self._length += 1

    def read(self, first: int, last: int, rows: slice) -> Floats:
        """Tiles [first, last), only some rows of each: (tiles, rows, core_bins)."""
        self._file.flush()
        if not 0 <= first < last <= len(self):
            raise ValueError(f"tiles {first} to {last} of {len(self)}")
        # Mapped for this moment alone: pages of a mapping that stays would count as memory in use.
        mapped = np.memmap(self._path, self._record, "r", first * self._record.itemsize, (last - first,))
        return np.array(mapped["values"][:, rows])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
