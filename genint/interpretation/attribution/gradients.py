"""Gradients of a target with respect to one-hot DNA, at the DNA or along a path to it.

One-hot DNA lies on a simplex: the four values of a base sum to 1. What a gradient says of leaving it means nothing, and
is taken out by subtracting the mean over the four letters (Majdandzic et al. 2023, Genome Biology 24, 109).
Letters in shapes: B batch, L bases.
"""

import torch
from torch import Tensor

from genint.interpretation.attribution.target import Target
from genint.models.base import TrackModel
from genint.prediction.installed import check_extra
from genint.prediction.workers import Halt


def gradient(module: TrackModel, one_hot: Tensor, target: Target) -> tuple[Tensor, Tensor]:
    """The target's scores (B,) and their gradients (B, L, 4) at one-hot DNA (B, L, 4), as they are."""
    dna = one_hot.detach().clone().requires_grad_()
    with torch.enable_grad():
        scores = target.score(module, dna)
        (gradients,) = torch.autograd.grad(scores.sum(), dna)
    return scores.detach(), gradients


def integrated_gradient(
    module: TrackModel, one_hot: Tensor, target: Target, *, steps: int = 32, halt: Halt | None = None
) -> Tensor:
    """The mean gradient (B, L, 4) on the straight path to one-hot DNA from DNA whose every base is a quarter of each.

    Sundararajan et al. 2017 (arXiv 1703.01365), by captum's Gauss-Legendre quadrature of `steps` points. Unknown bases
    are rows of zeros at both ends of the path. With the mean over four letters subtracted, its values at the bases that
    are there sum to the target's score minus that of the path's start: the correction is the choice of that start.
    One point goes through the model at a time: what a gradient keeps of it is large. Raises InputError without captum,
    Stopped soon after `halt` is set.
    """
    halt = halt or Halt()
    check_extra("captum", "`method` integrated", "explain")
    from captum.attr import IntegratedGradients

    known = one_hot.sum(-1, keepdim=True)  # (B, L, 1)

    def score(dna: Tensor) -> Tensor:
        halt.check()
        return target.score(module, dna)

    path = IntegratedGradients(score, multiply_by_inputs=False)
    start = known.expand_as(one_hot) / 4
    mean: Tensor = path.attribute(one_hot, start, n_steps=steps, internal_batch_size=len(one_hot))
    return mean


def remove_off_simplex(gradients: Tensor) -> Tensor:
    """Gradients (..., 4) without the mean over the four letters, which is no change of DNA."""
    return gradients - gradients.mean(-1, keepdim=True)
