"""Sparse matrices whose rows say where a token's content comes from: never negative, every row sums to 1.

Rows are tokens of the output of a step, columns those of its input. Letters in shapes: L tokens, N windows, W window.
"""

import numpy as np
from scipy.sparse import csr_array, dia_array, eye_array

from genint.arrays import F64


def shares(parts: F64, otherwise: F64) -> F64:
    """`parts` (..., n), never negative, divided by their sum over the last axis; `otherwise` where all are 0."""
    total = parts.sum(-1, keepdims=True)
    return np.where(total > 0, parts / np.where(total > 0, total, 1), otherwise)


def window_rows(parts: F64, shift: int) -> csr_array:
    """(N, W, W), how much token i of a window takes of its token j -> (L, L); a token that takes nothing keeps itself.

    Token i of window n is token (n * W + i + shift) mod L of the sequence. Pairs with 0 are not stored.
    """
    windows, window, _ = parts.shape
    tokens = (np.arange(windows * window).reshape(windows, window) + shift) % (windows * window)
    rows, columns = np.broadcast_arrays(tokens[:, :, None], tokens[:, None, :])
    values = shares(parts, np.eye(window))
    kept = values > 0
    return csr_array((values[kept], (rows[kept], columns[kept])), shape=(tokens.size, tokens.size))


def convolution_rows(tokens: int, taps: F64, dilation: int = 1) -> csr_array:
    """A convolution of `tokens` tokens, zero-padded: each takes `taps` (w,) of its neighbours, w odd -> (L, L).

    Taps that hang over an end are left out, and the others count for more; a token with no others keeps itself.
    """
    taps = shares(taps, np.full(taps.shape, 1 / len(taps)))
    offsets = dilation * np.arange(-(len(taps) // 2), len(taps) // 2 + 1)
    # Row i of a diagonal at offset o is in column i + o, where dia_array wants it.
    banded = dia_array((np.repeat(taps[:, None], tokens, 1), offsets), shape=(tokens, tokens))
    read = banded.sum(1)[:, None]  # (L, 1)
    return (banded.multiply(1 / np.where(read > 0, read, 1)) + eye_array(tokens).multiply(read == 0)).tocsr()


def pair_rows(first: F64) -> csr_array:
    """Merged token i takes `first` (L / 2,) of token 2i and the rest of token 2i + 1 -> (L / 2, L)."""
    values = np.stack([first, 1 - first], axis=1).ravel()
    return csr_array((values, np.arange(len(values)), np.arange(0, len(values) + 1, 2)))


def residual_rows(branch: csr_array, share: F64) -> csr_array:
    """x + branch(x), of which `share` (L,) is the branch's and the rest the token itself -> (L, L)."""
    return (branch.multiply(share[:, None]) + eye_array(len(share)).multiply(1 - share[:, None])).tocsr()
