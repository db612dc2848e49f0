"""The run that a report is about."""

from contextlib import ExitStack
from pathlib import Path

import numpy as np

from genint.console import Console
from genint.genome.region import Region
from genint.prediction.to_folder import predict_to_folder
from genint.reporting.report_run import ReportedRun
from genint.reporting.shown_regions import MOST_BP, Shown
from tests.conftest import EXAMPLE

PLACE = Shown("a", Region("chr3", 0, 2_000), Region("chr3", 0, 2_000))
NOWHERE = Shown("b", Region("chr1", 0, 2_000), Region("chr1", 0, 2_000))


def test_rows_that_are_not_wholly_predicted_come_first(tmp_path: Path, tiny_model: Path) -> None:
    regions = ["chr3:1-400", "chr2:20101-21000", "chr3:1001-1400"]  # the second is N
    predict_to_folder(EXAMPLE / "genome.fa", regions, tiny_model, tmp_path / "run")
    with ExitStack() as stack:
        head = ReportedRun(tmp_path / "run", None, [], stack).rows()
    status, start = head.columns.index("status"), head.columns.index("start")
    assert [(row[status], row[start]) for row in head.rows] == [
        ("skipped", "20100"),
        ("predicted", "0"),
        ("predicted", "1000"),
    ]


def test_selected_tracks_are_summed_up_and_their_rows_drawn(finished_run: Path) -> None:
    with ExitStack() as stack:
        run = ReportedRun(finished_run, ["atac", "cage_minus"], [], stack)
        shown = run.shown_bins([PLACE])
        assert [each.track.identifier for each in run.summarize(shown, Console(quiet=True))] == ["atac", "cage_minus"]
        assert [row["name"] for row in run.draw(shown)] == ["atac", "cage"]
        assert run.most_bp == MOST_BP


def test_measured_tracks_are_compared_and_said_to_be_so(finished_run: Path) -> None:
    with ExitStack() as stack:
        run = ReportedRun(finished_run, None, [f"atac={EXAMPLE / 'tracks' / 'atac.bw'}"], stack)
        summaries = list(run.summarize(run.shown_bins([PLACE]), Console(quiet=True)))
        assert [np.isfinite(each.r) for each in summaries].count(True) == 1
        assert summaries[0].shown == 16
        assert list(run.notes()) == ["1 of 7 tracks have a measured bigWig beside them."]
        assert "Pearson" in run.about_numbers()
        assert any("Grey" in line for line in run.legend())


def test_places_are_told_from_places_without_a_prediction(finished_run: Path) -> None:
    with ExitStack() as stack:
        run = ReportedRun(finished_run, None, [], stack)
        assert run.is_predicted([NOWHERE, PLACE])
        assert not run.is_predicted([NOWHERE])
        assert [str(row.region) for row in run.predicted_rows()] == ["chr3:1-4,000", "chr2:8,001-9,000"]
