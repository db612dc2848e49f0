"""Rows of convolutions and merges, against the tokens that their gradients see and small cases by hand."""

import numpy as np
import pytest
import torch
from torch import nn

from genint.choices import RolloutMethod
from genint.interpretation.sources.convolution_rows import conv_rows, even_merge_rows, feed_forward_rows, merge_rows
from genint.models.layers import FeedForward, FeedForwardKind, MaxPool, StandardizedConv, token_conv
from genint.models.swin1d import LinearMerge, Merge, make_merge
from tests.models.seen import tokens_seen


@pytest.mark.parametrize("method", ["half", "norm"])
@pytest.mark.parametrize(("kind", "dilation"), [("depthwise", 1), ("conv", 1), ("conv", 3)])
def test_a_feed_forward_takes_from_the_tokens_that_it_sees(
    method: RolloutMethod, kind: FeedForwardKind, dilation: int
) -> None:
    torch.manual_seed(1)
    layer = FeedForward(4, 6, kind=kind, conv_width=3, dilation=dilation)
    x = torch.randn(12, 4)
    rows = feed_forward_rows(layer, x, layer(x[None])[0].detach(), method)
    assert rows is not None
    for token in range(12):
        seen = {token, *tokens_seen(layer, token, 12, 4)}
        assert set(np.flatnonzero(rows.todense()[token])) == seen


def test_by_norms_the_branch_counts_as_long_as_what_it_adds() -> None:
    layer = FeedForward(4, 6, kind="conv", conv_width=3)
    x = torch.ones(5, 4)
    added = torch.zeros(5, 4)
    added[2] = 1 / 3
    own = conv_rows(layer.expand, 5).diagonal()[2]  # type: ignore[arg-type]
    rows = feed_forward_rows(layer, x, added, "norm")
    assert rows is not None
    assert rows.diagonal() == pytest.approx(np.array([1, 1, 0.75 + 0.25 * own, 1, 1]))


def test_a_feed_forward_token_by_token_has_no_rows() -> None:
    layer = FeedForward(4, 6, kind="plain", conv_width=1)
    assert feed_forward_rows(layer, torch.ones(5, 4), torch.ones(5, 4), "norm") is None


@pytest.mark.parametrize("kind", ["linear", "conv", "max"])
def test_a_merge_takes_from_the_tokens_that_it_sees(kind: Merge) -> None:
    torch.manual_seed(1)
    layer = make_merge(kind, 4, 4)
    x = torch.randn(1, 12, 4, generator=torch.Generator().manual_seed(1))
    rows = merge_rows(layer, x[0])
    assert rows.shape == (6, 12)
    assert rows.sum(1) == pytest.approx(1)
    for token in range(6):
        taken = set(np.flatnonzero(rows.todense()[token]))
        assert taken == set(tokens_seen(layer, token, 12, 4))


def test_the_larger_of_two_counts_by_the_channels_that_it_wins() -> None:
    x = torch.tensor([[3.0, 0, 5], [1, -1, 5], [0, 0, 0], [0, 0, 0]])
    # Channel 0 is the first token's by a value of 3, channel 1 by 0, and channel 2 half of each by 5.
    rows = merge_rows(MaxPool(), x).todense()
    assert rows == pytest.approx(np.array([[5.5 / 8, 2.5 / 8, 0, 0], [0, 0, 0.5, 0.5]]))


def test_a_linear_merge_counts_the_lengths_of_its_halves() -> None:
    merge = LinearMerge(2, 2)
    merge.project.weight = nn.Parameter(torch.tensor([[1.0, 0, 3, 0], [0, 1, 0, 3]]))
    x = torch.tensor([[3.0, 4], [0, 5], [0, 0], [0, 0]])
    assert merge_rows(merge, x).todense() == pytest.approx(np.array([[0.25, 0.75, 0, 0], [0, 0, 0.5, 0.5]]))


def test_taps_of_a_convolution_count_by_their_norms() -> None:
    conv = token_conv(1, 2, 3)
    conv.weight = nn.Parameter(torch.tensor([[[[0.0, 3, 1]]], [[[0, 4, 0]]]]))
    assert conv_rows(conv, 3).todense()[1].tolist() == pytest.approx([0, 5 / 6, 1 / 6])


def test_a_standardised_convolution_counts_by_the_filters_that_it_uses() -> None:
    conv = StandardizedConv(1, 1, 3)
    conv.weight = nn.Parameter(torch.tensor([[[[1.0, 2, 3]]]]))  # minus their mean: -1, 0, 1
    assert conv_rows(conv, 3).todense()[1].tolist() == pytest.approx([0.5, 0, 0.5])


def test_even_merges_take_halves() -> None:
    assert even_merge_rows(4).todense().tolist() == [[0.5, 0.5, 0, 0], [0, 0, 0.5, 0.5]]
