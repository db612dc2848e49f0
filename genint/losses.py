"""Losses as pure functions of predictions and targets; NaN targets do not count."""

import torch
from torch import Tensor


def poisson(predicted: Tensor, target: Tensor) -> Tensor:
    """Mean Poisson loss, predicted - target * log(predicted), over all targets that are not NaN.

    Both (B, bins, T) on the model's scale, predicted > 0. Zero when nothing was measured.
    """
    measured = ~torch.isnan(target)
    counts = torch.where(measured, target, 0.0)
    losses = torch.where(measured, predicted - counts * torch.log(predicted + 1e-6), 0.0)
    return losses.sum() / measured.sum().clamp(min=1)
