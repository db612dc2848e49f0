"""Predictions on disk until they are written: tile after tile, each with a checksum, for a killed run to resume."""

import zlib
from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np

from genint.arrays import F32, Mask
from genint.genome.grid import Geometry, Tile, count_bins
from genint.tracks.table import TrackTable


class TileRun(NamedTuple):
    """Neighbouring tiles of a chromosome: tiles [first, last) of the spool, whose `n_bins` begin with `first_bin`."""

    chrom: str
    first_bin: int
    n_bins: int
    first: int
    last: int


class Spool:
    """The predictions of a run so far: a file of tiles, each (rows, core_bins) float32, NaN where a bin is masked.

    A row is a track; with standard deviations (`with_sd`), these follow in as many rows more. Attributes beside the
    arguments: `tiles`, in the order in which they were appended, and `predicted`, per chromosome with a tile which bins
    have a value. What an earlier process has appended is there again, up to the first tile that is truncated or
    damaged.
    """

    def __init__(
        self, path: Path, tracks: TrackTable, sizes: Mapping[str, int], geometry: Geometry, *, with_sd: bool = False
    ) -> None:
        self.tracks, self.sizes, self.geometry, self.with_sd = tracks, sizes, geometry, with_sd
        self.n_rows = len(tracks) * (2 if with_sd else 1)
        self.tiles: list[Tile] = []
        self.predicted: dict[str, Mask] = {}
        self._path, self._numbers = path, {chrom: number for number, chrom in enumerate(sizes)}
        shape = (self.n_rows, geometry.core_bins)
        self._record = np.dtype([("chrom", "<u4"), ("index", "<u4"), ("values", "<f4", shape), ("check", "<u4")])
        path.touch()
        self._file = open(path, "r+b")  # noqa: SIM115  closed by __exit__
        self._restore()

    def _restore(self) -> None:
        """Learn what is in the file, and drop its end from the first tile that a process died writing."""
        chroms, size = list(self.sizes), self._record.itemsize
        while len(data := self._file.read(size)) == size and zlib.crc32(data[:-4]) == int.from_bytes(
            data[-4:], "little"
        ):
            record = np.frombuffer(data, self._record)[0]
            self._register(Tile(chroms[record["chrom"]], int(record["index"])), record["values"])
        self._file.truncate(len(self.tiles) * size)
        self._file.seek(0, 2)

    def _register(self, tile: Tile, values: F32) -> None:
        if tile.chrom not in self.predicted:
            self.predicted[tile.chrom] = np.zeros(count_bins(self.sizes[tile.chrom], self.geometry.bin_bp), np.bool_)
        bins = self.predicted[tile.chrom][tile.bins(self.geometry)]
        bins[:] = ~np.isnan(values[0, : len(bins)])
        self.tiles.append(tile)

    def append(self, tile: Tile, values: F32) -> None:
        """Add a tile, (rows, core_bins). Once this returns, a killed process does not lose it."""
        if values.shape != self._record["values"].shape or values.dtype != np.float32:
            raise ValueError(
                f"a tile of shape {values.shape} and {values.dtype}, not {self._record['values'].shape} float32"
            )
        head = np.array([self._numbers[tile.chrom], tile.index], "<u4").tobytes()
        data = head + values.astype("<f4", order="C", copy=False).tobytes()
        self._file.write(data + zlib.crc32(data).to_bytes(4, "little"))
        self._file.flush()
        self._register(tile, values)

    def read(self, first: int, last: int, rows: slice) -> F32:
        """Tiles [first, last), only some rows of each: (tiles, rows, core_bins)."""
        if not 0 <= first < last <= len(self.tiles):
            raise ValueError(f"tiles {first} to {last} of {len(self.tiles)}")
        # Mapped for this moment alone: pages of a mapping that stays would count as memory in use.
        mapped = np.memmap(self._path, self._record, "r", first * self._record.itemsize, (last - first,))
        return np.array(mapped["values"][:, rows])

    def runs(self, longest: int) -> Iterator[TileRun]:
        """Runs of neighbouring tiles, none of more than `longest`, in the order of the spool."""
        numbered = enumerate(self.tiles)
        for (chrom, _), group in groupby(numbered, key=lambda item: (item[1].chrom, item[1].index - item[0])):
            numbers = [number for number, _ in group]
            for first in range(numbers[0], numbers[-1] + 1, longest):
                last = min(first + longest, numbers[-1] + 1)
                bins = slice(self.tiles[first].bins(self.geometry).start, self.tiles[last - 1].bins(self.geometry).stop)
                end = min(bins.stop, count_bins(self.sizes[chrom], self.geometry.bin_bp))
                yield TileRun(chrom, bins.start, end - bins.start, first, last)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
