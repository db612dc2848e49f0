"""The figure of where bins come from: on the genome, per kb, bins marked."""

import numpy as np
import pytest

from genint.reporting.source_plots import MOST_COLUMNS, plot_sources

BINS = np.array([1_000, 1_128, 1_256])


def test_a_profile_and_a_map_share_the_axis_of_the_genome() -> None:
    values = np.full((3, 2_000), 1 / 2_000, np.float32)
    figure = plot_sources(values, 500, 1, BINS, 128, "chr1")
    above, below, _ = figure.axes
    assert above.get_xlim() == below.get_xlim() == (500, 2_500)
    assert sorted(below.get_ylim()) == [1_000, 1_384]
    assert below.get_xlabel() == "chr1, bp that they come from"
    mesh = below.collections[0]
    drawn = np.asarray(mesh.get_array())
    assert drawn.shape == (3, 1_000)
    assert drawn == pytest.approx(0.5)  # half of everything is in a kb


def test_long_dna_is_drawn_in_fewer_columns_and_nothing_is_lost() -> None:
    values = np.zeros((2, 2 * MOST_COLUMNS + 2), np.float32)
    values[:, -1] = 1
    figure = plot_sources(values, 0, 8, BINS[:2], 128, "chr1")
    drawn = np.asarray(figure.axes[1].collections[0].get_array())
    assert drawn.shape[1] <= MOST_COLUMNS
    assert drawn[0, -1] == pytest.approx(1_000 / 8)  # the last column is one token alone
    assert drawn[0, 0] == pytest.approx(1_000 / 8 / 1_000)  # the lowest colour
