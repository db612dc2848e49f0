"""A model on one window of DNA as a chain of sparse matrices: where the tokens of every step come from.

Multiplied from the bins down they are the attention rollout (`rollout`); as capacities of a network, its flow (`flow`).
"""

from collections.abc import Generator, Iterator
from typing import Literal, NamedTuple, TypedDict, get_args

import numpy as np
import torch
from scipy.sparse import csr_array
from torch import Tensor, nn

from genint.arrays import U8
from genint.choices import Convolutions, RolloutMethod
from genint.errors import InputError
from genint.interpretation.sources.attention_rows import attention_rows
from genint.interpretation.sources.convolution_rows import conv_rows, even_merge_rows, feed_forward_rows, merge_rows
from genint.models.folder import Model
from genint.models.interpreter import GenomicInterpreter
from genint.models.layers import convolve
from genint.models.swin1d import Swin1dBlock, TransformerLayer

Kind = Literal["stem", "attention", "feed-forward", "merge"]


class StepSettings(TypedDict, total=False):
    """Keyword arguments of `model_operators`; each may be left out."""

    method: RolloutMethod
    convolutions: Convolutions


class Operator(NamedTuple):
    """One step: row i of `matrix` (tokens after it, tokens before it) is where token i comes from; rows sum to 1."""

    kind: Kind
    stage: int  # 0 the stem, 1..K the 1D-Swin blocks, K + 1.. the Transformer layers over bins
    token_bp: int  # DNA per token before the step
    matrix: csr_array


def model_operators(
    model: Model, dna: U8, *, method: RolloutMethod = "norm", convolutions: Convolutions = "count"
) -> list[Operator]:
    """The steps of a model on DNA tokens (input_bp,), first the one that reads bases.

    `method`: how much of a residual sum is its branch, see `attention_rows`. "raw" takes the branch for all of it,
    "half" for half, "norm" measures it. `convolutions`: "count" those of the stem, feed-forwards and merges, by the
    norms of their taps; or "ignore" them, so that tokens come together in attention alone, and merges take halves.
    Steps in which every token comes from itself are left out. Biases, the scale of LayerNorm, token-wise layers and
    the head are no part of it: it explains bins, whatever the tracks. The weights of one layer's attention are in
    memory at a time. InputError for a model of another architecture, another word, or DNA of another length.
    """
    module = model.module
    for name, word, words in (("method", method, RolloutMethod), ("convolutions", convolutions, Convolutions)):
        if word not in get_args(words):
            raise InputError(f"`{name}` {word!r}: not one of {', '.join(get_args(words))}")
    if not isinstance(module, GenomicInterpreter):
        raise InputError(
            f"{model.name}: is of the architecture {model.architecture}, whose attention is not in windows. "
            "Give a model of the architecture interpreter"
        )
    if dna.dtype != np.uint8 or dna.shape != (model.geometry.input_bp,):
        expected = f"expected ({model.geometry.input_bp},) of uint8, the DNA that {model.name} reads at once"
        raise InputError(f"`dna`: {dna.shape} tokens of {dna.dtype}, {expected}")
    walk = _Walk(module, method, convolutions)
    with torch.inference_mode():
        return list(walk.steps(module.one_hot(torch.from_numpy(dna)[None].to(module.base_codes.device))))


class _Walk:
    """The way of one window of DNA through a model."""

    def __init__(self, module: GenomicInterpreter, method: RolloutMethod, convolutions: Convolutions) -> None:
        self.module, self.method, self.counts = module, method, convolutions == "count"

    def steps(self, one_hot: Tensor) -> Iterator[Operator]:
        """(1, input_bp, 4): every operator but identities."""
        module = self.module
        if self.counts and module.config.stem_width > 1:
            assert isinstance(module.stem, nn.Conv2d)
            yield Operator("stem", 0, 1, conv_rows(module.stem, one_hot.shape[1]))
        x, bp = convolve(module.stem, one_hot), 1  # (1, L, C)
        for stage, part in enumerate((*module.blocks, *module.final), start=1):
            for layer in (part.regular, part.shifted) if isinstance(part, Swin1dBlock) else (part,):
                assert isinstance(layer, TransformerLayer)
                x = yield from self._layer(layer, x, stage, bp)
            if isinstance(part, Swin1dBlock):
                rows = merge_rows(part.merge, x[0]) if self.counts else even_merge_rows(x.shape[1])
                yield Operator("merge", stage, bp, rows)
                x, bp = part.merge(x), 2 * bp

    def _layer(self, layer: TransformerLayer, x: Tensor, stage: int, bp: int) -> Generator[Operator, None, Tensor]:
        """Yields its operators, returns its output (1, L, C)."""
        if layer.attention is not None:
            weights: list[Tensor] = []
            attended = layer.attention(x, weights)
            yield Operator("attention", stage, bp, attention_rows(layer.attention, x[0], weights[0][0], self.method))
            x = x + attended
        if layer.feed_forward is not None:
            added = layer.feed_forward(x)
            if self.counts:
                rows = feed_forward_rows(layer.feed_forward, x[0], added[0], self.method)
                if rows is not None:
                    yield Operator("feed-forward", stage, bp, rows)
            x = x + added
        return x
