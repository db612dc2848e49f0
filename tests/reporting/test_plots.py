"""Figures: what is drawn, where, and with which numbers on the axes."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from genint.evaluation.profiles import Profiles
from genint.evaluation.results import ModelScores, Score
from genint.reporting.plots import plot_profiles, plot_scores, save_figure


def test_a_figure_of_a_locus_shows_its_coordinates_in_plain_numbers() -> None:
    values = np.ones((100, 1), dtype=np.float32)
    figure = plot_profiles("chrX", 128, ["rna"], Profiles(132_357_221, values, {"tiny": values}))
    FigureCanvasAgg(figure).draw()
    axis = figure.axes[-1].xaxis
    assert axis.get_offset_text().get_text() == ""
    assert "132,360,000" in [label.get_text() for label in axis.get_ticklabels()]
    assert axis.get_view_interval() == pytest.approx([132_357_221, 132_357_221 + 100 * 128])


def scores(name: str, pearsons: tuple[float, ...]) -> ModelScores:
    assays = ("RNA", "RNA", "CHIP", "ATAC")
    rows = [Score(name, f"t{i}", assays[i], 10, r, r, r) for i, r in enumerate(pearsons)]
    return ModelScores(name, rows, 0.0, {})


def test_a_scatter_has_a_point_per_track_that_both_models_could_be_scored_on() -> None:
    figure = plot_scores(scores("a", (0.1, 0.2, np.nan, -0.4)), scores("b", (0.3, np.nan, 0.5, 0.6)))
    (axes,) = figure.axes
    points = {collection.get_label(): np.asarray(collection.get_offsets()).tolist() for collection in axes.collections}
    assert points == {"RNA (1)": [[0.1, 0.3]], "ATAC (1)": [[-0.4, 0.6]]}
    assert axes.get_xlabel() == "Pearson, a"
    assert axes.get_xlim()[0] < -0.4


def test_a_figure_is_written_as_png_and_svg(tmp_path: Path) -> None:
    files = save_figure(plot_scores(scores("a", (0.1,)), scores("b", (0.3,))), tmp_path / "v1.2")
    assert [file.name for file in files] == ["v1.2.png", "v1.2.svg"]
    assert files[0].read_bytes().startswith(b"\x89PNG")
    assert "<svg" in files[1].read_text()
