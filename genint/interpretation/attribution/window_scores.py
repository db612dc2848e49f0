"""Scores of every base that could stand at some positions of a window: by gradients, by mutants, or by both.

Letters in shapes: L bases of the window, P positions that are scored, M mutants.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from genint.arrays import F64, I64, Mask
from genint.choices import AttributionMethod
from genint.interpretation.attribution.gradients import gradient, integrated_gradient
from genint.interpretation.attribution.mutants import choose_rescorer, score_mutants
from genint.interpretation.attribution.target import Target
from genint.models.base import TrackModel
from genint.prediction.workers import Halt


class WindowScores(NamedTuple):
    """`score` of the target; `effects` (P, 4), what writing each base at a position adds to it, 0 for the base there.

    By gradients an effect is of first order. `exact` (P, 4): those that were computed. At unknown bases both are 0.
    """

    score: float
    effects: F64
    exact: Mask


def score_window(
    module: TrackModel,
    tokens: Tensor,
    positions: slice,
    target: Target,
    method: AttributionMethod,
    *,
    top: float = 0.05,
    steps: int = 32,
    at_once: int = 48,
    threads: int = 1,
    halt: Halt | None = None,
) -> WindowScores:
    """Score positions of a window, uint8 tokens (1, L).

    `screened`: one gradient orders all mutants by their first-order effect, and the `top` fraction of them is computed.
    `steps` are those of integrated gradients; `at_once` mutants go through the model together, on each of
    `threads` cores. Raises Stopped soon after `halt` is set.
    """
    halt = halt or Halt()
    one_hot = module.one_hot(tokens)
    with torch.inference_mode():
        score = float(target.score(module, one_hot))
    known = tokens[0, positions].cpu().numpy() < 4  # (P,)
    if method == "mutagenesis":
        effects, exact = np.zeros((len(known), 4)), np.ones((len(known), 4), np.bool_)
    else:
        mean = method == "integrated"
        gradients = (
            integrated_gradient(module, one_hot, target, steps=steps, halt=halt)
            if mean
            else gradient(module, one_hot, target)[1]
        )
        effects = first_order(gradients[0, positions], one_hot[0, positions])
        exact = choose_top(effects, known, top if method == "screened" else 0.0)
    rows, bases = np.nonzero(exact & ~is_there(one_hot[0, positions]) & known[:, None])
    if len(rows):
        rescorer = choose_rescorer(module, one_hot, target)
        columns = rows + positions.start
        scores = score_mutants(rescorer, one_hot, columns, bases, at_once=at_once, threads=threads, halt=halt)
        effects[rows, bases] = scores - score
    return WindowScores(score, np.where(known[:, None], effects, 0.0), exact & known[:, None])


def first_order(gradients: Tensor, one_hot: Tensor) -> F64:
    """What writing each base adds, as far as gradients (P, 4) at one-hot DNA (P, 4) tell."""
    there = (gradients * one_hot).sum(-1, keepdim=True)
    effects: F64 = (gradients - there).double().cpu().numpy()
    return effects


def choose_top(effects: F64, known: Mask, top: float) -> Mask:
    """Which mutants (P, 4) are the fraction `top` of the largest effects of either sign; one or more unless it is 0."""
    exact = np.zeros(effects.shape, np.bool_)
    if n := int(np.ceil(top * 3 * known.sum())):
        sizes = np.where(known[:, None], np.abs(effects), -1.0)
        order: I64 = np.argsort(-sizes, axis=None, kind="stable")[:n]
        exact.flat[order] = True
    return exact


def is_there(one_hot: Tensor) -> Mask:
    """(P, 4): the bases of the DNA itself."""
    there: Mask = (one_hot > 0).cpu().numpy()
    return there
