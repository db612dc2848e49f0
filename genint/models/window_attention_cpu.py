"""A Transformer layer without gradients on a CPU: chunks of tokens go through all its steps while they are in cache.

Computed over all tokens step by step, a layer is bound by memory: at a token per base, one pass over a batch costs
about what a matrix product does. Chunks have one shape whatever the batch, except that short sequences go together.
Letters in shapes: b sequences of a chunk, t its tokens, C channels, W window, A heads, D channels per head.
"""

from itertools import pairwise
from math import ceil
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from genint.models.layers import FeedForward, full_precision, weight_and_bias
from genint.models.window_attention import DistanceBias, Rotary, WindowAttention, join_segments, split_segments

# Activations in a chunk: with the results computed from them they should fit the cache of a core. Products in
# bfloat16 need more rows to be fast.
CHUNK_ACTIVATIONS = {torch.float32: 100_000, torch.bfloat16: 1_600_000}


class Chunk(NamedTuple):
    """Some sequences of a batch, and a range of their tokens."""

    sequences: slice
    tokens: slice


def fits_chunks(attention: WindowAttention | None) -> bool:
    """Whether a layer can be computed in chunks: no window straddles the two ends, positions have code for it here.

    A layer without attention can.
    """
    return attention is None or (isinstance(attention.position, Rotary | DistanceBias) and not attention.circular)


def transform_in_chunks(
    x: Tensor,
    attention: WindowAttention | None,
    feed_forward: FeedForward | None,
    *,
    overwrite: bool = False,
    starts: bool = True,
    ends: bool = True,
) -> Tensor:
    """x + attention(x), then x + feed-forward(x): (B, L, C) -> (B, L, C). ValueError if L is not complete windows.

    Either may be left out. `overwrite`: the output may take the memory of x. `starts`, `ends`: whether x begins and
    ends its sequence, where a shifted layer has half a window; elsewhere x is cut between windows.
    """
    if attention is None and feed_forward is None:
        return x
    dtype = torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else x.dtype
    batch, length, channels = x.shape
    most = CHUNK_ACTIVATIONS.get(dtype, CHUNK_ACTIVATIONS[torch.float32])
    shift = attention.shift if attention is not None else 0
    head, tail = shift if starts else 0, shift if ends else 0
    chunks = split_chunks(attention, batch, length, channels, most, head, tail)
    x = x.contiguous()
    out = x if overwrite else x.clone() if attention is None else torch.empty_like(x)
    if attention is not None:
        with full_precision(x.device):  # every product below has its own number format
            _add_attention(x, out, attention, chunks, dtype, head, tail)
    if feed_forward is not None:
        _add_feed_forward(out, feed_forward, chunks, dtype)
    return out


def _add_feed_forward(out: Tensor, feed_forward: FeedForward, chunks: list[Chunk], dtype: torch.dtype) -> None:
    """`out` becomes out + feed-forward(out), with the last product in `dtype`."""
    hidden = None if feed_forward.is_token_wise else feed_forward.to_hidden(out)  # (B, L, H)
    weight, bias = (part.to(dtype) for part in weight_and_bias(feed_forward.contract))
    for chunk in chunks:
        part = out[chunk]
        expanded = feed_forward.to_hidden(part) if hidden is None else hidden[chunk]
        part += F.linear(F.gelu(expanded), weight, bias)


def split_chunks(
    attention: WindowAttention | None, batch: int, length: int, channels: int, most: int, head: int = 0, tail: int = 0
) -> list[Chunk]:
    """The chunks of (B, L, C), of `most` activations where windows allow. ValueError for incomplete windows.

    `head` and `tail` are the tokens of half a window at the two ends, or 0.
    """
    window, tokens = 1, max(most // channels, 1)
    if attention is not None:
        attention.check(length - head - tail)
        window = attention.window
    step, together = ceil(max(length // window, 1) / ceil(length / tokens)) * window, max(tokens // length, 1)
    ranges = list(pairwise([0, *range(step + head, length - tail, step), length]))
    return [Chunk(slice(b, b + together), slice(*ends)) for b in range(0, batch, together) for ends in ranges]


def _add_attention(
    x: Tensor,
    out: Tensor,
    attention: WindowAttention,
    chunks: list[Chunk],
    dtype: torch.dtype,
    first_tokens: int,
    last_tokens: int,
) -> None:
    """`out` becomes x + attention(x): products with weights in `dtype`, attention itself in float32."""
    position, norm = attention.position, attention.norm
    assert isinstance(position, Rotary | DistanceBias)
    length = x.shape[1]
    weight, bias = (part.to(dtype) for part in _query_key_value_weights(attention))
    out_weight, out_bias = (part.to(dtype) for part in weight_and_bias(attention.to_out))
    rotations = scores = None
    if isinstance(position, Rotary):
        rotations = position.rotations(max(x[chunk].shape[1] for chunk in chunks) + attention.shift)
    else:
        scores = position.matrix(attention.window)
    for chunk in chunks:
        part = x[chunk]  # (b, t, C)
        normed = F.layer_norm(part, norm.normalized_shape, norm.weight, norm.bias, norm.eps).to(dtype)
        qkv = F.linear(normed, weight, bias).float()  # (b, t, 3 * A * D)
        head = first_tokens if chunk.tokens.start == 0 else 0
        tail = last_tokens if chunk.tokens.stop == length else 0
        if rotations is not None:
            pairs = torch.unflatten(qkv[..., : 2 * out_weight.shape[1]], -1, (-1, 2))
            torch.view_as_complex(pairs).mul_(rotations[head : head + part.shape[1]])  # relative: any start will do
        segments = split_segments(qkv, attention.window, head, tail)
        attended = join_segments([_attend(segment, window, attention.heads, scores) for segment, window in segments])
        torch.add(part, F.linear(attended.to(dtype), out_weight, out_bias), out=out[chunk])


def _query_key_value_weights(attention: WindowAttention) -> tuple[Tensor, Tensor]:
    """Weight and bias of queries, keys and values as the chunks use them: (3 * A * D, C) and (3 * A * D,)."""
    to_qkv, position = attention.to_qkv, attention.position
    if isinstance(position, Rotary):
        return position.pair_channels(to_qkv)
    scale = to_qkv.bias.new_ones(len(to_qkv.bias))
    scale[: len(scale) // 3] = attention.head_width**-0.5  # queries leave scaled
    return to_qkv.weight * scale[:, None], to_qkv.bias * scale


def _attend(qkv: Tensor, window: int, heads: int, scores: Tensor | None) -> Tensor:
    """Attention in consecutive windows: (b, t, 3 * A * D) -> (b, t, A * D). `scores`: (A, W, W) of the distances."""
    split = qkv.reshape(-1, window, 3, heads, qkv.shape[-1] // (3 * heads)).transpose(1, 3)  # (b * n, A, 3, W, D)
    q, k, v = split.unbind(2)
    # PyTorch's fused attention is slower on CPUs at windows this small.
    logits = q @ k.transpose(-1, -2)  # (b * n, A, W, W)
    if scores is not None:
        logits += scores[:, :window, :window]
    attended = torch.softmax(logits, dim=-1) @ v
    return attended.transpose(1, 2).reshape(*qkv.shape[:2], -1)
