"""Figures of attention: a panel each, pale without worth, a scale that one strong pair does not set."""

import numpy as np
import pytest

from genint.reporting.attention_plots import MapPanel, plot_maps, plot_zoom, scale_top, worth_text

WEIGHTS = np.full((4, 4), 0.25, np.float32)


def test_what_the_prediction_does_not_depend_on_is_pale_and_says_so() -> None:
    figure = plot_maps([MapPanel("a", 100, 2, WEIGHTS, 0.2), MapPanel("b", 100, 2, WEIGHTS, 1e-4)], "chr1")
    strong, weak = figure.axes
    assert strong.images[0].get_alpha() == 1
    assert weak.images[0].get_alpha() < 0.5
    assert strong.get_title() == "a, 2 bp\nworth 20.0%"
    assert "no worth here" in weak.get_title()
    assert tuple(strong.images[0].get_extent()) == (100, 108, 108, 100)


def test_the_darkest_is_a_quantile_of_what_is_above_0() -> None:
    weights = np.zeros((100, 100), np.float32)
    weights[0] = 0.1
    weights[0, 0] = 1
    assert scale_top(weights) == pytest.approx(np.quantile(weights[0], 0.995))
    assert scale_top(np.zeros((2, 2), np.float32)) == 1
    assert worth_text(0.0009) == "no worth here (0.09%)"


def test_a_close_view_has_its_letters_on_both_axes_and_its_title_inside() -> None:
    figure = plot_zoom([MapPanel("a", 100, 2, WEIGHTS, 0.2)], "chr1", "ACGTACGT")
    (axes,) = figure.axes
    assert [label.get_text() for label in axes.get_xticklabels()] == ["AC", "GT", "AC", "GT"]
    figure.draw_without_rendering()
    assert figure._suptitle is not None
    assert "chr1:101-108" in figure._suptitle.get_text()
    box = figure._suptitle.get_window_extent()
    assert box.x0 >= 0
    assert box.x1 <= figure.bbox.x1
