"""The run of predict that a report is about."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pandas as pd

from genint.choices import Scale
from genint.console import Console
from genint.genome.bed import BedRow
from genint.genome.grid import requested_bins
from genint.output.bigwig import BinReader
from genint.output.finished_run import read_finished_run
from genint.reporting.bigwig_slices import read_predicted
from genint.reporting.browser_tracks import read_run
from genint.reporting.found_results import Chromosomes
from genint.reporting.igv_page import Json
from genint.reporting.observed import open_observed
from genint.reporting.report_sections import TableHead
from genint.reporting.report_tracks import MOST_ROWS, ShownBins, choose_rows, draw_rows
from genint.reporting.shown_regions import MOST_BP, MOST_VALUES, Shown, read_predicted_rows
from genint.reporting.track_summary import TrackSummary, summarize_track
from genint.tracks.table import read_tracks

_MOST_ROWS = 100  # of regions.tsv


class ReportedRun:
    """A finished run, the tracks of it that are reported (all, or those that `select` names), and what was measured.

    Raises InputError for a folder that is none, for one without bigWigs, and for tracks that it does not have.
    """

    def __init__(
        self, folder: Path, select: str | Sequence[str] | None, observed: Sequence[str], stack: ExitStack
    ) -> None:
        self.folder, self.report = folder, read_finished_run(folder)
        self.run = read_run(folder, folder.resolve().name)
        everything = read_tracks(folder / "tracks.tsv")
        self.tracks = everything if select is None else everything.subset(everything.select(select))
        self.sizes: dict[str, int] = self.run.sizes
        self._bin_bp: int = self.report["plan"]["bin_bp"]
        self._scale: Scale = self.report["plan"]["options"]["scale"]
        self._files = {
            signal.label: signal.file
            for assay in self.run.assays
            if assay.is_shown
            for row in assay.rows
            for signal in row.signals
        }
        self._rows = choose_rows(self.run, {track.identifier for track in self.tracks})
        chromosomes = Chromosomes(str(folder), self.sizes)
        self.observed = stack.enter_context(open_observed(observed, self.tracks, chromosomes, self._bin_bp))

    @property
    def most_bp(self) -> int:
        """That all views together may have."""
        bigwigs = sum(len(row.signals) for row in self._rows[:MOST_ROWS]) * (2 if self.observed else 1)
        return min(MOST_BP, MOST_VALUES // bigwigs * self._bin_bp)

    def shown_bins(self, places: Sequence[Shown]) -> ShownBins:
        """The bins that the views touch."""
        masks = requested_bins([place.view for place in places], self.sizes, self._bin_bp)
        return ShownBins(masks=masks, sizes=self.sizes, bin_bp=self._bin_bp)

    def predicted_rows(self) -> list[BedRow]:
        """Where to look when nobody says it."""
        return read_predicted_rows(self.folder / "regions.tsv")

    def is_predicted(self, places: Sequence[Shown]) -> bool:
        """Whether any bin of the views is."""
        values = self.shown_bins(places).read(read_predicted(self._reader(self.tracks[0].identifier)))
        return any(np.isfinite(part).any() for part in values.values())

    def draw(self, shown: ShownBins) -> Iterator[Json]:
        """Rows of the browser."""
        return draw_rows(self.run, self._rows[:MOST_ROWS], shown, self.observed, self._scale)

    def summarize(self, shown: ShownBins, console: Console) -> Iterator[TrackSummary]:
        """The tracks in numbers."""
        with console.progress("summing up", len(self.tracks), "tracks") as advance:
            for track in self.tracks:
                measured = self.observed.get(track.identifier)
                reader = self._reader(track.identifier)
                yield summarize_track(
                    track, reader, self._bin_bp, scale=self._scale, observed=measured, shown=shown.masks
                )
                advance(1)

    def rows(self) -> TableHead:
        """The head of regions.tsv, with rows that are not wholly predicted first."""
        table = pd.read_csv(self.folder / "regions.tsv", sep="\t", dtype=str, keep_default_na=False, quoting=3)
        table = table.sort_values("status", key=lambda status: status == "predicted", kind="stable")
        cells = table.head(_MOST_ROWS).values.tolist()
        return TableHead("regions.tsv", list(table.columns), cells, len(table), len(table.columns))

    def notes(self) -> Iterator[str]:
        """What is not drawn."""
        if len(self._rows) > MOST_ROWS:
            yield f"The browser shows {MOST_ROWS} of {len(self._rows):,} rows of tracks; --tracks chooses others."
        if self.observed and len(self.observed) < len(self.tracks):
            yield f"{len(self.observed):,} of {len(self.tracks):,} tracks have a measured bigWig beside them."

    def legend(self) -> Iterator[str]:
        """How the tracks are drawn."""
        unit = "mean per base of each bin" if self._scale == "coverage" else "the model's scale"
        yield f"Bins of {self._bin_bp} bp, {unit}. Each row has its own range, that of the values in view."
        if any(len(row.signals) > 1 for row in self._rows[:MOST_ROWS]):
            yield "Two strands share a row: plus up, minus down (its values are then below 0) and darker."
        if self.observed:
            yield "Grey: measured, averaged over the same bins. Compare heights by the numbers on the left."

    def about_numbers(self) -> str:
        """What the table of tracks holds."""
        text = "Over all predicted bins of the run."
        if not self.observed:
            return text
        return (
            f"{text} r: Pearson's correlation of predicted and measured bins, computed for this page on the model's "
            "scale, as genint eval does, over all predicted bins with a measurement, and over those shown above; of an "
            "assay, the mean over its tracks. On chromosomes that the model was trained on, r says how well it "
            "remembers, and not how well it predicts."
        )

    def _reader(self, identifier: str) -> BinReader:
        return BinReader(self.folder / self._files[identifier], bin_bp=self._bin_bp)
