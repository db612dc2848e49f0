"""A layer in pieces answers what the layer as a whole answers."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from genint.models import window_attention_cpu as pieces
from genint.models.layers import FeedForward
from genint.models.swin1d import TransformerLayer
from genint.models.window_attention import WindowAttention
from genint.models.window_attention_cpu import cut

CHANNELS = 6


def attention(window: int, shifted: bool, **choices: str) -> WindowAttention:
    numbers = {"positions": "rotary", "wrap": "mask", **choices}
    return WindowAttention(CHANNELS, window=window, heads=2, head_width=4, shifted=shifted, growth=0.3, **numbers)


def layer(window: int, shifted: bool, kind: str = "plain", **choices: str) -> TransformerLayer:
    torch.manual_seed(0)
    made = TransformerLayer(attention(window, shifted, **choices), FeedForward(CHANNELS, 5, kind=kind, conv_width=3))
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    return made.eval()


@given(
    batch=st.integers(1, 5),
    windows=st.integers(1, 9),
    half=st.integers(1, 4),
    shifted=st.booleans(),
    numbers=st.integers(1, 600),
)
def test_pieces_cover_every_token_once_and_cut_no_window(
    batch: int, windows: int, half: int, shifted: bool, numbers: int
) -> None:
    window = 2 * half
    length, first = windows * window, half if shifted else 0
    seen = torch.zeros(batch, length)
    for tiles, tokens in cut(attention(window, shifted), batch, length, CHANNELS, numbers):
        seen[tiles, tokens] += 1
        assert tokens.start == 0 or (tokens.start - first) % window == 0
        assert tokens.stop == length or (tokens.stop - first) % window == 0
    assert (seen == 1).all()


@pytest.mark.parametrize("shifted", [False, True])
@pytest.mark.parametrize("kind", ["plain", "depthwise", "conv"])
@pytest.mark.parametrize("numbers", [1, 150, 10_000])
def test_in_pieces_as_with_gradients(shifted: bool, kind: str, numbers: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(pieces.NUMBERS, torch.float32, numbers)
    whole, x = layer(8, shifted, kind), torch.randn(3, 40, CHANNELS)
    before = x.clone()
    with torch.no_grad():
        in_pieces = whole(x)
    assert torch.equal(x, before), "only `overwrite` may change what came in"
    torch.testing.assert_close(in_pieces, whole(x).detach(), rtol=1e-5, atol=1e-5)
    with torch.no_grad():
        assert torch.equal(whole(x, overwrite=True), in_pieces)


@pytest.mark.parametrize("choices", [{"positions": "basis"}, {"wrap": "paper"}])
def test_other_layers_go_whole(choices: dict[str, str]) -> None:
    with torch.no_grad():
        assert not pieces.can_go_in_pieces(torch.zeros(1, 8, CHANNELS), attention(8, True, **choices))
        assert pieces.can_go_in_pieces(torch.zeros(1, 8, CHANNELS), attention(8, True))
    assert not pieces.can_go_in_pieces(torch.zeros(1, 8, CHANNELS), attention(8, True))
