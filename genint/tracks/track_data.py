"""Values of tracks over bins, with what they are and where they lie."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from genint.arrays import F32
from genint.genome.grid import count_bins
from genint.genome.region import Region
from genint.tracks.table import TrackTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

UNPLACED = "sequence"  # stands for the chromosome of a sequence that comes from none


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class TrackData:
    """`values` (bins, T), float32, of `tracks` in bins of `bin_bp` bases; NaN where there is no value.

    The first bin begins at base `start` (0-based) of the region's chromosome, at or before the region's own start, and
    the last one holds its last base. Without a `region`, `start` counts from the beginning of the sequence.
    ValueError when these do not fit together.
    """

    values: F32
    tracks: TrackTable
    bin_bp: int
    region: Region | None = None
    start: int = 0

    def __post_init__(self) -> None:
        shape = self.values.shape
        if self.values.dtype != np.float32 or len(shape) != 2 or shape[1] != len(self.tracks):
            raise ValueError(f"values are {self.values.dtype} {shape}, expected float32 (bins, {len(self.tracks)})")
        if self.bin_bp < 1 or self.start < 0:
            raise ValueError(f"bin_bp is {self.bin_bp} and start {self.start}, expected 1 or more and 0 or more")
        if self.region:
            inside = self.start <= self.region.start < self.start + self.bin_bp
            if not inside or shape[0] != count_bins(self.region.end - self.start, self.bin_bp):
                raise ValueError(
                    f"{shape[0]} bins of {self.bin_bp} bp from base {self.start} on are not those of {self.region}"
                )

    def __repr__(self) -> str:
        place = self.region or UNPLACED
        return f"TrackData({place}, {len(self.values):,} bins of {self.bin_bp} bp x {len(self.tracks):,} tracks)"

    def to_pandas(self) -> "DataFrame":
        """A row per bin: chrom, start, end (0-based, half-open; the last bin ends with the region), a column per track.

        A track of the name of one of those three columns is given its number, as in `start.4`.
        """
        from pandas import DataFrame

        starts = self.start + self.bin_bp * np.arange(len(self.values))
        ends = starts + self.bin_bp
        if self.region:
            ends = np.minimum(ends, self.region.end)
        places = {"chrom": self.region.chrom if self.region else UNPLACED, "start": starts, "end": ends}
        names = [track.identifier for track in self.tracks]
        names = [f"{name}.{column}" if name in places else name for column, name in enumerate(names)]
        return DataFrame(places | {name: self.values[:, column] for column, name in enumerate(names)})

    def select(self, patterns: str | Sequence[str]) -> "TrackData":
        """The tracks that identifiers, regular expressions or @FILE pick, as TrackTable.select does."""
        columns = self.tracks.select(patterns)
        return replace(self, values=self.values[:, columns], tracks=self.tracks.subset(columns))

    def plot(self) -> "Figure":
        """A panel per track along the bins. Raises InputError for more tracks than can be read."""
        from genint.reporting.plots import plot_tracks

        names = [track.identifier for track in self.tracks]
        return plot_tracks(self.region.chrom if self.region else UNPLACED, self.start, self.bin_bp, names, self.values)
