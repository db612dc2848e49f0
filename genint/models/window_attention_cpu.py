"""A Transformer layer without gradients on a CPU: stretches of tokens go through all its steps while they are in cache.

Whole layers are bound by memory: at a token per base, one pass over a batch costs about what a matrix product does.
A piece has the same shape whatever the batch, except that small tiles go together.
Letters in shapes: b tiles of a piece, t its tokens, C channels, W window, A heads, D channels per head.
"""

from itertools import pairwise
from math import ceil
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from genint.models.layers import FeedForward, full_precision, weight_and_bias
from genint.models.window_attention import Rotary, WindowAttention

# Activations in a piece: with what is made of them they should fit the cache of a core. Products in bfloat16 need more
# rows to be fast.
NUMBERS = {torch.float32: 100_000, torch.bfloat16: 1_600_000}


class Piece(NamedTuple):
    """Some tiles, and a stretch of their tokens."""

    tiles: slice
    tokens: slice


def can_go_in_pieces(x: Tensor, attention: WindowAttention) -> bool:
    """On a CPU, without gradients, with rotary positions, and no window that straddles the ends of the tile."""
    straddling = attention.shifted and attention.wrap == "paper"
    eager = x.device.type == "cpu" and not torch.is_grad_enabled() and not torch.compiler.is_compiling()
    return eager and isinstance(attention.position, Rotary) and not straddling


def transform_in_pieces(x: Tensor, attention: WindowAttention, feed_forward: FeedForward) -> None:
    """x becomes x + attention(x), then x + feed-forward(x), in place; x is (B, L, C), contiguous.

    ValueError if L is not whole windows.
    """
    dtype = torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else x.dtype
    batch, length, channels = x.shape
    pieces = cut(attention, batch, length, channels, NUMBERS.get(dtype, NUMBERS[torch.float32]))
    with full_precision(x.device):  # every product below says its own number format
        _add_attention(attention, [x[piece] for piece in pieces], [_ends(piece, x) for piece in pieces], dtype)
    hidden = None if feed_forward.token_by_token else feed_forward.spread(x)  # (B, L, H)
    weight, bias = (part.to(dtype) for part in weight_and_bias(feed_forward.contract))
    for piece in pieces:
        part = x[piece]
        spread = feed_forward.spread(part) if hidden is None else hidden[piece]
        part += F.linear(F.gelu(spread), weight, bias)


def cut(attention: WindowAttention, batch: int, length: int, channels: int, numbers: int) -> list[Piece]:
    """The pieces of (B, L, C), none of which cuts a window. ValueError if the tokens are not whole windows."""
    attention.check(length)
    window, most = attention.window, max(numbers // channels, 1)
    step, tiles = ceil(length // window / ceil(length / most)) * window, max(most // length, 1)
    shift = window // 2 if attention.shifted else 0
    stretches = list(pairwise([0, *range(step + shift, length - shift, step), length]))
    return [Piece(slice(b, b + tiles), slice(*stretch)) for b in range(0, batch, tiles) for stretch in stretches]


def _ends(piece: Piece, x: Tensor) -> tuple[bool, bool]:
    """Whether a piece begins where its tile begins, and ends where it ends."""
    return piece.tokens.start == 0, piece.tokens.stop == x.shape[1]


def _add_attention(
    attention: WindowAttention, parts: list[Tensor], ends: list[tuple[bool, bool]], dtype: torch.dtype
) -> None:
    """Add attention(part) to each part (b, t, C): products with weights in `dtype`, attention itself in float32."""
    position, norm = attention.position, attention.norm
    assert isinstance(position, Rotary)
    weight, bias = (part.to(dtype) for part in position.paired(attention.to_qkv))
    out_weight, out_bias = (part.to(dtype) for part in weight_and_bias(attention.to_out))
    half = attention.window // 2 if attention.shifted else 0
    turns = position.turns(max(part.shape[1] for part in parts) + half)
    for part, (first, last) in zip(parts, ends, strict=True):
        normed = F.layer_norm(part, norm.normalized_shape, norm.weight, norm.bias, norm.eps).to(dtype)
        qkv = F.linear(normed, weight, bias).float()  # (b, t, 3 * A * D)
        pairs = torch.unflatten(qkv[..., : 2 * out_weight.shape[1]], -1, (-1, 2))
        head, tail = half * first, half * last
        turn = turns[head : head + part.shape[1]]  # positions are relative: any start will do
        torch.view_as_complex(pairs).mul_(turn)
        part += F.linear(_attend(attention, qkv, head, tail).to(dtype), out_weight, out_bias)


def _attend(attention: WindowAttention, qkv: Tensor, head: int, tail: int) -> Tensor:
    """Half a window of `head` tokens, whole windows, half a window of `tail`: (b, t, 3 * A * D) -> (b, t, A * D)."""
    whole = qkv.shape[1] - head - tail
    stretches = [(head, head), (whole, attention.window), (tail, tail)]
    there = [(tokens, window) for tokens, window in stretches if tokens]
    parts = torch.split(qkv, [tokens for tokens, _ in there], dim=1)
    answers = [_windows(part, window, attention.heads) for part, (_, window) in zip(parts, there, strict=True)]
    return answers[0] if len(answers) == 1 else torch.cat(answers, dim=1)


def _windows(qkv: Tensor, window: int, heads: int) -> Tensor:
    """Attention in consecutive windows: (b, t, 3 * A * D) -> (b, t, A * D)."""
    cut = qkv.reshape(-1, window, 3, heads, qkv.shape[-1] // (3 * heads)).transpose(1, 3)  # (b * n, A, 3, W, D)
    q, k, v = cut.unbind(2)
    # PyTorch's fused attention is slower on CPUs at windows this small.
    attended = torch.softmax(q @ k.transpose(-1, -2), dim=-1) @ v  # (b * n, A, W, D)
    return attended.transpose(1, 2).reshape(*qkv.shape[:2], -1)
