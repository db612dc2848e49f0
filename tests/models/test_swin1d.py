"""The 1D-Swin block on its own, on sequences that are not DNA."""

from typing import Any

import pytest
import torch
from torch import Tensor

from genint.models.swin1d import BlockConfig, LinearMerge, Swin1dBlock, TransformerLayer, make_merge
from tests.models.seen import tokens_seen

WINDOW, LENGTH, CHANNELS = 8, 32, 6


def config(**choices: Any) -> BlockConfig:
    numbers = {"channels": CHANNELS, "window": WINDOW, "heads": 2, "head_width": 4, "hidden": 12, "conv_width": 5}
    return BlockConfig(**numbers | choices)


def block(**choices: Any) -> Swin1dBlock:
    torch.manual_seed(0)
    return Swin1dBlock(config(**choices), 10).eval()


@pytest.mark.parametrize("positions", ["rotary", "basis", "bias"])
@pytest.mark.parametrize("wrap", ["mask", "paper"])
def test_rows_of_attention_sum_to_one_and_give_the_output_of_the_fast_paths(positions: str, wrap: str) -> None:
    layers, x = block(positions=positions, wrap=wrap), torch.randn(3, LENGTH, CHANNELS)
    maps: list[Tensor] = []
    with torch.no_grad():
        torch.testing.assert_close(layers(x, maps), layers(x), atol=1e-5, rtol=1e-5)
    assert [weights.shape for weights in maps] == [(3, LENGTH // WINDOW, 2, WINDOW, WINDOW)] * 2
    for weights in maps:
        torch.testing.assert_close(weights.sum(-1), torch.ones(weights.shape[:-1]))


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
@pytest.mark.parametrize("positions", ["rotary", "basis", "bias"])
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


@pytest.mark.parametrize("heads", [0, 2])
@pytest.mark.parametrize("hidden", [0, 12])
@pytest.mark.parametrize("kind", ["plain", "conv"])
def test_a_layer_is_the_sum_of_the_branches_it_has(
    heads: int, hidden: int, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    layers = config(heads=heads, head_width=4 if heads else 0, hidden=hidden, feed_forward=kind)
    made = TransformerLayer(layers, CHANNELS, WINDOW, shifted=True).eval()
    x = torch.randn(2, LENGTH, CHANNELS)
    before, expected = x.clone(), x
    with torch.no_grad():
        expected = expected + made.attention(expected) if made.attention is not None else expected
        expected = expected + made.feed_forward(expected) if made.feed_forward is not None else expected
        for path in ("explicit", "fused", "chunks"):
            monkeypatch.setattr(made, "choose_path", lambda _, path=path: path)
            torch.testing.assert_close(made(x), expected, atol=1e-5, rtol=1e-5)
            assert torch.equal(x, before)
    assert ((made.attention is None), (made.feed_forward is None)) == (heads == 0, hidden == 0)
    assert torch.equal(expected, x) == (heads == hidden == 0)


def test_a_layer_without_attention_goes_in_chunks_and_takes_any_number_of_tokens() -> None:
    made, x = (
        TransformerLayer(config(heads=0, positions="basis"), CHANNELS, WINDOW).eval(),
        torch.randn(2, 13, CHANNELS),
    )
    with torch.no_grad():
        assert made.choose_path(x) == "chunks"
        in_chunks = made(x)
    assert made.choose_path(x) == "fused"
    torch.testing.assert_close(in_chunks, made(x).detach(), atol=1e-5, rtol=1e-5)


def test_a_linearly_merged_token_comes_from_its_own_pair() -> None:
    for position in (0, 5, 15):
        assert tokens_seen(LinearMerge(CHANNELS, 4), position, LENGTH, CHANNELS) == [2 * position, 2 * position + 1]


def test_linear_merges_begin_by_keeping_what_tells_tokens_apart() -> None:
    torch.manual_seed(0)
    x = torch.randn(1, 4096, 64)
    for _ in range(4):
        x = LinearMerge(64, 64)(x)
    assert 0.8 < x.std(1).mean() < 1.25
    assert x.mean(1).abs().mean() < 0.2


@pytest.mark.parametrize("feed_forward", ["plain", "depthwise", "conv"])
@pytest.mark.parametrize("merge", ["linear", "conv"])
def test_every_kind_of_block_halves_the_tokens_and_trains(feed_forward: str, merge: str) -> None:
    layers = block(feed_forward=feed_forward, merge=merge)
    merged = layers(torch.randn(2, LENGTH, CHANNELS))
    assert merged.shape == (2, LENGTH // 2, 10)
    merged.pow(2).sum().backward()
    assert all(parameter.grad is not None for parameter in layers.parameters())


def test_a_merge_by_maximum_has_no_weights_and_takes_the_larger_of_its_pair() -> None:
    merge, x = make_merge("max", CHANNELS, CHANNELS), torch.randn(2, LENGTH, CHANNELS)
    assert not list(merge.parameters())
    torch.testing.assert_close(merge(x), x.unflatten(1, (-1, 2)).amax(2))


@pytest.mark.parametrize("choices", [{"residual_scale": 0.2}, {"heads": 0, "hidden": 0}])
def test_a_block_whose_branches_are_zero_or_not_there_is_its_merge_alone(choices: dict[str, Any]) -> None:
    layers, x = block(**choices), torch.randn(2, LENGTH, CHANNELS)
    torch.testing.assert_close(layers(x), layers.merge(x))


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"merge": "mean"}, "merge='mean' is not one of linear, conv, max"),
        ({"merge": "max"}, "merge='max' keeps the channels of a token, 6, and cannot make 10"),
        ({"positions": "none"}, "positions='none' is not one of rotary, basis, bias"),
        ({"wrap": "circular"}, "wrap='circular' is not one of mask, paper"),
        ({"feed_forward": "wide"}, "feed_forward='wide' is not one of plain, depthwise, conv"),
        ({"head_width": 5}, "head_width=5 must be even"),
        ({"window": 7}, "window=7 must be even"),
        ({"conv_width": 4}, "conv_width=4 must be odd"),
        ({"heads": -1}, "heads=-1 must be at least 0"),
        ({"hidden": -1}, "hidden=-1 must be at least 0"),
        ({"head_width": 0}, "head_width=0 must be at least 1"),
        ({"drop_path": 1.0}, "drop_path=1.0 must be at least 0 and below 1"),
    ],
)
def test_a_wrong_choice_is_named(choices: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        block(**choices)


def test_tokens_that_do_not_fill_windows_are_refused() -> None:
    with pytest.raises(ValueError, match="30 tokens are not a multiple of window=8"):
        block()(torch.randn(1, 30, CHANNELS))


def test_a_block_leaves_what_comes_in_as_it_was_unless_it_may_overwrite_it() -> None:
    x = torch.randn(2, LENGTH, CHANNELS)
    before = x.clone()
    with torch.no_grad():
        merged = block()(x)
        assert torch.equal(x, before)
        torch.manual_seed(0)
        assert torch.equal(Swin1dBlock(config(), 10, overwrite=True).eval()(x), merged)
