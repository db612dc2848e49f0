"""Attention with rotary positions."""

import pytest
import torch

from genint.models.rotary import RotaryAttention


def attention(length: int = 9) -> RotaryAttention:
    torch.manual_seed(0)
    made = RotaryAttention(24, heads=4, key_heads=2, rotary_width=4, base=100.0, length=length)
    torch.nn.init.normal_(made.to_out.weight)
    return made.requires_grad_(False)


def test_it_adds_nothing_before_training() -> None:
    fresh = RotaryAttention(24, heads=4, key_heads=2, rotary_width=4, base=100.0, length=9)
    assert torch.equal(fresh(torch.randn(2, 9, 24)), torch.zeros(2, 9, 24))


def test_turning_keeps_lengths_and_the_channels_that_do_not_turn() -> None:
    x = torch.randn(2, 3, 9, 6)
    turned = attention().rotate(x)
    torch.testing.assert_close(turned.norm(dim=-1), x.norm(dim=-1))
    assert torch.equal(turned[..., 4:], x[..., 4:])
    assert torch.equal(turned[:, :, 0], x[:, :, 0])


@pytest.mark.parametrize("shift", [1, 4])
def test_a_score_depends_on_the_distance_alone(shift: int) -> None:
    q, k = torch.randn(6).expand(1, 1, 9, 6), torch.randn(6).expand(1, 1, 9, 6)
    scores = (attention().rotate(q) @ attention().rotate(k).mT)[0, 0]
    torch.testing.assert_close(scores[shift:, shift:], scores[:-shift, :-shift])
    assert not torch.allclose(scores[0], scores[0, 0].expand(9), atol=1e-3)


def test_two_heads_in_a_row_attend_by_the_same_keys() -> None:
    made = attention()
    x = torch.randn(1, 9, 24)
    before = made(x)
    keys = slice(4 * 6 + 6, 4 * 6 + 12)  # of the second pair of heads
    made.to_qkv.weight[keys] += 1.0
    made.to_out.weight[:, 12:] = 0  # which the first pair does not read
    first = attention()
    first.to_out.weight[:, 12:] = 0
    torch.testing.assert_close(made(x), first(x))
    assert not torch.allclose(before, made(x))
