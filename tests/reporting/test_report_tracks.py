"""Rows of a report's browser."""

import base64
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from genint.genome.dna_source import SequenceSource
from genint.output.bigwig import BigWigWriter, BinReader
from genint.reporting.browser_tracks import Assay, Run
from genint.reporting.observed import open_observed
from genint.reporting.report_tracks import ShownBins, choose_rows, draw_rows
from genint.tracks.table import Track, TrackTable
from tests.reporting.hubs import pair, run, single

SHOWN = ShownBins(masks={"chr1": np.arange(8) < 3}, sizes={"chr1": 1_000}, bin_bp=125)
GENOME = SequenceSource("ACGT" * 250, "chr1")


def written(path: Path, values: list[float]) -> Path:
    with BigWigWriter(path, GENOME.sizes, bin_bp=125) as writer:
        writer.add("chr1", 0, np.array(values, np.float32))
    return path


def held(track: dict[str, Any], folder: Path) -> list[float]:
    """The values in a track's address."""
    (folder / "held.bw").write_bytes(base64.b64decode(track["url"].split(",")[1]))
    return list(BinReader(folder / "held.bw", bin_bp=125).read("chr1")[1].tolist())


@pytest.fixture
def strands(tmp_path: Path) -> Run:
    """A run of one pair; both its bigWigs are one file."""
    written(tmp_path / "x.bw", [1, 2, 3, 4])
    return replace(run(Assay(label="CAGE", rows=[pair("cage")])), folder=tmp_path)


def test_a_selected_strand_brings_its_other_strand_and_hidden_assays_stay_away() -> None:
    rows = run(
        Assay(label="CAGE", rows=[pair("cage"), single("other")]),
        Assay(label="sd", rows=[single("other")], is_shown=False),
    )
    assert [row.label for row in choose_rows(rows, {"cage_minus"})] == ["cage"]
    assert [row.label for row in choose_rows(rows, {"other"})] == ["other"]


def test_the_minus_strand_is_drawn_below_the_line_and_only_what_is_shown_is_in_the_page(
    strands: Run, tmp_path: Path
) -> None:
    (row,) = draw_rows(strands, strands.assays[0].rows, SHOWN, {}, "coverage")
    assert [held(track, tmp_path) for track in row["tracks"]] == [[1, 2, 3], [-1, -2, -3]]


@pytest.mark.parametrize("scale", ["coverage", "model"])
def test_what_was_measured_follows_on_the_scale_of_the_run_and_below_the_line_too(
    strands: Run, tmp_path: Path, scale: Any
) -> None:
    names = [signal.label for signal in strands.signals]
    table = TrackTable(
        Track(identifier=name, description="", strand_pair=name, scale=0.1, sum_stat="mean") for name in names
    )
    file = written(tmp_path / "m.bw", [5, 6, 7, 8])
    with open_observed([f"{name}={file}" for name in names], table, GENOME, 125) as observed:
        rows = list(draw_rows(strands, strands.assays[0].rows, SHOWN, observed, scale))
    assert [row["name"] for row in rows] == ["cage", "cage measured"]
    factor = 1 if scale == "coverage" else 0.1
    plus, minus = (held(track, tmp_path) for track in rows[1]["tracks"])
    np.testing.assert_allclose(plus, factor * np.array([5, 6, 7]), rtol=1e-6)
    np.testing.assert_allclose(minus, -factor * np.array([5, 6, 7]), rtol=1e-6)


def test_a_strand_that_was_not_measured_leaves_the_other_alone(strands: Run, tmp_path: Path) -> None:
    name = strands.signals[1].label
    table = TrackTable([Track(identifier=name, description="", strand_pair=name)])
    with open_observed([f"{name}={written(tmp_path / 'm.bw', [5, 6, 7])}"], table, GENOME, 125) as observed:
        _, measured = draw_rows(strands, strands.assays[0].rows, SHOWN, observed, "coverage")
    assert held(measured, tmp_path) == [-5, -6, -7]
