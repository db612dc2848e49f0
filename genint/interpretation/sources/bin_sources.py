"""Where bins come from: a number for every bin and every token of the DNA that the model read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from genint.arrays import F32, I64
from genint.errors import InputError
from genint.genome.grid import Geometry
from genint.genome.region import Region
from genint.tracks.track_data import UNPLACED

if TYPE_CHECKING:
    from pandas import DataFrame


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class BinSources:
    """`values` (bins, tokens), float32: how much of each bin comes from each token of a model's window of DNA.

    `bins` (bins,) counts the bins that the model predicts from 0. Tokens hold `token_bp` bases; the first one begins
    where the model's DNA does, context included. `region` is the window's core, which bin 0 begins; without one,
    coordinates count from the first base that the model read. `chrom_bp` is the length of the chromosome, at which the
    last bin and token end; without it they are as long as all others. ValueError when these do not fit together.
    """

    values: F32
    bins: I64
    token_bp: int
    geometry: Geometry
    region: Region | None = None
    chrom_bp: int | None = None

    def __post_init__(self) -> None:
        shape = (len(self.bins), self.geometry.input_bp // self.token_bp)
        if self.values.dtype != np.float32 or self.values.shape != shape:
            raise ValueError(f"values are {self.values.dtype} {self.values.shape}, expected float32 {shape}")
        if self.region and len(self.region) != self.geometry.core_bp:
            raise ValueError(f"{self.region} holds {len(self.region):,} bp, expected {self.geometry.core_bp:,}")

    @property
    def start(self) -> int:
        """The first base that the model read; negative where it read beyond the chromosome's first base."""
        return self.region.start - self.geometry.context_bp if self.region else 0

    @property
    def token_starts(self) -> I64:
        """(tokens,): the first base of every token."""
        return self.start + self.token_bp * np.arange(self.values.shape[1])

    @property
    def bin_starts(self) -> I64:
        """(bins,): the first base of every bin."""
        return self.start + self.geometry.context_bp + self.geometry.bin_bp * self.bins

    @property
    def bin_ends(self) -> I64:
        """(bins,): where every bin ends, at the latest with the chromosome."""
        return self._clip(self.bin_starts + self.geometry.bin_bp)

    @property
    def token_ends(self) -> I64:
        """(tokens,): where every token ends, at the latest with the chromosome."""
        return self._clip(self.token_starts + self.token_bp)

    def _clip(self, ends: I64) -> I64:
        return ends if self.chrom_bp is None else np.minimum(ends, self.chrom_bp)

    @property
    def distances(self) -> I64:
        """(bins, tokens): bases from the bin to the token, in either direction; 0 for tokens of the bin itself."""
        bins = self.bin_starts[:, None]
        before: I64 = bins - (self.token_starts + self.token_bp - 1)
        after: I64 = self.token_starts - (bins + self.geometry.bin_bp - 1)
        return np.maximum(np.maximum(before, after), 0)

    def to_pandas(self) -> "DataFrame":
        """A row per token: chrom, start, end (0-based, half-open), a column per bin named by its region.

        Tokens and bins without a base of the chromosome are left out.
        """
        from pandas import DataFrame

        chrom = self.region.chrom if self.region else UNPLACED
        starts, ends = self.token_starts, self.token_ends
        there = (starts >= 0) & (starts < ends)
        columns = {
            str(Region(chrom, int(start), int(end))): values[there]
            for start, end, values in zip(self.bin_starts, self.bin_ends, self.values, strict=True)
            if start < end
        }
        return DataFrame({"chrom": chrom, "start": starts[there], "end": ends[there]} | columns)

    def __repr__(self) -> str:
        place = self.region or UNPLACED
        return f"BinSources({place}, {len(self.bins):,} bins x {self.values.shape[1]:,} tokens of {self.token_bp} bp)"


def choose_bins(bins: Sequence[int] | None, geometry: Geometry) -> I64:
    """Numbers of predicted bins, all without `bins`. InputError for none, and for one that is not there."""
    chosen = np.arange(geometry.core_bins) if bins is None else np.array(bins, dtype=np.int64).ravel()
    outside = chosen[(chosen < 0) | (chosen >= geometry.core_bins)]
    if len(outside):
        raise InputError(f"`bins` {outside[0]}: the model predicts bins 0 to {geometry.core_bins - 1}")
    if not len(chosen):
        raise InputError("`bins`: none. Give at least one, or leave it out for all")
    return chosen


def check_token_bp(token_bp: int, geometry: Geometry, name: str = "token_bp") -> int:
    """The size of a model's tokens, by its parameter's name. InputError for one that the model does not have."""
    sizes = [2**power for power in range(geometry.bin_bp.bit_length())]
    if token_bp not in sizes:
        listed = ", ".join(map(str, sizes))
        raise InputError(f"`{name}` {token_bp}: the model has no tokens of so many bases. Expected one of {listed}")
    return token_bp
