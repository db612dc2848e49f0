"""The rows of a report's browser: predicted tracks, each with what was measured below it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from genint.arrays import F32, F64
from genint.choices import Scale
from genint.genome.grid import BinMask
from genint.output.bigwig import BinReader
from genint.reporting.bigwig_slices import Read, read_predicted, slice_bigwig
from genint.reporting.browser_tracks import Row, Run, Signal
from genint.reporting.colours import Rgb, darken
from genint.reporting.igv_page import Drawn, Json, draw_row
from genint.reporting.observed import Observed
from genint.reporting.track_summary import model_scale

MOST_ROWS = 24  # predicted, each with a measured one: more is a browser's work
_GREYS: tuple[Rgb, Rgb] = ((130, 130, 130), darken((130, 130, 130)))  # of the first strand and the second

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
) -> Iterator[Json]:
    """Tracks of igv.js for each row: what is predicted and, where it was, what was measured."""
    for row in rows:
        readers = [BinReader(run.folder / signal.file, bin_bp=shown.bin_bp) for signal in row.signals]
        predicted = [shown.read(read_predicted(reader)) for reader in readers]
        yield draw_row(row.label, [_drawn(s, v, s.colour, shown) for s, v in zip(row.signals, predicted, strict=True)])
        measured = [
            _drawn(signal, values, grey, shown)
            for signal, grey in zip(row.signals, _GREYS, strict=False)
            if signal.label in observed and _is_any(values := _read_measured(observed[signal.label], shown, scale))
        ]
        if measured:
            yield draw_row(f"{row.label} measured", measured)


def _is_any(values: Values) -> bool:
    return any(np.isfinite(part).any() for part in values.values())


def _read_measured(observed: Observed, shown: ShownBins, scale: Scale) -> Values:
    values = shown.read(observed.read)
    if scale == "coverage":
        return values
    to_model = model_scale(observed.track, shown.bin_bp)
    return {chrom: np.maximum(to_model(part), 0) for chrom, part in values.items()}


def _drawn(signal: Signal, values: Values, colour: Rgb, shown: ShownBins) -> Drawn:
    sign = -1 if signal.negate else 1
    content = shown.slice({chrom: sign * part for chrom, part in values.items()})
    return Drawn(name=signal.label, content=content, colour=colour)
