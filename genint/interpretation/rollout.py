"""Attention rollout (Abnar and Zuidema 2020, arXiv 2005.00928) through windows, convolutions and merges, to the bases.

Every step of the network becomes a sparse matrix from what goes in (columns) to what comes out (rows), none of it
negative and each row summing to 1; their product says what share of a bin comes from each base. It explains bins, not
tracks: the output head is outside, and so are biases and LayerNorm. The residual is weighed by `method`: "norm" by the
norms of what is added (Kobayashi et al. 2021, arXiv 2109.07152), "half" by one half, as in the rollout paper, "raw"
leaves it out. "half" misleads where branches add little, as here: it gives attention ten times its share.

Letters in shapes: L tokens, C channels, A heads, D channels per head, N windows, W window.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from scipy import sparse
from torch import Tensor

from genint.arrays import F64
from genint.choices import Convolutions, RolloutMethod
from genint.interpretation.attention_maps import token_starts
from genint.models.interpreter import GenomicInterpreter
from genint.models.layers import FeedForward, StandardizedConv, convolve, weight_and_bias
from genint.models.swin1d import ConvMerge, LinearMerge, TransformerLayer
from genint.models.window_attention import WindowAttention

Operator = Any  # a scipy.sparse.csr_array, (tokens out, tokens in)
_FLOATS_AT_ONCE = 4 << 20


@dataclass(frozen=True)
class Rollout:
    """The operators of a network over one input, in the order that DNA passes them, and the bins that are predicted."""

    operators: list[Operator]
    core: slice  # of the bins that come out of the last

    def shares(self, bins: slice) -> F64:
        """(bins, input_bp): the share of each bin of the core that comes from each base; rows sum to 1."""
        first = self.core.start
        rows: F64 = np.eye(self.core.stop - first)[bins]
        found = np.zeros((len(rows), self.operators[-1].shape[0]))
        found[:, self.core] = rows
        for operator in reversed(self.operators):  # from the top, so that nothing is ever bases by bases
            found = (operator.T @ found.T).T
        return found


@torch.no_grad()
def trace_rollout(
    module: GenomicInterpreter,
    dna: Tensor,
    *,
    method: RolloutMethod = "norm",
    convolutions: Convolutions = "count",
) -> Rollout:
    """The operators of one input, (1, input_bp) tokens. `convolutions` "ignore": only attention and merges mix tokens.

    Where convolutions are ignored, a merge takes half of each token.
    """
    counts = convolutions == "count"
    x = convolve(module.stem, module.one_hot(dna))  # (1, L, C)
    operators = []
    if counts and isinstance(module.stem, StandardizedConv):
        operators.append(band(_tap_norms(module.stem.filters()), x.shape[1], 1))
    for step in module.steps():
        if isinstance(step.part, TransformerLayer):
            found, x = _layer_operators(step.part, x.clone(), method, counts)
            operators += found
        else:
            operators.append(_merge_operator(step.part, x, counts))
            x = step.part(x)
    context = module.geometry.context_bp // module.geometry.bin_bp
    return Rollout(operators, slice(context, x.shape[1] - context))


def _layer_operators(
    layer: TransformerLayer, x: Tensor, method: RolloutMethod, counts: bool
) -> tuple[list[Operator], Tensor]:
    operators = []
    if layer.attention is not None:
        weights: list[Tensor] = []
        added = layer.attention(x, weights)
        operators.append(_attention_operator(layer.attention, x, weights[0][0], method))
        x = x + added
    if layer.feed_forward is not None:
        added = layer.feed_forward(x)
        if counts and not layer.feed_forward.is_token_wise:
            operators.append(_feed_forward_operator(layer.feed_forward, x, added))
        x = x + added
    return operators, x


def _attention_operator(attention: WindowAttention, x: Tensor, weights: Tensor, method: RolloutMethod) -> Operator:
    """`weights` (N, A, W, W) of one sequence x (1, L, C)."""
    tokens = x.shape[1]
    places = token_starts(tokens, 1, attention)  # (N, W)
    shares = _norms(attention, x[0], weights, places) if method == "norm" else weights.mean(1)  # (N, W, W)
    rows, columns = np.broadcast_arrays(places[:, :, None], places[:, None, :])
    found = sparse.csr_array(
        (shares.double().cpu().numpy().ravel(), (rows.ravel(), columns.ravel())), shape=(tokens, tokens)
    )
    if method == "half":
        found = (found + sparse.eye_array(tokens)) / 2
    return _rows_to_one(found)


def _norms(attention: WindowAttention, x: Tensor, weights: Tensor, places: Any) -> Tensor:
    """(N, W, W): the norm of what token j adds to token i, on the diagonal with the residual."""
    inner = attention.heads * attention.head_width
    values = F.linear(attention.norm(x), attention.to_qkv.weight[-inner:], attention.to_qkv.bias[-inner:])
    out = weight_and_bias(attention.to_out)[0].unflatten(1, (attention.heads, -1))  # (C, A, D)
    moved = torch.einsum("lad,cad->lac", values.unflatten(1, (attention.heads, -1)), out)  # (L, A, C)
    index = torch.from_numpy(places).to(x.device)
    step = max(_FLOATS_AT_ONCE // (attention.window**2 * x.shape[1]), 1)
    norms = []
    for first in range(0, len(index), step):
        held = index[first : first + step]  # (n, W)
        added = torch.einsum("naij,njac->nijc", weights[first : first + step], moved[held])  # (n, W, W, C)
        torch.diagonal(added, dim1=1, dim2=2).add_(x[held].transpose(1, 2))
        norms.append(added.norm(dim=3))
    # An edge without attention is none: halves of a window at the two ends of the sequence.
    return torch.cat(norms) * ((weights.sum(1) > 0) | torch.eye(attention.window, dtype=torch.bool, device=x.device))


def _feed_forward_operator(feed_forward: FeedForward, x: Tensor, added: Tensor) -> Operator:
    """What the convolution spreads, beside the residual: the two by the norms of what they add at each token."""
    convolution: Any = feed_forward.depthwise if feed_forward.depthwise is not None else feed_forward.expand
    filters = convolution.filters() if isinstance(convolution, StandardizedConv) else convolution.weight
    branch, residual = (part[0].norm(dim=1).double().cpu().numpy() for part in (added, x))
    total = branch + residual
    share = np.divide(branch, total, out=np.zeros_like(total), where=total > 0)
    spread = band(_tap_norms(filters), len(share), convolution.dilation[1])
    return sparse.csr_array(sparse.diags_array(1 - share) + sparse.diags_array(share) @ spread)


def _merge_operator(merge: torch.nn.Module, x: Tensor, counts: bool) -> Operator:
    pairs = x.shape[1] // 2
    if not counts:
        return _pairs(np.full(pairs, 0.5))
    if isinstance(merge, LinearMerge):
        first, second = merge.project.weight.chunk(2, dim=1)
        norms = [F.linear(part, weight)[0].norm(dim=1) for part, weight in ((x[:, ::2], first), (x[:, 1::2], second))]
        return _pairs(_share(norms[0], norms[1]))
    conv = merge.conv if isinstance(merge, ConvMerge) else None
    values = x if conv is None else convolve(conv, F.gelu(x))
    first, second = values[0, ::2], values[0, 1::2]
    larger, largest = first >= second, torch.maximum(first, second).abs()
    chosen = _pairs(_share((largest * larger).sum(1), (largest * ~larger).sum(1)))
    return chosen if conv is None else sparse.csr_array(chosen @ band(_tap_norms(conv.filters()), x.shape[1], 1))


def _share(first: Tensor, second: Tensor) -> F64:
    """first / (first + second), one half where both are 0."""
    a, b = (part.double().cpu().numpy() for part in (first, second))
    return np.divide(a, a + b, out=np.full(len(a), 0.5), where=a + b > 0)


def _pairs(first: F64) -> Operator:
    """(L / 2, L): so much of token 2i, the rest of token 2i + 1."""
    data = np.stack([first, 1 - first], axis=1).ravel()
    starts = np.arange(0, len(data) + 1, 2)
    return sparse.csr_array((data, np.arange(len(data)), starts), shape=(len(first), len(data)))


def _tap_norms(filters: Tensor) -> F64:
    """(width,): the Frobenius norm of each tap of (O, C, 1, width)."""
    norms: F64 = filters.flatten(0, 2).norm(dim=0).double().cpu().numpy()
    return norms


def band(taps: F64, tokens: int, dilation: int) -> Operator:
    """(tokens, tokens): every token from those its taps lie on, in proportion; rows sum to 1 at the ends, too."""
    offsets = dilation * (np.arange(len(taps)) - len(taps) // 2)
    inside = np.abs(offsets) < tokens
    diagonals = [np.full(tokens - abs(offset), tap) for tap, offset in zip(taps[inside], offsets[inside], strict=True)]
    return _rows_to_one(sparse.diags_array(diagonals, offsets=offsets[inside].tolist(), shape=(tokens, tokens)))


def _rows_to_one(operator: Any) -> Operator:
    found = sparse.csr_array(operator)
    found.eliminate_zeros()
    return sparse.csr_array(sparse.diags_array(1 / found.sum(axis=1)) @ found)
