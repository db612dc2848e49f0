"""The 1D-Swin block on its own, on sequences that are not DNA."""

from typing import Any

import pytest
import torch
from torch import Tensor

from genint.models.layers import DropPath, FeedForward, StandardizedConv, convolve
from genint.models.swin1d import BlockConfig, LinearMerge, Swin1dBlock, TransformerLayer
from genint.models.window_attention import WindowAttention

WINDOW, LENGTH, CHANNELS = 8, 32, 6


def attention(*, shifted: bool, **choices: Any) -> WindowAttention:
    torch.manual_seed(0)
    choices = {"positions": "rotary", "wrap": "mask"} | choices
    layer = WindowAttention(CHANNELS, window=WINDOW, heads=2, head_width=4, shifted=shifted, **choices)
    for parameter in layer.parameters():  # biases that start at zero must not hide a mistake
        torch.nn.init.normal_(parameter, std=0.5)
    return layer.eval()


def config(**choices: Any) -> BlockConfig:
    numbers = {"channels": CHANNELS, "window": WINDOW, "heads": 2, "head_width": 4, "hidden": 12, "conv_width": 5}
    return BlockConfig(**numbers | choices)


def block(**choices: Any) -> Swin1dBlock:
    torch.manual_seed(0)
    return Swin1dBlock(config(**choices), 10).eval()


def tokens_seen(layer: torch.nn.Module, position: int) -> list[int]:
    """The tokens whose change would change token `position` of the output, read off the gradient."""
    x = torch.randn(1, LENGTH, CHANNELS, generator=torch.Generator().manual_seed(1), requires_grad=True)
    layer(x)[0, position].pow(2).sum().backward()
    assert x.grad is not None
    return torch.nonzero(x.grad[0].abs().sum(1)).flatten().tolist()


@pytest.mark.parametrize("positions", ["rotary", "basis"])
@pytest.mark.parametrize("position", [0, 7, 8, 21, 31])
def test_a_regular_layer_sees_its_window_and_no_further(positions: str, position: int) -> None:
    start = position // WINDOW * WINDOW
    assert tokens_seen(attention(shifted=False, positions=positions), position) == list(range(start, start + WINDOW))


@pytest.mark.parametrize("positions", ["rotary", "basis"])
@pytest.mark.parametrize(("position", "seen"), [(4, range(4, 12)), (11, range(4, 12)), (12, range(12, 20))])
def test_a_shifted_layer_sees_a_window_that_straddles_two_others(positions: str, position: int, seen: range) -> None:
    assert tokens_seen(attention(shifted=True, positions=positions), position) == list(seen)


@pytest.mark.parametrize("position", [0, 30])
def test_the_two_ends_do_not_meet_when_masked_and_do_in_the_papers_way(position: int) -> None:
    head, tail = list(range(4)), list(range(28, 32))
    assert tokens_seen(attention(shifted=True), position) == (head if position < 4 else tail)
    assert tokens_seen(attention(shifted=True, wrap="paper"), position) == head + tail


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


@pytest.mark.parametrize("positions", ["rotary", "basis"])
@pytest.mark.parametrize("length", [WINDOW, LENGTH])
def test_cutting_half_a_window_later_is_rolling_with_a_mask(positions: str, length: int) -> None:
    layer, x, maps = attention(shifted=True, positions=positions), torch.randn(2, length, CHANNELS), []
    expected, weights = masked_reference(layer, x)
    torch.testing.assert_close(layer(x, maps), expected)
    torch.testing.assert_close(maps[0], weights)


@pytest.mark.parametrize("positions", ["rotary", "basis"])
def test_positions_are_relative(positions: str) -> None:
    """The same tokens in another window give the same output; in another order, another one."""
    layer, x = attention(shifted=False, positions=positions), torch.randn(1, WINDOW, CHANNELS)
    torch.testing.assert_close(layer(torch.cat([x, x], 1))[:, WINDOW:], layer(x))
    assert not torch.allclose(layer(x.flip(1)).flip(1), layer(x), atol=1e-4)


@pytest.mark.parametrize("positions", ["rotary", "basis"])
@pytest.mark.parametrize("wrap", ["mask", "paper"])
def test_rows_of_attention_sum_to_one_and_give_the_output_of_the_fast_paths(positions: str, wrap: str) -> None:
    layers, x = block(positions=positions, wrap=wrap), torch.randn(3, LENGTH, CHANNELS)
    maps: list[Tensor] = []
    with torch.no_grad():
        torch.testing.assert_close(layers(x, maps), layers(x), atol=1e-5, rtol=1e-5)
    assert [weights.shape for weights in maps] == [(3, LENGTH // WINDOW, 2, WINDOW, WINDOW)] * 2
    for weights in maps:
        torch.testing.assert_close(weights.sum(-1), torch.ones(weights.shape[:-1]))


@pytest.mark.parametrize("positions", ["rotary", "basis"])
@pytest.mark.parametrize("choices", [{"shifted": False}, {"shifted": True}, {"shifted": True, "wrap": "paper"}])
def test_explicit_weights_give_the_output_of_fused_attention(positions: str, choices: dict[str, Any]) -> None:
    layer, x = attention(positions=positions, **choices), torch.randn(2, LENGTH, CHANNELS)
    torch.testing.assert_close(layer(x, fused=False), layer(x, fused=True), atol=1e-5, rtol=1e-5)


def test_the_path_of_a_layer_follows_from_gradients_and_training_alone() -> None:
    layer, x = block().shifted, torch.randn(1, LENGTH, CHANNELS)
    frozen = block().shifted.requires_grad_(False)
    assert (layer.choose_path(x), frozen.choose_path(x)) == ("explicit", "fused")
    assert frozen.choose_path(x.clone().requires_grad_()) == "explicit"
    with torch.no_grad():
        assert layer.choose_path(x) == "chunks"
        assert block(positions="basis").shifted.choose_path(x) == "fused"
        assert block(wrap="paper").shifted.choose_path(x) == "fused"
        assert block(wrap="paper").regular.choose_path(x) == "chunks"
        assert layer.train().choose_path(x) == "fused"
        assert layer.eval().choose_path(x.to("meta")) == "fused"


@pytest.mark.parametrize("kind", ["plain", "depthwise", "conv"])
@pytest.mark.parametrize("positions", ["rotary", "basis"])
def test_every_path_of_a_layer_gives_the_same_output(
    kind: str, positions: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    made = TransformerLayer(config(feed_forward=kind, positions=positions), CHANNELS, WINDOW, shifted=True).eval()
    x, outputs = torch.randn(2, LENGTH, CHANNELS), []
    with torch.no_grad():
        for path in ("explicit", "fused", made.choose_path(x)):
            monkeypatch.setattr(made, "choose_path", lambda _, path=path: path)
            outputs.append(made(x))
    for output in outputs[1:]:
        torch.testing.assert_close(output, outputs[0], atol=1e-5, rtol=1e-5)


def test_a_linearly_merged_token_comes_from_its_own_pair() -> None:
    for position in (0, 5, 15):
        assert tokens_seen(LinearMerge(CHANNELS, 4), position) == [2 * position, 2 * position + 1]


@pytest.mark.parametrize("feed_forward", ["plain", "depthwise", "conv"])
@pytest.mark.parametrize("merge", ["linear", "conv"])
def test_every_kind_of_block_halves_the_tokens_and_trains(feed_forward: str, merge: str) -> None:
    layers = block(feed_forward=feed_forward, merge=merge)
    merged = layers(torch.randn(2, LENGTH, CHANNELS))
    assert merged.shape == (2, LENGTH // 2, 10)
    merged.pow(2).sum().backward()
    assert all(parameter.grad is not None for parameter in layers.parameters())


def test_a_block_with_a_residual_scale_begins_as_its_merge_alone() -> None:
    layers, x = block(residual_scale=0.2), torch.randn(2, LENGTH, CHANNELS)
    torch.testing.assert_close(layers(x), layers.merge(x))


def test_standardized_filters_have_mean_zero_and_ignore_a_common_shift() -> None:
    conv = StandardizedConv(CHANNELS, 4, 5, gain=2.0)
    filters = conv.filters()
    torch.testing.assert_close(filters.mean((1, 2, 3)), torch.zeros(4), atol=1e-6, rtol=0)
    torch.testing.assert_close(filters.square().sum((1, 2, 3)).sqrt(), torch.full((4,), 2.0), atol=1e-2, rtol=0)
    x = torch.randn(1, LENGTH, CHANNELS)
    torch.testing.assert_close(convolve(conv, x + 3)[:, 2:-2], convolve(conv, x)[:, 2:-2], atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"merge": "mean"}, "merge='mean' is not one of linear, conv"),
        ({"positions": "none"}, "positions='none' is not one of rotary, basis"),
        ({"wrap": "circular"}, "wrap='circular' is not one of mask, paper"),
        ({"feed_forward": "wide"}, "feed_forward='wide' is not one of plain, depthwise, conv"),
        ({"head_width": 5}, "head_width=5 must be even"),
        ({"window": 7}, "window=7 must be even"),
        ({"conv_width": 4}, "conv_width=4 must be odd"),
        ({"heads": 0}, "heads=0 must be at least 1"),
        ({"drop_path": 1.0}, "drop_path=1.0 must be at least 0 and below 1"),
    ],
)
def test_a_wrong_choice_is_named(choices: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        block(**choices)


def test_tokens_that_do_not_fill_windows_are_refused() -> None:
    with pytest.raises(ValueError, match="30 tokens are not a multiple of window=8"):
        block()(torch.randn(1, 30, CHANNELS))


def test_a_feed_forward_spans_its_convolution_and_dilation() -> None:
    assert tokens_seen(FeedForward(CHANNELS, 4, kind="conv", conv_width=3, dilation=4), 10) == [6, 10, 14]


def test_a_branch_is_left_out_for_some_sequences_in_training_and_none_in_evaluation() -> None:
    torch.manual_seed(0)
    x, drop = torch.ones(4_000, 2, 3), DropPath(0.25)
    kept = drop(x)[:, 0, 0]
    assert kept.unique().tolist() == pytest.approx([0, 4 / 3])
    assert float(kept.mean()) == pytest.approx(1, abs=0.05)
    assert torch.equal(drop.eval()(x), x)
