"""The attention of a locus as one zarr store, layer after layer.

The store is a zip file, as predictions in zarr are. A group per layer, layer_01 and on, holds `weights` (head, window,
query, key), float32, and `start` (window, token): the first base of each token on the chromosome, 0-based, which may
lie before it or past its end. A group's attributes are `name` and `token_bp`; the store's are `chrom`, `input_start`,
`input_end`, `region_start` and `region_end`.
"""

import shutil
from pathlib import Path
from types import TracebackType
from typing import Self

import zarr

from genint.atomic import hidden
from genint.errors import cannot_write
from genint.interpretation.attention.maps import LayerMap
from genint.interpretation.locus import Locus
from genint.output.zarr import zip_folder


class AttentionStore:
    """Writes the store; it appears at `path` when the block ends without an exception. OutputError if it cannot."""

    def __init__(self, path: Path, locus: Locus) -> None:
        self._path, self._locus, self._loose = path, locus, hidden(path)
        try:
            self._group = zarr.open_group(self._loose, mode="w")
        except OSError as error:
            raise cannot_write(path, error) from None
        region = locus.region
        self._group.attrs.update(
            {
                "chrom": region.chrom,
                "input_start": locus.start,
                "input_end": locus.start + locus.geometry.input_bp,
                "region_start": region.start,
                "region_end": region.end,
            }
        )

    def add(self, layer: LayerMap) -> None:
        """Write one layer."""
        group = self._group.create_group(f"layer_{layer.layer:02}")
        group.attrs.update({"name": layer.name, "token_bp": layer.token_bp})
        chunks = (1, *layer.weights.shape[1:])  # a head
        weights = group.create_array(
            "weights",
            shape=layer.weights.shape,
            chunks=chunks,
            dtype="float32",
            dimension_names=("head", "window", "query", "key"),
        )
        weights[:] = layer.weights
        starts = group.create_array(
            "start", shape=layer.starts.shape, dtype="int64", dimension_names=("window", "token")
        )
        starts[:] = layer.starts + self._locus.start

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        try:
            if kind is None:
                zipped = hidden(self._path)
                zip_folder(self._loose, zipped)
                zipped.replace(self._path)
        except OSError as refused:
            raise cannot_write(self._path, refused) from None
        finally:
            shutil.rmtree(self._loose, ignore_errors=True)
