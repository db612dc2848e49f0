"""How far away bins come from, in numbers."""

from typing import TYPE_CHECKING

import numpy as np

from genint.interpretation.sources.bin_sources import BinSources
from genint.tracks.track_data import UNPLACED

if TYPE_CHECKING:
    from pandas import DataFrame

CLASSES = (0, 250, 500, 1_000, 2_000, 4_000, 8_000)  # bases from a bin; 0 is the bin itself


def summarise_sources(sources: BinSources) -> "DataFrame":
    """A row per bin: chrom, start, end (0-based, half-open; the chromosome ends the last one), and where it comes from.

    `within_1kb` is the share from at most 1,000 bases away from the bin, the bin itself included, and `distance_bp` the
    mean distance, see `BinSources.distances`. The other columns are shares, too, and sum to 1: `own_bin`, `to_250` (1
    to 250 bases away), `to_500` (251 to 500) and so on, `beyond` the largest.
    """
    from pandas import DataFrame

    distances, values = sources.distances, sources.values.astype(np.float64)
    starts, chrom = sources.bin_starts, sources.region.chrom if sources.region else UNPLACED
    names = ["own_bin", *(f"to_{limit}" for limit in CLASSES[1:]), "beyond"]
    classes = np.searchsorted(CLASSES, distances)
    shares = {name: np.where(classes == number, values, 0).sum(1) for number, name in enumerate(names)}
    return DataFrame(
        {
            "chrom": chrom,
            "start": starts,
            "end": sources.bin_ends,
            "within_1kb": np.where(distances <= 1_000, values, 0).sum(1),
            "distance_bp": (values * distances).sum(1),
            **shares,
        }
    )
