"""A layer chunk by chunk gives what the layer as a whole gives."""

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from genint.models import window_attention_cpu
from genint.models.swin1d import LayerConfig, TransformerLayer
from genint.models.window_attention import WindowAttention
from genint.models.window_attention_cpu import fits_chunks, split_chunks, transform_in_chunks

CHANNELS = 6


def attention(window: int, shifted: bool, **choices: Any) -> WindowAttention:
    choices = {"positions": "rotary", "wrap": "mask"} | choices
    return WindowAttention(CHANNELS, window=window, heads=2, head_width=4, shifted=shifted, **choices)


def layer(window: int, shifted: bool, kind: Any = "plain", positions: Any = "rotary") -> TransformerLayer:
    torch.manual_seed(0)
    config = LayerConfig(
        heads=2, head_width=4, positions=positions, hidden=5, feed_forward=kind, conv_width=3, residual_scale=0.3
    )
    made = TransformerLayer(config, CHANNELS, window, shifted=shifted)
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    return made.eval()


@given(
    batch=st.integers(1, 5),
    windows=st.integers(1, 9),
    half=st.integers(1, 4),
    shifted=st.sampled_from([False, True, None]),  # None: no attention
    most=st.integers(1, 600),
)
def test_chunks_cover_every_token_once_and_split_no_window(
    batch: int, windows: int, half: int, shifted: bool | None, most: int
) -> None:
    window, attends = 2 * half, None if shifted is None else attention(2 * half, shifted)
    length, first = windows * window, half if shifted else 0
    window = 1 if shifted is None else window
    seen = torch.zeros(batch, length)
    for sequences, tokens in split_chunks(attends, batch, length, CHANNELS, most, first, first):
        seen[sequences, tokens] += 1
        assert tokens.start == 0 or (tokens.start - first) % window == 0
        assert tokens.stop == length or (tokens.stop - first) % window == 0
    assert (seen == 1).all()


@pytest.mark.parametrize("shifted", [False, True])
@pytest.mark.parametrize("kind", ["plain", "depthwise", "conv"])
@pytest.mark.parametrize("positions", ["rotary", "bias"])
@pytest.mark.parametrize("most", [1, 150, 10_000])
def test_in_chunks_as_with_gradients(
    shifted: bool, kind: str, positions: str, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(window_attention_cpu.CHUNK_ACTIVATIONS, torch.float32, most)
    made, x = layer(8, shifted, kind, positions), torch.randn(3, 40, CHANNELS)
    before = x.clone()
    with torch.no_grad():
        in_chunks = made(x)
    assert torch.equal(x, before), "only `overwrite` may change what came in"
    torch.testing.assert_close(in_chunks, made(x).detach(), rtol=1e-5, atol=1e-5)
    with torch.no_grad():
        made.overwrite = True
        assert torch.equal(made(x), in_chunks)
        assert torch.equal(x, in_chunks)


@pytest.mark.parametrize("shifted", [False, True])
def test_the_layout_of_the_input_in_memory_does_not_matter(shifted: bool) -> None:
    made, x = layer(8, shifted), torch.randn(3, 40, CHANNELS)
    with torch.no_grad():
        expected = transform_in_chunks(x, made.attention, made.feed_forward)
        other = x.transpose(1, 2).contiguous().transpose(1, 2)
        assert torch.equal(transform_in_chunks(other, made.attention, made.feed_forward), expected)


def test_a_window_that_straddles_the_ends_and_scores_of_queries_by_distance_do_not_fit_chunks() -> None:
    assert fits_chunks(attention(8, True))
    assert fits_chunks(attention(8, True, positions="bias"))
    assert fits_chunks(None)
    assert fits_chunks(attention(8, False, wrap="paper"))
    assert not fits_chunks(attention(8, True, wrap="paper"))
    assert not fits_chunks(attention(8, False, positions="basis"))


def test_tokens_that_do_not_fill_windows_are_refused() -> None:
    with torch.no_grad(), pytest.raises(ValueError, match="12 tokens are not a multiple of window=8"):
        layer(8, False)(torch.zeros(1, 12, CHANNELS))
