"""The target's score for mutants of a window: computed anew, or only where a substitution can reach.

Letters in shapes: M mutants, L bases, C channels.
"""

from collections.abc import Iterator
from typing import NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor

from genint.arrays import F64, I64
from genint.interpretation.attribution.model_steps import list_steps
from genint.interpretation.attribution.steps import Span, Step
from genint.interpretation.attribution.target import Target
from genint.models.base import TrackModel
from genint.models.layers import full_precision
from genint.prediction.workers import Halt, in_order, one_core_each

STRETCH_BP = 16  # mutants this close are computed together: what they touch is much the same


class Group(NamedTuple):
    """Substitutions within a stretch of DNA: `columns` and `bases` (M,) of the window, and their order."""

    first: int
    last: int
    columns: I64
    bases: I64
    order: I64


class Rescorer(Protocol):
    """Gives the target's scores for mutants of one window."""

    def score(self, mutants: Tensor, first: int) -> Tensor:
        """Scores (M,) where bases `first`, `first` + 1, ... are replaced by one-hot `mutants` (M, bases, 4)."""


class PlainRescorer:
    """Every mutant goes through the whole model: the reference, and the way for any architecture."""

    def __init__(self, module: TrackModel, one_hot: Tensor, target: Target) -> None:
        self._module, self._one_hot, self._target = module, one_hot, target  # one_hot (1, L, 4)

    def score(self, mutants: Tensor, first: int) -> Tensor:
        """See Rescorer."""
        return self._target.score(self._module, _replace(self._one_hot, first, mutants))


class IncrementalRescorer:
    """Only tokens that a substitution can touch are computed anew, step by step; all others are those of the window.

    The scores are those of PlainRescorer but for rounding. The activations of the window are kept, once. (fastISM,
    Nair et al. 2022, Bioinformatics 38, 2397, does so for convolutional networks.)
    """

    def __init__(self, module: TrackModel, steps: list[Step], one_hot: Tensor, target: Target) -> None:
        self._module, self._steps, self._target = module, steps, target
        x = module.one_hot(one_hot)
        self._inputs: list[Tensor] = []  # of every step, (1, L, C)
        for step in steps:
            self._inputs.append(x)
            length = x.shape[1]
            whole = Span(0, length)
            x = step.run(x, whole, step.changes(whole, length), length)
        self._bins = x  # (1, L, C)

    def score(self, mutants: Tensor, first: int) -> Tensor:
        """See Rescorer."""
        changed, x = Span(first, first + mutants.shape[1]), mutants.to(self._inputs[0].dtype)
        for step, window in zip(self._steps, self._inputs, strict=True):
            length = window.shape[1]
            outputs = step.changes(changed, length)
            inputs = step.reads(outputs, length)
            if inputs != changed:
                x = _replace(window[:, inputs.first : inputs.last], changed.first - inputs.first, x)
            x, changed = step.run(x, inputs, outputs, length), outputs
        if changed != (0, self._bins.shape[1]):
            x = _replace(self._bins, changed.first, x)
        return self._target.score_trunk(self._module, x)


def _replace(window: Tensor, first: int, parts: Tensor) -> Tensor:
    """(1, L, C) with tokens from `first` on replaced by each of `parts` (M, tokens, C) -> (M, L, C)."""
    copies = window.expand(len(parts), -1, -1).clone()
    copies[:, first : first + parts.shape[1]] = parts
    return copies


def choose_rescorer(module: TrackModel, one_hot: Tensor, target: Target) -> Rescorer:
    """The fastest for the architecture."""
    steps = list_steps(module)
    return (
        PlainRescorer(module, one_hot, target) if steps is None else IncrementalRescorer(module, steps, one_hot, target)
    )


def score_mutants(
    rescorer: Rescorer,
    one_hot: Tensor,
    columns: I64,
    bases: I64,
    *,
    at_once: int = 48,
    threads: int = 1,
    halt: Halt | None = None,
) -> F64:
    """Scores (M,) of single substitutions of a window (1, L, 4): base `bases` (M,), 0 to 3, at `columns` (M,) of it.

    Neighbours go through the model together, at most `at_once`, on one core of a CPU; `threads` such groups at a time.
    Raises Stopped after the groups that run when `halt` is set.
    """
    scores, halt = np.empty(len(columns)), halt or Halt()
    with one_core_each(threads) as pool:
        for group, found in in_order(
            lambda group: pool.submit(_score_group, rescorer, one_hot, group, halt),
            _group(columns, bases, at_once),
            2 * threads,
        ):
            scores[group.order] = found
    return scores


@torch.inference_mode()
def _score_group(rescorer: Rescorer, one_hot: Tensor, group: Group, halt: Halt) -> F64:
    halt.check()
    stretch = one_hot[:, group.first : group.last].expand(len(group.columns), -1, -1).clone()
    rows, places = torch.arange(len(stretch)), torch.from_numpy(group.columns - group.first)
    stretch[rows, places] = torch.eye(4, dtype=stretch.dtype, device=stretch.device)[torch.from_numpy(group.bases)]
    with full_precision(stretch.device):
        scores: F64 = rescorer.score(stretch, group.first).cpu().numpy()
    return scores


def _group(columns: I64, bases: I64, at_once: int) -> Iterator[Group]:
    order = np.argsort(columns, kind="stable")
    first = 0
    while first < len(order):
        near = np.searchsorted(columns[order], columns[order[first]] + STRETCH_BP)
        chosen = order[first : min(int(near), first + at_once)]
        yield Group(int(columns[chosen[0]]), int(columns[chosen[-1]]) + 1, columns[chosen], bases[chosen], chosen)
        first += len(chosen)
