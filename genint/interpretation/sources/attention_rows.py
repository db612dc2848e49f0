"""Where tokens come from in a layer of attention in windows.

Letters in shapes: L tokens, C channels, N windows, W window, A heads, D channels per head.
"""

import numpy as np
import torch
import torch.nn.functional as F
from scipy.sparse import csr_array
from torch import Tensor

from genint.arrays import F64
from genint.choices import RolloutMethod
from genint.interpretation.sources.sparse_rows import window_rows
from genint.models.layers import weight_and_bias
from genint.models.window_attention import WindowAttention

BRANCH_SHARES = {"raw": 1.0, "half": 0.5}  # of a residual sum, by methods that do not measure it


def attention_rows(attention: WindowAttention, x: Tensor, weights: Tensor, method: RolloutMethod) -> csr_array:
    """x + attention(x) of tokens x (L, C) and attention weights (N, A, W, W), as rows that sum to 1 -> (L, L).

    "raw": the mean of the heads. "half": half of it, the other half the token itself (Abnar and Zuidema 2020,
    arXiv 2005.00928). "norm": the length of the vector that a token really adds, through its value and the output
    projection of every head, against that of x itself and what it takes of itself (Kobayashi et al. 2021,
    arXiv 2109.07152, equation 5, without biases of the projection).
    """
    if method == "norm":
        return window_rows(_lengths(attention, x, weights).numpy(), attention.shift)
    share, mean = BRANCH_SHARES[method], _wide(weights).mean(1).numpy()  # (N, W, W)
    kept: F64 = (1 - share) * np.eye(attention.window)
    return window_rows(kept + share * mean, attention.shift)


def _lengths(attention: WindowAttention, x: Tensor, weights: Tensor) -> Tensor:
    """(N, W, W): the length of the vector that token i takes from token j; its own includes the residual."""
    weights = _wide(weights)
    x, added = (_windows(part, attention) for part in (_wide(x), _added_by_heads(attention, x)))
    products = added @ added.transpose(-1, -2)  # (N, W, A, A): the vectors themselves for all pairs would not fit
    squares = torch.einsum("nhij,njhg,ngij->nij", weights, products, weights)
    of_itself = x + torch.einsum("niia,niac->nic", weights.permute(0, 2, 3, 1), added)
    squares.diagonal(dim1=1, dim2=2).copy_(of_itself.square().sum(-1))
    return squares.clamp(min=0).sqrt()


def _added_by_heads(attention: WindowAttention, x: Tensor) -> Tensor:
    """(L, A, C): what a token adds to one that attends to nothing else, by head."""
    inner = attention.heads * attention.head_width  # whatever the positions, values are the last third
    values = F.linear(attention.norm(x), attention.to_qkv.weight[-inner:], attention.to_qkv.bias[-inner:])
    weight, _ = weight_and_bias(attention.to_out)
    # (L, A, D) and (C, A, D)
    values, out = (torch.unflatten(_wide(part), 1, (attention.heads, -1)) for part in (values, weight))
    return torch.einsum("lad,cad->lac", values, out)


def _windows(tokens: Tensor, attention: WindowAttention) -> Tensor:
    """(L, ...) -> (N, W, ...), as attention weights count tokens."""
    return torch.unflatten(tokens.roll(-attention.shift, 0), 0, (-1, attention.window))


def _wide(tensor: Tensor) -> Tensor:
    """In float64, on the CPU: there is none on MPS."""
    return tensor.detach().cpu().double()
