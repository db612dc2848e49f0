"""Rows that sum to 1, and an attention layer of 8 tokens worked out by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from genint.arrays import F64
from genint.interpretation.sources.sparse_rows import convolution_rows, pair_rows, residual_rows, shares, window_rows

# Two windows of 4 tokens: the first token of each takes from all four, the second from the third, the others keep
# themselves. The second window differs in its first row.
KEEPS = [[0, 0, 1.0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
PARTS = np.array([[[1, 1, 1, 1], *KEEPS], [[1, 3, 0, 0], *KEEPS]])


def test_two_windows_of_four_tokens_become_eight_rows() -> None:
    q = 0.25
    assert window_rows(PARTS, 0).todense().tolist() == [
        [q, q, q, q, 0, 0, 0, 0],
        [0, 0, 1, 0, 0, 0, 0, 0],
        [0, 0, 1, 0, 0, 0, 0, 0],
        [0, 0, 0, 1, 0, 0, 0, 0],
        [0, 0, 0, 0, q, 0.75, 0, 0],
        [0, 0, 0, 0, 0, 0, 1, 0],
        [0, 0, 0, 0, 0, 0, 1, 0],
        [0, 0, 0, 0, 0, 0, 0, 1],
    ]


def test_of_shifted_windows_the_last_straddles_the_ends() -> None:
    q = 0.25
    assert window_rows(PARTS, 2).todense().tolist() == [
        [1, 0, 0, 0, 0, 0, 0, 0],  # token 2 of the last window
        [0, 1, 0, 0, 0, 0, 0, 0],
        [0, 0, q, q, q, q, 0, 0],
        [0, 0, 0, 0, 1, 0, 0, 0],
        [0, 0, 0, 0, 1, 0, 0, 0],
        [0, 0, 0, 0, 0, 1, 0, 0],
        [0, 0, 0, 0, 0, 0, q, 0.75],  # token 0 of the last window
        [1, 0, 0, 0, 0, 0, 0, 0],  # token 1 takes from token 2, at the other end
    ]


def test_a_layer_and_a_merge_multiply_to_what_merged_tokens_come_from() -> None:
    merged = pair_rows(np.array([1.0, 0.5, 0.25, 0])) @ window_rows(PARTS, 0)
    assert merged.todense().tolist() == [
        [0.25, 0.25, 0.25, 0.25, 0, 0, 0, 0],
        [0, 0, 0.5, 0.5, 0, 0, 0, 0],
        [0, 0, 0, 0, 0.0625, 0.1875, 0.75, 0],
        [0, 0, 0, 0, 0, 0, 0, 1],
    ]


def test_pairs_that_do_not_attend_are_not_stored_and_tokens_that_take_nothing_keep_themselves() -> None:
    rows = window_rows(np.array([[[0.0, 0], [1, 1]]]), 0)
    assert rows.nnz == 3
    assert rows.todense().tolist() == [[1, 0], [0.5, 0.5]]


def test_taps_that_hang_over_an_end_are_left_out() -> None:
    assert convolution_rows(4, np.array([1.0, 2, 1])).todense() == pytest.approx(
        np.array([[2 / 3, 1 / 3, 0, 0], [0.25, 0.5, 0.25, 0], [0, 0.25, 0.5, 0.25], [0, 0, 1 / 3, 2 / 3]])
    )


def test_the_first_tap_is_the_token_before_and_a_token_that_reads_nothing_keeps_itself() -> None:
    assert convolution_rows(3, np.array([1.0, 0, 0])).todense().tolist() == [[1, 0, 0], [1, 0, 0], [0, 1, 0]]


def test_dilated_taps_skip_tokens() -> None:
    assert convolution_rows(5, np.array([1.0, 1, 1]), dilation=2).todense()[2].tolist() == pytest.approx(
        [1 / 3, 0, 1 / 3, 0, 1 / 3]
    )


def test_a_convolution_wider_than_the_sequence_takes_what_is_there() -> None:
    rows = convolution_rows(2, np.ones(7), dilation=1).todense()
    assert rows.tolist() == [[0.5, 0.5], [0.5, 0.5]]


def test_a_convolution_without_weights_takes_evenly() -> None:
    assert convolution_rows(3, np.zeros(3)).todense()[1].tolist() == pytest.approx([1 / 3] * 3)


def test_a_residual_sum_keeps_what_is_not_the_branch() -> None:
    rows = residual_rows(convolution_rows(3, np.array([1.0, 0, 1])), np.array([0, 0.5, 1]))
    assert rows.todense().tolist() == [[1, 0, 0], [0.25, 0.5, 0.25], [0, 1, 0]]


@given(arrays(np.float64, (3, 4, 4), elements=st.floats(0, 1e6)), st.sampled_from([0, 2]))
def test_rows_of_windows_sum_to_one_whatever_they_are_made_of(parts: F64, shift: int) -> None:
    rows = window_rows(parts, shift)
    assert rows.sum(1) == pytest.approx(1)
    assert rows.min() >= 0


@given(st.integers(1, 20), arrays(np.float64, 5, elements=st.floats(0, 1e6)), st.integers(1, 8))
def test_rows_of_convolutions_sum_to_one_whatever_their_taps(tokens: int, taps: F64, dilation: int) -> None:
    assert convolution_rows(tokens, taps, dilation).sum(1) == pytest.approx(1)


def test_shares_of_nothing_are_what_was_said() -> None:
    assert shares(np.array([[0.0, 0], [1, 3]]), np.array([0.0, 1])).tolist() == [[0, 1], [0.25, 0.75]]
