"""Rows of attention layers with random weights, against the vectors that tokens really add."""

from typing import Any, get_args

import numpy as np
import pytest
import torch
from torch import Tensor

from genint.choices import RolloutMethod
from genint.interpretation.sources.attention_rows import attention_rows
from genint.models.window_attention import Positions, WindowAttention


def layer(**changes: Any) -> tuple[WindowAttention, Tensor, Tensor]:
    """A layer of 2 heads on windows of 4 tokens, 8 tokens (L, C) and its attention weights (N, A, W, W)."""
    torch.manual_seed(1)
    options: dict[str, Any] = {"shifted": True, "positions": "rotary", "wrap": "mask"} | changes
    attention = WindowAttention(6, window=4, heads=2, head_width=4, **options).requires_grad_(False)
    x, maps = torch.randn(1, 8, 6), list[Tensor]()
    attention(x, maps)
    return attention, x[0], maps[0][0]


@pytest.mark.parametrize("positions", get_args(Positions))
@pytest.mark.parametrize("options", [{"shifted": False}, {"wrap": "mask"}, {"wrap": "paper"}])
def test_norms_are_the_lengths_of_vectors_that_sum_to_the_output(positions: str, options: dict[str, Any]) -> None:
    attention, x, weights = layer(positions=positions, **options)
    values = attention.to_qkv(attention.norm(x))[:, -8:]
    out = attention.to_out.weight
    vectors = torch.zeros(8, 8, 6)  # what token i takes from token j
    for n in range(2):
        for i in range(4):
            for j in range(4):
                to, of = ((4 * n + token + attention.shift) % 8 for token in (i, j))
                for head in range(2):
                    channels = slice(4 * head, 4 * head + 4)
                    vectors[to, of] += weights[n, head, i, j] * (out[:, channels] @ values[of, channels])
    assert torch.allclose(vectors.sum(1) + attention.to_out.bias, attention(x[None])[0], atol=1e-6)

    vectors[torch.arange(8), torch.arange(8)] += x
    lengths = vectors.norm(dim=-1).numpy()
    rows = attention_rows(attention, x, weights, "norm")
    assert rows.todense() == pytest.approx(lengths / lengths.sum(1, keepdims=True), rel=1e-5)


def test_half_is_half_the_mean_of_the_heads_and_half_the_token_itself() -> None:
    attention, x, weights = layer(shifted=False)
    raw, half = (attention_rows(attention, x, weights, method).todense() for method in ("raw", "half"))
    assert raw[4:, 4:] == pytest.approx(weights[1].mean(0).numpy(), rel=1e-6)
    assert half == pytest.approx((raw + np.eye(8)) / 2)


@pytest.mark.parametrize("method", get_args(RolloutMethod))
def test_the_two_ends_meet_in_the_papers_windows_and_not_in_masked_ones(method: RolloutMethod) -> None:
    masked, circular = (attention_rows(*layer(wrap=wrap), method).todense() for wrap in ("mask", "paper"))
    assert circular[:2, 6:].all()
    assert circular[6:, :2].all()
    assert not masked[:2, 6:].any()
    assert not masked[6:, :2].any()


def test_by_norms_a_layer_that_adds_nothing_is_the_identity() -> None:
    attention, x, weights = layer()
    torch.nn.init.zeros_(attention.to_out.weight)
    x[3] = 0  # without any length of its own
    assert attention_rows(attention, x, weights, "norm").todense().tolist() == np.eye(8).tolist()
