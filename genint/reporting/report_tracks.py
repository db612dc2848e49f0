"""The rows of a report's browser: predicted tracks, each with what was measured below it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from genint.arrays import F32, F64
from genint.choices import Scale
from genint.genome.grid import BinMask
from genint.output.bigwig import BinReader
from genint.reporting.bigwig_slices import Read, read_predicted, slice_bigwig
from genint.reporting.browser_tracks import Row, Run, Signal, drawn_range
from genint.reporting.colours import Rgb, darken
from genint.reporting.igv_page import Drawn, Json, draw_row
from genint.reporting.observed import Observed
from genint.reporting.track_summary import model_scale

MOST_ROWS = 24  # predicted, each with a measured one: more is a browser's work
_GREY: Rgb = (130, 130, 130)

Values = Mapping[str, F32 | F64]  # by chromosome, of the bins that are shown


@dataclass(frozen=True, kw_only=True)
class ShownBins:
    """Which bins of a run are in the page. `masks`: by chromosome; `sizes`: of all of these, in bp."""

    masks: Mapping[str, BinMask]
    sizes: Mapping[str, int]
    bin_bp: int

    def read(self, read: Read) -> Values:
        return {chrom: read(chrom, np.flatnonzero(mask)) for chrom, mask in self.masks.items()}

    def slice(self, values: Values) -> bytes:
        return slice_bigwig(values, self.masks, self.sizes, self.bin_bp)


def choose_rows(run: Run, identifiers: set[str]) -> list[Row]:
    """The rows with a track that was selected; strands stay together."""
    return [
        row
        for assay in run.assays
        if assay.is_shown
        for row in assay.rows
        if any(signal.label in identifiers for signal in row.signals)
    ]


def draw_rows(
    run: Run, rows: Sequence[Row], shown: ShownBins, observed: Mapping[str, Observed], scale: Scale
) -> Iterator[list[Json]]:
    """Tracks of igv.js for each row: what is predicted and, where it was, what was measured, on one range."""
    for row in rows:
        readers = [BinReader(run.folder / signal.file, bin_bp=shown.bin_bp) for signal in row.signals]
        rows_of: list[tuple[str, list[Values], list[Rgb]]] = [
            (row.label, [shown.read(read_predicted(reader)) for reader in readers], [s.colour for s in row.signals])
        ]
        measured = [_read_measured(observed.get(signal.label), shown, scale) for signal in row.signals]
        if any(np.isfinite(part).any() for values in measured for part in values.values()):
            rows_of.append((f"{row.label} measured", measured, [_GREY, darken(_GREY)]))
        low, high = _range(row, measured)
        yield [
            draw_row(
                name, [_drawn(*each, shown) for each in zip(row.signals, values, colours, strict=False)], low, high
            )
            for name, values, colours in rows_of
        ]


def _read_measured(observed: Observed | None, shown: ShownBins, scale: Scale) -> Values:
    if observed is None:
        return {chrom: np.full(int(mask.sum()), np.nan) for chrom, mask in shown.masks.items()}
    values = shown.read(observed.read)
    if scale == "coverage":
        return values
    to_model = model_scale(observed.track, shown.bin_bp)
    return {chrom: np.maximum(to_model(part), 0) for chrom, part in values.items()}


def _drawn(signal: Signal, values: Values, colour: Rgb, shown: ShownBins) -> Drawn:
    sign = -1 if signal.negate else 1
    content = shown.slice({chrom: sign * part for chrom, part in values.items()})
    return Drawn(name=signal.label, content=content, colour=colour)


def _range(row: Row, measured: Sequence[Values]) -> tuple[float, float]:
    """Of the run's values and the measured ones in the page; the same up and down for two strands."""
    parts = [part[np.isfinite(part)] for values in measured for part in values.values()]
    seen = np.concatenate([np.empty(0), *parts]).astype(np.float32)
    low, high = drawn_range(seen) if len(seen) else (0.0, 0.0)
    if len(row.signals) == 1:
        return min(row.low, low), max(row.high, high)
    top = max(row.high, -row.low, high, -low)
    return -top, top
