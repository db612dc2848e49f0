"""Where tokens come from in convolutions and merges.

Letters in shapes: L tokens, C channels, O channels out, w width of a convolution.
"""

import numpy as np
import torch
import torch.nn.functional as F
from scipy.sparse import csr_array
from torch import Tensor, nn

from genint.arrays import F64
from genint.choices import RolloutMethod
from genint.interpretation.sources.attention_rows import BRANCH_SHARES
from genint.interpretation.sources.sparse_rows import convolution_rows, pair_rows, residual_rows, shares
from genint.models.layers import FeedForward, MaxPool, StandardizedConv, convolve
from genint.models.swin1d import ConvMerge, LinearMerge


def conv_rows(conv: nn.Conv2d, tokens: int) -> csr_array:
    """A (1, w) convolution: taps count by the Frobenius norm of their weights -> (L, L)."""
    filters = conv.filters() if isinstance(conv, StandardizedConv) else conv.weight  # (O, C, 1, w)
    taps: F64 = filters.detach().cpu().double().square().sum((0, 1, 2)).sqrt().numpy()
    return convolution_rows(tokens, taps, int(conv.dilation[1]))


def feed_forward_rows(feed_forward: FeedForward, x: Tensor, added: Tensor, method: RolloutMethod) -> csr_array | None:
    """x + feed-forward(x), of tokens x (L, C) and what it added to them (L, C) -> (L, L). None for one token by token.

    Its share of the sum is 1 ("raw"), one half ("half"), or as long as what it added is beside x ("norm").
    """
    conv = feed_forward.expand if feed_forward.norm is None else feed_forward.depthwise
    if conv is None:
        return None
    assert isinstance(conv, nn.Conv2d)
    if method == "norm":
        lengths = np.stack([_length(added), _length(x)], axis=-1)  # (L, 2)
        share = shares(lengths, np.array([0.0, 1.0]))[:, 0]
    else:
        share = np.full(len(x), BRANCH_SHARES[method])
    return residual_rows(conv_rows(conv, len(x)), share)


def merge_rows(merge: nn.Module, x: Tensor) -> csr_array:
    """Pairs of tokens x (L, C) that merge -> (L / 2, L).

    A linear map: by the lengths of its two halves' outputs. The larger of two: by the channels that each wins, which
    count by their values; after a convolution, through its taps.
    """
    if isinstance(merge, LinearMerge):
        lengths = np.stack([_length(half) for half in _halves(merge, x)], axis=-1)  # (L / 2, 2)
        return pair_rows(shares(lengths, np.array([0.5, 0.5]))[:, 0])
    if isinstance(merge, ConvMerge):
        convolved = convolve(merge.conv, F.gelu(x)[None])[0]
        return pair_rows(_won_by_first(convolved)) @ conv_rows(merge.conv, len(x))
    assert isinstance(merge, MaxPool)
    return pair_rows(_won_by_first(x))


def even_merge_rows(tokens: int) -> csr_array:
    """Merged tokens take one half of each -> (L / 2, L)."""
    return pair_rows(np.full(tokens // 2, 0.5))


def _halves(merge: LinearMerge, x: Tensor) -> tuple[Tensor, Tensor]:
    """What tokens 2i and 2i + 1 add to merged token i, (L / 2, O) each."""
    first, second = merge.project.weight.chunk(2, dim=1)
    return F.linear(x[::2], first), F.linear(x[1::2], second)


def _won_by_first(x: Tensor) -> F64:
    """(L, C) -> (L / 2,): the share of token 2i in the larger of tokens 2i and 2i + 1; equals share."""
    first, second = torch.unflatten(x, 0, (-1, 2)).unbind(1)
    won = (first > second).float() + 0.5 * (first == second)
    value = torch.maximum(first, second).abs()
    parts = torch.stack([won * value, (1 - won) * value], dim=-1).sum(1).detach().cpu().double().numpy()  # (L / 2, 2)
    return shares(parts, np.array([0.5, 0.5]))[:, 0]


def _length(vectors: Tensor) -> F64:
    """(L, C) -> (L,)."""
    lengths: F64 = vectors.norm(dim=-1).detach().cpu().double().numpy()
    return lengths
