"""The attention of every layer and head over one input, one layer in memory at a time.

Letters in shapes: A heads, N windows, W window.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from genint.arrays import F32, I64
from genint.models.interpreter import GenomicInterpreter, Step
from genint.models.layers import convolve
from genint.models.swin1d import TransformerLayer
from genint.models.window_attention import WindowAttention


@dataclass(frozen=True)
class LayerMap:
    """Who attends to whom in one layer, with the place of every token."""

    layer: int  # 1, 2, ... among the layers with attention
    name: str  # block 3 shifted
    token_bp: int
    starts: I64  # (N, W): first base of token i of window n, counted from the first of the input
    weights: F32  # (A, N, W, W): [a, n, i, j] is how much token i attends to token j. Rows sum to 1

    def dense(self, tokens: slice) -> F32:
        """(A, tokens, tokens): queries by keys among neighbouring tokens, 0 where no window holds both."""
        places, length = self.starts // self.token_bp, tokens.stop - tokens.start
        found = np.zeros((len(self.weights), length, length), np.float32)
        for window, place in enumerate(places):
            (held,) = np.nonzero((place >= tokens.start) & (place < tokens.stop))
            at = place[held] - tokens.start
            found[:, at[:, None], at] = self.weights[:, window, held[:, None], held]
        return found


def attending_steps(module: GenomicInterpreter) -> list[tuple[int, Step, WindowAttention]]:
    """The steps with attention: their number among all steps, themselves, and that attention."""
    return [
        (number, step, step.part.attention)
        for number, step in enumerate(module.steps())
        if isinstance(step.part, TransformerLayer) and step.part.attention is not None
    ]


def layer_name(module: GenomicInterpreter, step: Step, attention: WindowAttention) -> str:
    """As in figures and tables: block 3 shifted, final 1."""
    blocks = len(module.blocks)
    if step.stage > blocks:
        return f"final {step.stage - blocks}"
    return f"block {step.stage}{' shifted' if attention.shift else ''}"


def token_starts(tokens: int, token_bp: int, attention: WindowAttention) -> I64:
    """(N, W): the first base of each token of each window, counted from the first base of the input."""
    places = (np.arange(tokens) + attention.shift) % tokens
    return np.asarray(token_bp * places.reshape(-1, attention.window), np.int64)


@torch.no_grad()
def visit_maps(module: GenomicInterpreter, dna: Tensor, visit: Callable[[LayerMap], None]) -> Tensor:
    """Give the attention of each layer to `visit`, in the order that DNA passes them; return the prediction.

    `dna` is (1, input_bp) tokens, the prediction (1, core_bins, T): that of the model itself but for rounding. Memory
    is one layer's weights above that of predicting, unless `visit` keeps them.
    """
    x = convolve(module.stem, module.one_hot(dna))  # (1, L, C)
    layers = {number: (layer, attention) for layer, (number, _, attention) in enumerate(attending_steps(module), 1)}
    for number, step in enumerate(module.steps()):
        if number not in layers:
            x = step.part(x)
            continue
        layer, attention = layers[number]
        starts = token_starts(x.shape[1], step.token_bp, attention)
        weights: list[Tensor] = []
        x = step.part(x, weights)
        heads = weights.pop()[0].transpose(0, 1).float().cpu().numpy()  # (A, N, W, W)
        visit(LayerMap(layer, layer_name(module, step, attention), step.token_bp, starts, heads))
        del heads
    return module.output_head(module.crop(x))
