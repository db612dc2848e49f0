"""The grid: bins and tiles anchored to the chromosome, never to a region.

Bin k of a chromosome is [k * bin_bp, (k + 1) * bin_bp), the last one shorter where the chromosome ends. Tile i holds
core_bins consecutive bins starting at bin i * core_bins; the model reads it with context_bp more on each side. Which
bins are requested is a boolean per bin, so rows may come in any order, overlap and repeat.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from genint.genome.region import Region

BinMask = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Geometry:
    """What a model reads and predicts in one go: core_bp of output, context_bp more on each side, bin_bp per value."""

    core_bp: int
    context_bp: int
    bin_bp: int

    def __post_init__(self) -> None:
        if self.bin_bp < 1 or self.core_bp < 1 or self.context_bp < 0 or self.core_bp % self.bin_bp:
            raise ValueError(
                f"core_bp={self.core_bp} must be a positive multiple of bin_bp={self.bin_bp}, "
                f"context_bp={self.context_bp} >= 0"
            )

    @property
    def input_bp(self) -> int:
        """Bases that go into the model for one tile."""
        return self.core_bp + 2 * self.context_bp

    @property
    def core_bins(self) -> int:
        """Bins that come out of the model for one tile."""
        return self.core_bp // self.bin_bp


@dataclass(frozen=True, order=True)
class Tile:
    """Tile `index` of chromosome `chrom`."""

    chrom: str
    index: int

    def input(self, geometry: Geometry) -> tuple[int, int]:
        """[start, end) of the DNA to read, 0-based; may reach past both ends of the chromosome."""
        start = self.index * geometry.core_bp - geometry.context_bp
        return start, start + geometry.input_bp

    def bins(self, geometry: Geometry) -> slice:
        """The chromosome's bins that this tile predicts; the last may lie past the chromosome's end."""
        return slice(self.index * geometry.core_bins, (self.index + 1) * geometry.core_bins)


def count_bins(chrom_bp: int, bin_bp: int) -> int:
    """Bins of a chromosome, the shorter last one included."""
    return -(-chrom_bp // bin_bp)


def touched_bins(region: Region, bin_bp: int) -> slice:
    """The bins that hold at least one base of the region."""
    return slice(region.start // bin_bp, count_bins(region.end, bin_bp))


def requested_bins(regions: Iterable[Region], sizes: Mapping[str, int], bin_bp: int) -> dict[str, BinMask]:
    """For each requested chromosome, in the order of `sizes`: True for every bin that holds a base of some region.

    Regions must lie inside their chromosomes.
    """
    masks: dict[str, BinMask] = {}
    for region in regions:
        if region.chrom not in masks:
            masks[region.chrom] = np.zeros(count_bins(sizes[region.chrom], bin_bp), dtype=np.bool_)
        masks[region.chrom][touched_bins(region, bin_bp)] = True
    return {chrom: masks[chrom] for chrom in sizes if chrom in masks}


def tiles(requested: Mapping[str, BinMask], geometry: Geometry) -> Iterator[Tile]:
    """Every tile that holds a requested bin, once, in genome order."""
    for chrom, mask in requested.items():
        first_bins = np.arange(0, len(mask), geometry.core_bins)
        for index in np.flatnonzero(np.logical_or.reduceat(mask, first_bins)):
            yield Tile(chrom, int(index))


def bases_per_bin(is_base: npt.NDArray[np.bool_], bin_bp: int) -> npt.NDArray[np.int64]:
    """Count True in each bin of an interval that starts on a bin border; the last bin may be shorter."""
    padded = np.zeros(count_bins(len(is_base), bin_bp) * bin_bp, dtype=np.bool_)
    padded[: len(is_base)] = is_base
    counts: npt.NDArray[np.int64] = padded.reshape(-1, bin_bp).sum(axis=1)
    return counts
