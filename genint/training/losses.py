"""Losses as pure functions of predictions and targets, both (B, bins, T) on the model's scale; NaN does not count.

Each returns the sum over everything measured, its tracks weighted by `weights` (T,) if given, and the number of values
in it, so that processes that compute a batch together can divide by the number that all of them have.
"""

import torch
from torch import Tensor

_EPSILON = 1e-6
TOTAL_WEIGHT = 0.2


def poisson(predicted: Tensor, target: Tensor, weights: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Poisson loss, predicted - target * log(predicted). `predicted` > 0."""
    measured = ~torch.isnan(target)
    counts = torch.where(measured, target, 0.0)
    losses = torch.where(measured, predicted - counts * torch.log(predicted + _EPSILON), 0.0)
    return _weigh(losses, weights).sum(), measured.sum()


def poisson_multinomial(predicted: Tensor, target: Tensor, weights: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """How a window's total is distributed over its bins, and, with a weight of 0.2, a Poisson loss of the total.

    The loss of Borzoi (Linder et al. 2025, Nature Genetics 57:949, methods), which weighs the shape of a profile apart
    from its height.
    """
    measured = ~torch.isnan(target)
    counts, rates = torch.where(measured, target, 0.0), torch.where(measured, predicted, 0.0)
    total_count, total_rate = counts.sum(dim=1), rates.sum(dim=1)  # (B, T)
    fractions = torch.log(rates / (total_rate[:, None] + _EPSILON) + _EPSILON)
    heights = total_rate - total_count * torch.log(total_rate + _EPSILON)
    shapes = _weigh(counts * fractions, weights)
    return TOTAL_WEIGHT * _weigh(heights, weights).sum() - shapes.sum(), measured.sum()


def _weigh(losses: Tensor, weights: Tensor | None) -> Tensor:
    return losses if weights is None else losses * weights


LOSSES = {"poisson": poisson, "poisson-multinomial": poisson_multinomial}
