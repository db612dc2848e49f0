"""Attention in windows: what a token sees, and that every way to compute it gives the same."""

from typing import Any

import pytest
import torch
from torch import Tensor

from genint.models.window_attention import DistanceBias, WindowAttention
from tests.models.seen import tokens_seen

WINDOW, LENGTH, CHANNELS = 8, 32, 6


def attention(*, shifted: bool, **choices: Any) -> WindowAttention:
    torch.manual_seed(0)
    choices = {"positions": "rotary", "wrap": "mask"} | choices
    layer = WindowAttention(CHANNELS, window=WINDOW, heads=2, head_width=4, shifted=shifted, **choices)
    for parameter in layer.parameters():  # biases that start at zero must not hide a mistake
        torch.nn.init.normal_(parameter, std=0.5)
    return layer.eval()


@pytest.mark.parametrize("positions", ["rotary", "basis", "bias"])
@pytest.mark.parametrize("position", [0, 7, 8, 21, 31])
def test_a_regular_layer_sees_its_window_and_no_further(positions: str, position: int) -> None:
    start = position // WINDOW * WINDOW
    assert tokens_seen(attention(shifted=False, positions=positions), position, LENGTH, CHANNELS) == list(
        range(start, start + WINDOW)
    )


@pytest.mark.parametrize("positions", ["rotary", "basis", "bias"])
@pytest.mark.parametrize(("position", "seen"), [(4, range(4, 12)), (11, range(4, 12)), (12, range(12, 20))])
def test_a_shifted_layer_sees_a_window_that_straddles_two_others(positions: str, position: int, seen: range) -> None:
    assert tokens_seen(attention(shifted=True, positions=positions), position, LENGTH, CHANNELS) == list(seen)


@pytest.mark.parametrize("position", [0, 30])
def test_the_two_ends_do_not_meet_when_masked_and_do_in_the_papers_way(position: int) -> None:
    head, tail = list(range(4)), list(range(28, 32))
    assert tokens_seen(attention(shifted=True), position, LENGTH, CHANNELS) == (head if position < 4 else tail)
    assert tokens_seen(attention(shifted=True, wrap="paper"), position, LENGTH, CHANNELS) == head + tail


@pytest.mark.parametrize("wrap", ["mask", "paper"])
@pytest.mark.parametrize("shifted", [False, True])
def test_windows_come_back_where_they_were(shifted: bool, wrap: str) -> None:
    """If every token attends to itself alone, attention passes the values through."""
    layer = attention(shifted=shifted, wrap=wrap)
    x = torch.randn(2, LENGTH, CHANNELS)
    inner = layer.heads * layer.head_width
    v = layer.to_qkv(layer.norm(x))[..., 2 * inner :]
    layer._attend = lambda qkv, window, fused: (qkv[..., -inner:], None)  # type: ignore[method-assign]
    torch.testing.assert_close(layer(x), layer.to_out(v))


def masked_reference(layer: WindowAttention, x: Tensor) -> tuple[Tensor, Tensor]:
    """The words of the paper plus a mask, step by step: roll, cut, mask the straddling window, attend, roll back."""
    half = WINDOW // 2
    q, k, v, scores = layer.position.split(layer.position.project(layer.norm(x), layer.to_qkv).roll(-half, 1), WINDOW)
    logits = q @ k.transpose(-1, -2)
    logits = (logits if scores is None else logits + scores).unflatten(0, (len(x), -1))  # (B, N, A, W, W)
    late = torch.arange(WINDOW) < half
    logits[:, -1] = logits[:, -1].masked_fill(late[:, None] != late[None, :], -torch.inf)
    weights = logits.softmax(-1)
    attended = (weights @ v.unflatten(0, (len(x), -1))).transpose(2, 3).flatten(3).flatten(1, 2).roll(half, 1)
    return layer.to_out(attended), weights


@pytest.mark.parametrize("positions", ["rotary", "basis", "bias"])
@pytest.mark.parametrize("length", [WINDOW, LENGTH])
def test_cutting_half_a_window_later_is_rolling_with_a_mask(positions: str, length: int) -> None:
    layer, x, maps = attention(shifted=True, positions=positions), torch.randn(2, length, CHANNELS), []
    expected, weights = masked_reference(layer, x)
    torch.testing.assert_close(layer(x, maps), expected)
    torch.testing.assert_close(maps[0], weights)


@pytest.mark.parametrize("positions", ["rotary", "basis", "bias"])
def test_positions_are_relative(positions: str) -> None:
    """The same tokens in another window give the same output; in another order, another one."""
    layer, x = attention(shifted=False, positions=positions), torch.randn(1, WINDOW, CHANNELS)
    torch.testing.assert_close(layer(torch.cat([x, x], 1))[:, WINDOW:], layer(x))
    assert not torch.allclose(layer(x.flip(1)).flip(1), layer(x), atol=1e-4)


@pytest.mark.parametrize("positions", ["rotary", "basis", "bias"])
@pytest.mark.parametrize("choices", [{"shifted": False}, {"shifted": True}, {"shifted": True, "wrap": "paper"}])
def test_explicit_weights_give_the_output_of_fused_attention(positions: str, choices: dict[str, Any]) -> None:
    layer, x = attention(positions=positions, **choices), torch.randn(2, LENGTH, CHANNELS)
    torch.testing.assert_close(layer(x, fused=False), layer(x, fused=True), atol=1e-5, rtol=1e-5)


def test_heads_begin_by_looking_at_distances_of_their_own_on_both_sides() -> None:
    assert DistanceBias(64, 8, 4).initial_peaks(64, 8).tolist() == [-2, 2, -4, 4, -9, 9, -21, 21]
    assert DistanceBias(8, 3, 4).initial_peaks(8, 3).tolist() == [-1, 1, -3]
    assert DistanceBias(2, 2, 4).initial_peaks(2, 2).tolist() == [-1, 1]


def test_before_training_a_head_attends_most_to_its_first_distance() -> None:
    torch.manual_seed(0)
    layer = WindowAttention(
        CHANNELS, window=64, heads=4, head_width=4, shifted=False, positions="bias", wrap="mask"
    ).eval()
    maps: list[Tensor] = []
    with torch.no_grad():
        layer(0.1 * torch.randn(1, 64, CHANNELS), maps)
    position = layer.position
    assert isinstance(position, DistanceBias)
    for head, peak in enumerate(position.initial_peaks(64, 4).int().tolist()):
        received = maps[0][0, 0, head, 32].argmax().item() - 32
        assert abs(received - peak) <= max(1, abs(peak) // 4)


def test_a_smaller_window_uses_the_same_score_per_distance() -> None:
    bias = DistanceBias(8, 2, 4)
    torch.nn.init.normal_(bias.scores)
    torch.testing.assert_close(bias.matrix(8)[:, 2:6, 2:6], bias.matrix(4))
    torch.testing.assert_close(bias.matrix(8)[:, 1, 5], bias.scores[:, 7 + 4])
