"""An array on disk that gives back what was put in or names the file that it cannot read."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import zarr

from genint.errors import InputError


class CheckedArray:
    """A zarr array whose chunks along the first axis must all be there and pass their checksum."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._array: Any = zarr.open_array(path, mode="r")
        except (OSError, ValueError) as error:
            raise InputError(f"{path}: cannot be opened ({error}). Make the data set again") from None
        self.shape: tuple[int, ...] = self._array.shape
        self.dtype: np.dtype[Any] = self._array.dtype

    def __getitem__(self, rows: slice) -> npt.NDArray[Any]:
        """Rows [start, stop). Raises InputError naming the file of a chunk that is missing or damaged."""
        step: int = self._array.chunks[0]
        chunks = range(rows.start // step, -(-rows.stop // step))
        for chunk in chunks:
            if not self._file(chunk).exists():  # zarr would give its fill value
                raise InputError(f"{self._file(chunk)}: is missing. Make the data set again, or copy it again")
        try:
            values: npt.NDArray[Any] = self._array[rows]
        except (OSError, ValueError, RuntimeError) as error:
            raise InputError(
                f"{self._find_damaged(chunks)}: is damaged ({error}). Make the data set again, or copy it again"
            ) from None
        return values

    def _find_damaged(self, chunks: range) -> Path:
        """The first of these chunks that cannot be read."""
        step: int = self._array.chunks[0]
        for chunk in chunks:
            try:
                self._array[chunk * step : (chunk + 1) * step]
            except (OSError, ValueError, RuntimeError):
                return self._file(chunk)
        return self._path

    def _file(self, chunk: int) -> Path:
        return self._path.joinpath("c", str(chunk), *["0"] * (len(self.shape) - 1))
