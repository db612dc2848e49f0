"""A run's tracks in numbers: how much is predicted, where most, and how well it fits what was measured."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from genint.arrays import F32, F64, I64
from genint.choices import Scale
from genint.evaluation.metrics import Pearson
from genint.genome.grid import BinMask
from genint.genome.region import Region
from genint.output.bigwig import BinReader
from genint.reporting.observed import Observed
from genint.tracks.table import Track, TrackTable


@dataclass(frozen=True, kw_only=True)
class TrackSummary:
    """Of the bins with a prediction: how many, their mean, the highest and where it is; Pearson's r of those measured.

    `shown` and `r_shown` are of those that the report shows alone. r is on the model's scale, NaN where there is none.
    """

    track: Track
    bins: int
    mean: float
    highest: float
    peak: Region | None
    measured: int
    r: float
    shown: int
    r_shown: float


def summarize_track(
    track: Track,
    reader: BinReader,
    bin_bp: int,
    *,
    scale: Scale = "coverage",
    observed: Observed | None = None,
    shown: Mapping[str, BinMask] | None = None,
) -> TrackSummary:
    """Read a predicted bigWig whole, a chromosome at a time. `scale`: that of the run; `shown`: bins in the report."""
    to_model = model_scale(track, bin_bp)
    everywhere, in_view = Pearson(1), Pearson(1)
    count, total, highest, peak = 0, 0.0, float("nan"), None
    for chrom, bins, values in _chromosomes(reader):
        count, total = count + len(bins), total + float(values.sum(dtype=np.float64))
        top = int(values.argmax())
        if not values[top] <= highest:
            start, highest = int(bins[top]) * bin_bp, float(values[top])
            peak = Region(chrom, start, min(start + bin_bp, reader.sizes[chrom]))
        if observed:
            predicted = values if scale == "model" else to_model(values)
            measured = np.maximum(to_model(observed.read(chrom, bins)), 0)
            everywhere.update(predicted, measured)
            is_shown = (shown or {}).get(chrom, np.zeros(int(bins[-1]) + 1, np.bool_))[bins]
            in_view.update(predicted[is_shown], measured[is_shown])
    return TrackSummary(
        track=track,
        bins=count,
        mean=total / count if count else float("nan"),
        highest=highest,
        peak=peak,
        measured=int(everywhere.counts[0]),
        r=float(everywhere.compute()[0]),
        shown=int(in_view.counts[0]),
        r_shown=float(in_view.compute()[0]),
    )


def model_scale(track: Track, bin_bp: int) -> Callable[[F32 | F64], F64]:
    """Coverage (N,) of one track to the model's scale."""
    transform = TrackTable([track]).transform(bin_bp)
    return lambda coverage: transform.apply(np.asarray(coverage, np.float64)[:, None])[:, 0]


def _chromosomes(reader: BinReader) -> Iterator[tuple[str, I64, F32]]:
    for chrom in reader.chroms():
        bins, values = reader.read(chrom)
        if len(bins):
            yield chrom, bins, values
