"""An array on disk that gives back what was put in or names the file that it cannot read."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import zarr

from genint.errors import InputError

_Layer = tuple[int, ...]  # of one number, or of none: the array has no layers


class CheckedArray:
    """A zarr array whose chunks must all be there and pass their checksum.

    They are cut along the first axis, or along the second in an array of layers.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._array: Any = zarr.open_array(path, mode="r")
        except (OSError, ValueError) as error:
            raise InputError(f"{path}: cannot be opened ({error}). Make the data set again") from None
        self.shape: tuple[int, ...] = self._array.shape
        self.dtype: np.dtype[Any] = self._array.dtype

    def __getitem__(self, part: slice | tuple[int, slice]) -> npt.NDArray[Any]:
        """Rows [start, stop), or those of a layer, (layer, rows): an array of layers has each in chunks of its own.

        Raises InputError naming the file of a chunk that is missing or damaged.
        """
        layer, rows = ((), part) if isinstance(part, slice) else ((part[0],), part[1])
        step: int = self._array.chunks[len(layer)]
        chunks = range(rows.start // step, -(-rows.stop // step))
        for chunk in chunks:
            if not self._file(layer, chunk).exists():  # zarr would give its fill value
                raise InputError(f"{self._file(layer, chunk)}: is missing. Make the data set again, or copy it again")
        try:
            values: npt.NDArray[Any] = self._array[*layer, rows]
        except (OSError, ValueError, RuntimeError) as error:
            raise InputError(
                f"{self._find_damaged(layer, chunks)}: is damaged ({error}). Make the data set again, or copy it again"
            ) from None
        return values

    def _find_damaged(self, layer: _Layer, chunks: range) -> Path:
        """The first of these chunks that cannot be read."""
        step: int = self._array.chunks[len(layer)]
        for chunk in chunks:
            try:
                self._array[*layer, chunk * step : (chunk + 1) * step]
            except (OSError, ValueError, RuntimeError):
                return self._file(layer, chunk)
        return self._path

    def _file(self, layer: _Layer, chunk: int) -> Path:
        whole_axes = len(self.shape) - len(layer) - 1
        return self._path.joinpath("c", *map(str, layer), str(chunk), *["0"] * whole_axes)
