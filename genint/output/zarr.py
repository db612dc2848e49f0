"""Write predictions as one zarr store, for programs that read arrays: all tracks of a chromosome together.

The store is a zip file, not a folder of thousands of small files: it is there whole or not at all, moves by one rename
like every other result, and is read through zarr's ZipStore.
"""

import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any
from zipfile import ZipFile, ZipInfo

import numpy as np
import zarr

from genint.errors import InputError
from genint.genome.grid import Geometry, Tile, count_bins
from genint.output.spool import Spool

_CHUNK_BINS, _CHUNK_TRACKS = 4_096, 64  # 1 MB
_BYTES_AT_ONCE = 32 << 20  # read from the spool


def check_names(chroms: Iterable[str]) -> None:
    """Raise InputError for a chromosome that no array can be named after (Zarr core specification 3.1, node names)."""
    for chrom in chroms:
        if "/" in chrom or not chrom.strip(".") or chrom.startswith("__"):
            raise InputError(f"--format zarr: {chrom} cannot be the name of an array. Give --format bigwig")


def write_zarr(
    path: Path,
    scratch: Path,
    tracks: Sequence[str],
    spool: Spool,
    rows: slice,
    kept: Sequence[Tile],
    sizes: Mapping[str, int],
    geometry: Geometry,
) -> None:
    """An array (bins, tracks) of float32 for each chromosome with a prediction, NaN in holes, from `rows` of the spool.

    Attributes: `bin_bp`, `tracks` (identifiers), `chrom_sizes` (of the whole genome, in its order). `scratch` is a
    folder for what is not zipped yet. The same predictions make the same bytes.
    """
    loose = scratch / "zarr"
    group = zarr.open_group(loose, mode="w")
    group.attrs.update({"bin_bp": geometry.bin_bp, "tracks": list(tracks), "chrom_sizes": dict(sizes)})
    most = min(_CHUNK_BINS // geometry.core_bins, _BYTES_AT_ONCE // (4 * geometry.core_bins * len(tracks)))
    per_chunk = max(most, 1)  # tiles
    for chrom, on_chrom in groupby(enumerate(kept), key=lambda item: item[1].chrom):
        array = _array(group, chrom, (count_bins(sizes[chrom], geometry.bin_bp), len(tracks)), per_chunk, geometry)
        for chunk, some in groupby(on_chrom, key=lambda item: item[1].index // per_chunk):
            placed = list(some)
            values = np.full((per_chunk, geometry.core_bins, len(tracks)), np.nan, dtype=np.float32)
            inside = [tile.index - chunk * per_chunk for _, tile in placed]
            values[inside] = spool.read(placed[0][0], placed[-1][0] + 1, rows).swapaxes(1, 2)
            first = chunk * per_chunk * geometry.core_bins
            last = min(first + per_chunk * geometry.core_bins, array.shape[0])
            array[first:last] = values.reshape(-1, len(tracks))[: last - first]
    _zip(loose, path)
    shutil.rmtree(loose)


def _array(group: Any, chrom: str, shape: tuple[int, int], per_chunk: int, geometry: Geometry) -> Any:
    return group.create_array(
        chrom,
        shape=shape,
        chunks=(per_chunk * geometry.core_bins, min(shape[1], _CHUNK_TRACKS)),
        dtype="float32",
        fill_value=np.nan,
        dimension_names=("bin", "track"),
    )


def _zip(folder: Path, path: Path) -> None:
    """Files in the order of their names and without their dates, so that nothing but their content matters."""
    hidden = path.with_name(f".{path.name}.tmp")
    with ZipFile(hidden, "w") as archive:
        for file in sorted(file for file in folder.rglob("*") if file.is_file()):
            archive.writestr(ZipInfo(file.relative_to(folder).as_posix()), file.read_bytes())
    os.replace(hidden, path)
