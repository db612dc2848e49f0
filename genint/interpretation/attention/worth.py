"""What attention is worth: how far a prediction changes when a head, a layer's attention or all of it is switched off.

A picture of attention says where a head looks, not whether the prediction depends on it. So each is switched off, with
nothing retrained, and the prediction is compared with the intact one.
"""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genint.arrays import F32, F64
from genint.interpretation.attention.maps import attending_steps, layer_name
from genint.models.interpreter import GenomicInterpreter
from genint.models.layers import convolve
from genint.models.window_attention import WindowAttention

if TYPE_CHECKING:
    from pandas import DataFrame

Bins = slice | NDArray[np.bool_]


@contextmanager
def head_off(attention: WindowAttention, head: int) -> Iterator[None]:
    """Inside the block, head 0, 1, ... adds nothing: its columns of the output layer are 0. Restored afterwards."""
    columns = slice(head * attention.head_width, (head + 1) * attention.head_width)
    with _restoring(attention.to_out.weight):
        attention.to_out.weight.data[:, columns] = 0
        yield


@contextmanager
def attention_off(attention: WindowAttention) -> Iterator[None]:
    """Inside the block, a layer's attention adds nothing, its bias included. Restored afterwards."""
    with _restoring(attention.to_out.weight), _restoring(attention.to_out.bias):
        attention.to_out.weight.data.zero_()
        attention.to_out.bias.data.zero_()
        yield


@contextmanager
def _restoring(parameter: Tensor) -> Iterator[None]:
    kept = parameter.detach().clone()
    try:
        yield
    finally:
        parameter.data.copy_(kept)


@torch.no_grad()
def predictions_without(module: GenomicInterpreter, dna: Tensor) -> Iterator[tuple[dict[str, Any], F32]]:
    """The intact prediction, then one for each head off, each layer off, all off: (core_bins, T) each.

    With each a row of names: layer and head, from 1 or "all"; the intact one's is empty. What lies before the layer is
    computed once.
    """
    x = convolve(module.stem, module.one_hot(dna))
    inputs = [x.clone()]  # a layer may overwrite what it is given
    for step in module.steps():
        x = step.part(x)
        inputs.append(x.clone())

    def finish(first: int) -> F32:
        x = inputs[first].clone()
        for step in module.steps()[first:]:
            x = step.part(x)
        return np.asarray(module.output_head(module.crop(x))[0].cpu().numpy())

    yield {}, finish(len(inputs) - 1)
    layers = attending_steps(module)
    for layer, (number, step, attention) in enumerate(layers, start=1):
        names = {"layer": str(layer), "name": layer_name(module, step, attention), "token_bp": step.token_bp}
        for head in range(attention.heads):
            with head_off(attention, head):
                yield {**names, "head": str(head + 1)}, finish(number)
        with attention_off(attention):
            yield {**names, "head": "all"}, finish(number)
    with ExitStack() as stack:
        for _, _, attention in layers:
            stack.enter_context(attention_off(attention))
        yield {"layer": "all", "name": "all attention", "token_bp": 0, "head": "all"}, finish(layers[0][0])


def measure_worth(module: GenomicInterpreter, loci: Iterable[tuple[Tensor, Bins]]) -> "DataFrame":
    """A row per head, per layer ("all" heads) and for all attention, over the bins of some inputs together.

    A locus is its DNA (1, input_bp) and the bins of the core that count. Columns after the names, on the model's scale:
    `change`, the norm over bins of a track's change over that of its intact prediction, mean over the tracks that have
    one, so that each counts the same; `change_together`, the same with all tracks in one norm, where strong ones count
    most; and `r`, the Pearson correlation with the intact prediction, all tracks together (missing if one is constant).
    """
    import pandas as pd

    names: list[dict[str, Any]] = []
    sums: F64 = np.zeros(())
    for dna, bins in loci:
        runs = predictions_without(module, dna)
        intact = next(runs)[1][bins].astype(np.float64)  # (bins, T)
        found = [(name, _moments(intact, values[bins].astype(np.float64))) for name, values in runs]
        names = [name for name, _ in found]
        sums = sums + np.array([moments for _, moments in found])  # (rows, 7, T)
    return pd.DataFrame(names).assign(**_scores(sums))


def _moments(x: F64, y: F64) -> F64:
    """(7, T): sums over the bins (bins, T) of two predictions."""
    return np.stack([each.sum(0) for each in (np.ones_like(x), x, y, x * x, y * y, x * y, (x - y) ** 2)])


def _scores(sums: F64) -> dict[str, F64]:
    n, x, y, xx, yy, xy, _ = sums.sum(2).T
    intact, changed = sums[:, 3], sums[:, 6]  # (rows, T)
    with np.errstate(invalid="ignore", divide="ignore"):
        return {
            "change": np.sqrt(np.where(intact > 0, changed / intact, 0)).sum(1) / (intact > 0).sum(1),
            "change_together": np.sqrt(changed.sum(1) / intact.sum(1)),
            "r": (xy - x * y / n) / np.sqrt((xx - x * x / n) * (yy - y * y / n)),
        }
