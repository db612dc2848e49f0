"""Test-time augmentation: each tile once, or from both strands, relatives, shifted, overlapping; and averaged.

A window is a core of bins with context around it, as the model reads it. Windows start at multiples of a stride in
bins, counted from the chromosome's start, so which windows a bin lies in depends on the bin alone. Without overlap the
stride is the core and the windows are the tiles.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from genint.arrays import F32, F64
from genint.errors import InputError
from genint.genome import dna
from genint.genome.dna_source import DnaSource
from genint.genome.grid import BinMask, Geometry, Tile, count_bins


class Request(NamedTuple):
    """A tile to predict, and which of its bins are requested and not masked."""

    tile: Tile
    keep: BinMask  # (core_bins,)


class Window(NamedTuple):
    """The DNA of one forward pass. What the model predicts from it is put back on the forward strand."""

    chrom: str
    first_bin: int  # of the window's core; it may lie before the chromosome's start
    reverse: bool
    tokens: dna.Tokens  # (input_bp,), of the reverse strand if `reverse`
    weight: float = 1.0  # in the average with the other windows at this place


@dataclass(frozen=True, kw_only=True)
class Augmentation:
    """Every way in which a window is predicted; predictions are averaged on the model's scale.

    `rc`: from the reverse strand, too. `shifts`: with the DNA moved by so many bases against the bins, each less than a
    bin. `overlap`: the fraction of a window that the next one repeats; bins weigh more the nearer they are to their
    window's middle. ValueError for an overlap outside [0, 1), and for shifts that repeat or are none.
    """

    rc: bool = False
    shifts: tuple[int, ...] = (0,)
    overlap: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.overlap < 1:
            raise ValueError(f"overlap={self.overlap} is not at least 0 and below 1")
        if not self.shifts or len(set(self.shifts)) < len(self.shifts):
            raise ValueError(f"shifts={self.shifts} hold none, or one twice")

    def stride(self, geometry: Geometry) -> int:
        """Bins from the start of one window to the next. InputError if the model's windows cannot be shifted so."""
        stride = round((1 - self.overlap) * geometry.core_bins)
        if stride < 1:
            most = 1 - 1 / geometry.core_bins
            raise InputError(f"`overlap` {self.overlap}: windows of {geometry.core_bins} bins allow at most {most:.4f}")
        for shift in self.shifts:
            if abs(shift) >= geometry.bin_bp:
                raise InputError(f"`shifts` {shift}: expected less than a bin of {geometry.bin_bp} bp either way")
        return stride

    def weights(self, geometry: Geometry) -> F64:
        """(core_bins,): the weight of each bin of a window."""
        bins = np.arange(geometry.core_bins)
        rising = np.minimum(bins + 1, geometry.core_bins - bins)
        return rising.astype(np.float64) if self.overlap else np.ones(geometry.core_bins)

    @property
    def per_window(self) -> int:
        """Forward passes for each window position."""
        return len(self.shifts) * (2 if self.rc else 1)


class Stitcher:
    """Requests in genome order become windows in genome order; their predictions, in that order, become tiles again.

    With `relatives`, a window is read from each of them, too; together they weigh as much as the genome itself. A bin
    sums up its windows from left to right, at each place in the order of the augmentation, so its value does not depend
    on which other bins are requested.
    """

    def __init__(
        self, source: DnaSource, geometry: Geometry, augmentation: Augmentation, relatives: Sequence[DnaSource] = ()
    ) -> None:
        self._source, self._geometry, self._augmentation = source, geometry, augmentation
        self._sources = [(source, float(len(relatives) or 1)), *((relative, 1.0) for relative in relatives)]
        self.per_window = augmentation.per_window * len(self._sources)  # forward passes for each window position
        self._stride, self._weights = augmentation.stride(geometry), augmentation.weights(geometry)
        self._open: deque[_OpenTile] = deque()  # tiles that miss a prediction
        self._last_window = ("", 0)  # of the previous tile

    def windows(self, requests: Iterable[Request]) -> Iterator[Window]:
        """The DNA of every forward pass, each once."""
        remaining = iter(requests)
        tile = self._open_next(remaining)
        while tile is not None:
            following = self._open_next(remaining)  # before a window is predicted that reaches into it
            for first_bin in self.new_windows(tile):
                yield from self._read_windows(tile.chrom, first_bin)
            tile = following

    def _open_next(self, requests: Iterator[Request]) -> Tile | None:
        request = next(requests, None)
        if request is None:
            return None
        n_windows = len(self._first_bins(request.tile)) * self.per_window
        self._open.append(_OpenTile(request, request.tile.bins(self._geometry).start, n_windows))
        return request.tile

    def new_windows(self, tile: Tile) -> list[int]:
        """The first bins of the windows that this tile needs and no previous one has; tiles come in genome order."""
        chrom, done = self._last_window
        first_bins = self._first_bins(tile)
        self._last_window = (tile.chrom, first_bins[-1])
        return [first_bin for first_bin in first_bins if tile.chrom != chrom or first_bin > done]

    def tiles(self, predictions: Iterable[tuple[Window, F32]]) -> Iterator[tuple[Request, F64]]:
        """Predictions (..., core_bins), forward strand, in the order of their windows -> averages (..., core_bins)."""
        for window, values in predictions:
            for tile in self._open:
                tile.add(window, values, self._weights)
            while self._open and not self._open[0].missing:
                tile = self._open.popleft()
                yield tile.request, tile.average()

    def _first_bins(self, tile: Tile) -> list[int]:
        """The first bins of the windows that hold a bin of the tile and some of the chromosome, in order."""
        bins, core = tile.bins(self._geometry), self._geometry.core_bins
        end = min(bins.stop, count_bins(self._source.sizes[tile.chrom], self._geometry.bin_bp))
        first = (bins.start - core) // self._stride + 1
        return [self._stride * number for number in range(first, -(-end // self._stride))]

    def _read_windows(self, chrom: str, first_bin: int) -> Iterator[Window]:
        start = first_bin * self._geometry.bin_bp - self._geometry.context_bp
        for source, weight in self._sources:
            for shift in self._augmentation.shifts:
                tokens = source.tokens(chrom, start + shift, start + shift + self._geometry.input_bp)
                yield Window(chrom, first_bin, False, tokens, weight)
                if self._augmentation.rc:
                    yield Window(chrom, first_bin, True, dna.reverse_complement(tokens), weight)


class _OpenTile:
    """A tile while its windows are being predicted."""

    def __init__(self, request: Request, first_bin: int, n_windows: int) -> None:
        self.request, self.missing = request, n_windows
        self._first_bin = first_bin
        self._total: F64 = np.zeros(())
        self._weight = np.zeros(len(request.keep))

    def add(self, window: Window, values: F32, weights: F64) -> None:
        """Add what a window predicts of this tile's bins, if it does."""
        core, offset = len(weights), window.first_bin - self._first_bin
        if window.chrom != self.request.tile.chrom or abs(offset) >= core:
            return
        inside = slice(max(offset, 0), core + min(offset, 0))  # of the tile
        part = slice(inside.start - offset, inside.stop - offset)  # of the window
        if not self._total.ndim:
            self._total = np.zeros(values.shape)
        of_bins = window.weight * weights[part]
        self._total[..., inside] += of_bins * values[..., part]
        self._weight[inside] += of_bins
        self.missing -= 1

    def average(self) -> F64:
        """(..., core_bins); 0 where no window lies, past the chromosome's end."""
        return np.divide(self._total, self._weight, out=np.zeros_like(self._total), where=self._weight > 0)
