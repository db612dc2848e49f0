"""Heads in numbers, by hand."""

import numpy as np
import pytest

from genint.interpretation.attention.head_summaries import summarise_heads
from genint.interpretation.attention.maps import LayerMap


def test_shares_distance_and_entropy_of_a_window_of_three() -> None:
    rows = np.array([[1, 0, 0], [0.5, 0.25, 0.25], [0, 0, 1]], np.float32)
    layer = LayerMap(1, "block 1", 2, np.array([[0, 2, 4]]), rows[None, None])
    middle = summarise_heads(layer, slice(1, 2)).iloc[0]
    assert (middle.look_back, middle.itself, middle.look_ahead) == (0.5, 0.25, 0.25)
    assert (middle.distance_bp, middle.entropy_bits) == (1.5, 1.5)
    everywhere = summarise_heads(layer, slice(0, 3)).iloc[0]
    assert everywhere.itself == pytest.approx(0.75)
    assert everywhere.entropy_bits == pytest.approx(0.5)
