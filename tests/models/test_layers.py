"""The parts that models are made of."""

import pytest
import torch
from torch import nn

from genint.models.layers import (
    AttentionPool,
    DropPath,
    FeedForward,
    MaxPool,
    StandardizedConv,
    ZeroInitLinear,
    convolve,
    residual_output,
)
from tests.models.seen import tokens_seen

LENGTH, CHANNELS = 32, 6


def test_standardized_filters_have_mean_zero_and_ignore_a_common_shift() -> None:
    conv = StandardizedConv(CHANNELS, 4, 5, gain=2.0)
    filters = conv.filters()
    torch.testing.assert_close(filters.mean((1, 2, 3)), torch.zeros(4), atol=1e-6, rtol=0)
    torch.testing.assert_close(filters.square().sum((1, 2, 3)).sqrt(), torch.full((4,), 2.0), atol=1e-2, rtol=0)
    x = torch.randn(1, LENGTH, CHANNELS)
    torch.testing.assert_close(convolve(conv, x + 3)[:, 2:-2], convolve(conv, x)[:, 2:-2], atol=1e-4, rtol=1e-4)


def test_a_feed_forward_spans_its_convolution_and_dilation() -> None:
    assert tokens_seen(FeedForward(CHANNELS, 4, kind="conv", conv_width=3, dilation=4), 10, LENGTH, CHANNELS) == [
        6,
        10,
        14,
    ]


def test_a_branch_is_left_out_for_some_sequences_in_training_and_none_in_evaluation() -> None:
    torch.manual_seed(0)
    x, drop = torch.ones(4_000, 2, 3), DropPath(0.25)
    kept = drop(x)[:, 0, 0]
    assert kept.unique().tolist() == pytest.approx([0, 4 / 3])
    assert float(kept.mean()) == pytest.approx(1, abs=0.05)
    assert torch.equal(drop.eval()(x), x)


def test_max_pooling_is_the_larger_of_a_pair() -> None:
    x = torch.randn(2, 8, 3)
    torch.testing.assert_close(MaxPool()(x), torch.maximum(x[:, ::2], x[:, 1::2]))


def test_attention_pooling_is_a_softmax_weighted_mean_of_a_pair() -> None:
    pool, x = AttentionPool(3), torch.randn(2, 8, 3)
    assert torch.equal(pool.logits.weight, 2 * torch.eye(3))
    nn.init.normal_(pool.logits.weight)
    pairs = x.unflatten(1, (-1, 2))  # (2, 4, 2, 3)
    expected = (pairs * pool.logits(pairs).softmax(2)).sum(2)
    torch.testing.assert_close(pool(x), expected)


def test_a_residual_output_starts_at_zero_and_learns_at_its_scale() -> None:
    """A step of plain gradient descent moves what the layer multiplies by by the square of the scale."""
    x, moved = torch.randn(4, 3), []
    for scale in (1.0, 0.5):
        layer = residual_output(3, 2, scale)
        assert isinstance(layer, ZeroInitLinear)
        assert not layer(x).any()
        layer(x).sum().backward()
        torch.optim.SGD(layer.parameters(), 1.0).step()
        moved.append(layer(x).detach())
    torch.testing.assert_close(moved[1], moved[0] / 4)
    assert type(residual_output(3, 2, 0.0)) is nn.Linear


@pytest.mark.parametrize("kind", ["plain", "depthwise", "conv"])
def test_a_feed_forward_knows_whether_it_works_token_by_token(kind: str) -> None:
    layer = FeedForward(CHANNELS, 4, kind=kind, conv_width=3)  # type: ignore[arg-type]
    assert (tokens_seen(layer, 10, LENGTH, CHANNELS) == [10]) == layer.is_token_wise
