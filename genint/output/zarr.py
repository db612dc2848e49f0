"""Write predictions as one zarr store, for programs that read arrays: all tracks of a chromosome together.

The store is a zip file, not a folder of thousands of small files: it is complete or not there at all, moves by one
rename like every other result, and is read through zarr's ZipStore.
"""

import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from zipfile import ZipFile, ZipInfo

import numpy as np
import zarr

from genint.arrays import F32
from genint.errors import InputError, cannot_write
from genint.genome.grid import count_bins
from genint.output.writer import TrackWriter

_CHUNK_BINS, _CHUNK_TRACKS = 4_096, 64  # 1 MB
_CHUNK_BYTES = 32 << 20  # of all tracks, which are held until the chunk is full


class ZarrWriter(TrackWriter):
    """An array (bins, tracks) of float32 for each chromosome with a prediction, NaN where a value is missing.

    Attributes of the store: `bin_bp`, `tracks` (identifiers), `chrom_sizes` (of the whole genome, in its order). The
    same predictions make the same bytes, however they are cut into calls of `add`.
    """

    def __init__(self, path: Path, sizes: Mapping[str, int], *, bin_bp: int, tracks: Sequence[str] = ()) -> None:
        super().__init__(path, sizes, bin_bp=bin_bp, tracks=tracks)
        self._loose = self.hidden.with_name(f"{self.hidden.name}.zarr")  # the store before it is zipped
        self._n_chunk_bins = max(min(_CHUNK_BINS, _CHUNK_BYTES // (4 * len(tracks))), 1)
        self._chunk = np.full((self._n_chunk_bins, len(tracks)), np.nan, np.float32)
        self._chunk_of: tuple[str, int] | None = None  # chromosome and number of what is in it
        self._array: Any = None  # of that chromosome
        try:
            self._group = zarr.open_group(self._loose, mode="w")
            self._group.attrs.update({"bin_bp": bin_bp, "tracks": list(tracks), "chrom_sizes": dict(sizes)})
        except OSError as error:
            raise cannot_write(path, error) from None

    @classmethod
    def check_chroms(cls, chroms: Iterable[str]) -> None:
        """Raise InputError for what no array can be named after (Zarr core specification 3.1, node names)."""
        for chrom in chroms:
            if "/" in chrom or not chrom.strip(".") or chrom.startswith("__"):
                raise InputError(f"`format` zarr: {chrom} cannot be the name of an array. Choose bigwig")

    def _add(self, chrom: str, first_bin: int, values: F32) -> None:
        by_bin = np.atleast_2d(values).T
        done = 0
        while done < len(by_bin):
            number, at = divmod(first_bin + done, self._n_chunk_bins)
            if self._chunk_of != (chrom, number):
                self._start_chunk(chrom, number)
            n = min(len(by_bin) - done, self._n_chunk_bins - at)
            self._chunk[at : at + n] = by_bin[done : done + n]
            done += n

    def _start_chunk(self, chrom: str, number: int) -> None:
        self._write_chunk()
        if self._chunk_of is None or self._chunk_of[0] != chrom:
            shape = (count_bins(self.sizes[chrom], self.bin_bp), len(self.tracks))
            self._array = self._group.create_array(
                chrom,
                shape=shape,
                chunks=(self._n_chunk_bins, min(shape[1], _CHUNK_TRACKS)),
                dtype="float32",
                fill_value=np.nan,
                dimension_names=("bin", "track"),
            )
        self._chunk_of = (chrom, number)

    def _write_chunk(self) -> None:
        if self._chunk_of is not None:
            first = self._chunk_of[1] * self._n_chunk_bins
            last = min(first + self._n_chunk_bins, self._array.shape[0])
            self._array[first:last] = self._chunk[: last - first]
            self._chunk.fill(np.nan)

    def _finish(self) -> None:
        self._write_chunk()
        zip_folder(self._loose, self.hidden)
        shutil.rmtree(self._loose)

    def _abandon(self) -> None:
        shutil.rmtree(self._loose, ignore_errors=True)
        super()._abandon()


def zip_folder(folder: Path, path: Path) -> None:
    """Files in the order of their names and without their dates, so that nothing but their content matters."""
    with ZipFile(path, "w") as archive:
        for file in sorted(file for file in folder.rglob("*") if file.is_file()):
            archive.writestr(ZipInfo(file.relative_to(folder).as_posix()), file.read_bytes())
