"""How often and from where a tile is read: once, or from both strands, shifted, in overlapping windows, and averaged.

A window is a core of bins with context around it, as the model reads it. Windows start at multiples of a stride in
bins, counted from the chromosome's start, so which windows a bin lies in depends on the bin alone. Without overlap the
stride is the core and the windows are the tiles.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from genint.errors import InputError
from genint.genome import dna
from genint.genome.fasta import Genome
from genint.genome.grid import BinMask, Geometry, Tile, count_bins

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]


class Request(NamedTuple):
    """A tile to predict, and which of its bins are wanted and not holes."""

    tile: Tile
    keep: BinMask  # (core_bins,)


class View(NamedTuple):
    """One reading of one window: what goes into the model. Its answer is turned back to the forward strand."""

    chrom: str
    first_bin: int  # of the window's core; it may lie before the chromosome's start
    reverse: bool
    tokens: dna.Tokens  # (input_bp,)


@dataclass(frozen=True, kw_only=True)
class Views:
    """Every way in which a window is read; what the model says each time is averaged on its own scale.

    `rc`: from the other strand, too. `shifts`: with the DNA moved by so many bases against the bins, each less than a
    bin. `overlap`: the share of a window that the next one repeats; bins count for more the nearer they are to their
    window's middle. ValueError for an overlap outside [0, 1), and for shifts that repeat or are none.
    """

    rc: bool = False
    shifts: tuple[int, ...] = (0,)
    overlap: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.overlap < 1:
            raise ValueError(f"overlap={self.overlap} is not at least 0 and below 1")
        if not self.shifts or len(set(self.shifts)) < len(self.shifts):
            raise ValueError(f"shifts={self.shifts} are none, or one is there twice")

    def stride(self, geometry: Geometry) -> int:
        """Bins from the start of one window to the next. InputError if the model's windows cannot be shifted so."""
        stride = round((1 - self.overlap) * geometry.core_bins)
        if stride < 1:
            most = 1 - 1 / geometry.core_bins
            raise InputError(f"--overlap {self.overlap}: windows of {geometry.core_bins} bins allow at most {most:.4f}")
        for shift in self.shifts:
            if abs(shift) >= geometry.bin_bp:
                raise InputError(f"--shifts {shift}: expected less than a bin of {geometry.bin_bp} bp either way")
        return stride

    def weights(self, geometry: Geometry) -> Doubles:
        """(core_bins,): how much each bin of a window counts."""
        place = np.arange(geometry.core_bins)
        rising = np.minimum(place + 1, geometry.core_bins - place)
        return rising.astype(np.float64) if self.overlap else np.ones(geometry.core_bins)

    @property
    def per_window(self) -> int:
        """Times that the model reads each window."""
        return len(self.shifts) * (2 if self.rc else 1)


class Stitcher:
    """Requests in genome order become views in genome order; the views' answers, in that order, become tiles again.

    A bin sums up its windows from left to right and each window's views in the order given, so its value does not
    depend on which other bins are asked for.
    """

    def __init__(self, genome: Genome, geometry: Geometry, views: Views) -> None:
        self._genome, self._geometry, self._views = genome, geometry, views
        self._stride, self._weights = views.stride(geometry), views.weights(geometry)
        self._open: deque[_OpenTile] = deque()  # tiles whose views are not all answered
        self._last_window = ("", 0)  # of the tile before

    def views(self, requests: Iterable[Request]) -> Iterator[View]:
        """What the model has to read, each window once."""
        remaining = iter(requests)
        tile = self._open_next(remaining)
        while tile is not None:
            following = self._open_next(remaining)  # before a window is answered that reaches into it
            for first_bin in self.new_windows(tile):
                yield from self._read(tile.chrom, first_bin)
            tile = following

    def _open_next(self, requests: Iterator[Request]) -> Tile | None:
        request = next(requests, None)
        if request is None:
            return None
        n_views = len(self._windows(request.tile)) * self._views.per_window
        self._open.append(_OpenTile(request, request.tile.bins(self._geometry).start, n_views))
        return request.tile

    def new_windows(self, tile: Tile) -> list[int]:
        """The first bins of the windows that this tile needs and no tile before it has; tiles come in genome order."""
        chrom, done = self._last_window
        windows = self._windows(tile)
        self._last_window = (tile.chrom, windows[-1])
        return [first_bin for first_bin in windows if tile.chrom != chrom or first_bin > done]

    def tiles(self, answers: Iterable[tuple[View, Floats]]) -> Iterator[tuple[Request, Doubles]]:
        """Answers (..., core_bins), forward strand, in the order of their views -> averages (..., core_bins)."""
        for view, values in answers:
            for tile in self._open:
                tile.add(view, values, self._weights)
            while self._open and not self._open[0].missing:
                tile = self._open.popleft()
                yield tile.request, tile.average()

    def _windows(self, tile: Tile) -> list[int]:
        """The first bins of the windows that hold a bin of the tile and some of the chromosome, in order."""
        bins, core = tile.bins(self._geometry), self._geometry.core_bins
        end = min(bins.stop, count_bins(self._genome.sizes[tile.chrom], self._geometry.bin_bp))
        first = (bins.start - core) // self._stride + 1
        return [self._stride * place for place in range(first, -(-end // self._stride))]

    def _read(self, chrom: str, first_bin: int) -> Iterator[View]:
        start = first_bin * self._geometry.bin_bp - self._geometry.context_bp
        for shift in self._views.shifts:
            tokens = self._genome.tokens(chrom, start + shift, start + shift + self._geometry.input_bp)
            yield View(chrom, first_bin, False, tokens)
            if self._views.rc:
                yield View(chrom, first_bin, True, dna.reverse_complement(tokens))


class _OpenTile:
    """A tile while its views are being answered."""

    def __init__(self, request: Request, first_bin: int, n_views: int) -> None:
        self.request, self.missing = request, n_views
        self._first_bin = first_bin
        self._total: Doubles = np.zeros(())
        self._weight = np.zeros(len(request.keep))

    def add(self, view: View, values: Floats, weights: Doubles) -> None:
        """Count in what the view says of this tile's bins, if it says anything."""
        core, offset = len(weights), view.first_bin - self._first_bin
        if view.chrom != self.request.tile.chrom or abs(offset) >= core:
            return
        ours = slice(max(offset, 0), core + min(offset, 0))
        theirs = slice(ours.start - offset, ours.stop - offset)
        if not self._total.ndim:
            self._total = np.zeros(values.shape)
        self._total[..., ours] += weights[theirs] * values[..., theirs]
        self._weight[ours] += weights[theirs]
        self.missing -= 1

    def average(self) -> Doubles:
        """(..., core_bins); 0 where no window lies, past the chromosome's end."""
        return np.divide(self._total, self._weight, out=np.zeros_like(self._total), where=self._weight > 0)
