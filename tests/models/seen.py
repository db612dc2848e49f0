"""Which tokens a layer sees, read off its gradient."""

import torch
from torch import nn


def tokens_seen(layer: nn.Module, position: int, length: int, channels: int) -> list[int]:
    """The tokens whose change would change token `position` of the output of `layer` (B, L, C) -> (B, ..., ...)."""
    x = torch.randn(1, length, channels, generator=torch.Generator().manual_seed(1), requires_grad=True)
    layer(x)[0, position].pow(2).sum().backward()
    assert x.grad is not None
    return torch.nonzero(x.grad[0].abs().sum(1)).flatten().tolist()
