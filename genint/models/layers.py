"""The parts that models are made of. Letters in shapes: B batch, L tokens, C channels, O channels out, H hidden.

Tokens are kept as (B, L, C) throughout. A convolution reads them through a channels-last view of shape (B, C, 1, L), so
that nothing is copied between linear layers, attention and convolutions.
"""

from contextlib import AbstractContextManager, nullcontext

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from genint.grid import Geometry

FEED_FORWARDS = ("plain", "depthwise", "conv")


def convolve(conv: nn.Module, x: Tensor) -> Tensor:
    """Run a (1, width) convolution along the tokens: (B, L, C) -> (B, L, O)."""
    convolved: Tensor = conv(x.transpose(1, 2).unsqueeze(2))  # (B, O, 1, L)
    return convolved.squeeze(2).transpose(1, 2)


def token_conv(channels: int, out: int, width: int, *, groups: int = 1) -> nn.Conv2d:
    """A plain convolution for `convolve`, zero-padded so that the number of tokens stays. `width` is odd."""
    return nn.Conv2d(channels, out, (1, width), padding=(0, width // 2), groups=groups)


class StandardizedConv(nn.Conv2d):
    """A convolution whose filters have mean 0 and a learned norm (Brock, De, Smith 2021, arXiv 2101.08692, eq. 1).

    It takes the place of a normalisation of the activations: a shift common to all channels (which GELU and max-pooling
    add at every stage) cancels, and the scale is held. The answer at a token stays a function of the `width` tokens
    around it, which no normalisation over the length leaves true; and unlike LayerNorm it keeps how strong a motif is.
    """

    def __init__(self, channels: int, out: int, width: int, *, dilation: int = 1, gain: float = 1.0) -> None:
        super().__init__(channels, out, (1, width), padding=(0, dilation * (width // 2)), dilation=(1, dilation))
        self.gain = nn.Parameter(torch.full((out, 1, 1, 1), gain))
        nn.init.normal_(self.weight, std=(channels * width) ** -0.5)
        assert self.bias is not None
        nn.init.zeros_(self.bias)

    def filters(self) -> Tensor:
        """The weights that are used, (O, C, 1, width): each filter with mean 0 and norm `gain`."""
        variance, mean = torch.var_mean(self.weight, dim=(1, 2, 3), keepdim=True, correction=0)
        size = self.weight[0].numel()
        return (self.weight - mean) * (torch.rsqrt(variance * size + 1e-4) * self.gain)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, 1, L) -> (B, O, 1, L)."""
        return F.conv2d(x, self.filters(), self.bias, self.stride, self.padding, self.dilation)


class GrowingLinear(nn.Linear):
    """The last layer of a residual branch that adds nothing before training, and then grows.

    Weights start at zero and count `growth` times, which under Adam is `growth` times the learning rate of everything
    else: many young branches would otherwise drown what the layers around them have learned.
    """

    def __init__(self, channels: int, out: int, growth: float) -> None:
        super().__init__(channels, out)
        self.growth = growth
        nn.init.zeros_(self.weight)
        nn.init.zeros_(self.bias)

    def forward(self, x: Tensor) -> Tensor:
        """(B, L, C) -> (B, L, O)."""
        return F.linear(x, self.weight * self.growth, self.bias * self.growth)


def branch_end(channels: int, out: int, growth: float) -> nn.Linear:
    """The last linear layer of a residual branch; with `growth` 0 it starts at random, as any other layer."""
    return GrowingLinear(channels, out, growth) if growth else nn.Linear(channels, out)


class FeedForward(nn.Module):
    """The second half of a Transformer layer, (B, L, C) -> (B, L, C), without the residual sum.

    `kind` "plain": LayerNorm, linear to `hidden`, GELU, linear back. "depthwise": the same with a depthwise convolution
    of `conv_width` tokens before the GELU. "conv": a dense standardised convolution of `conv_width` tokens in place of
    LayerNorm and the first linear layer.
    """

    def __init__(
        self,
        channels: int,
        hidden: int,
        *,
        kind: str,
        conv_width: int,
        dilation: int = 1,
        dropout: float = 0.0,
        growth: float = 0.0,
    ) -> None:
        super().__init__()
        if kind not in FEED_FORWARDS:
            raise ValueError(f"feed_forward={kind!r} is not one of {', '.join(FEED_FORWARDS)}")
        if conv_width % 2 == 0:
            raise ValueError(f"conv_width={conv_width} must be odd")
        self.norm: nn.Module | None = None
        self.depthwise: nn.Conv2d | None = None
        self.expand: nn.Module
        if kind == "conv":
            self.expand = StandardizedConv(channels, hidden, conv_width, dilation=dilation)
        else:
            self.norm, self.expand = nn.LayerNorm(channels), nn.Linear(channels, hidden)
            if kind == "depthwise":
                self.depthwise = token_conv(hidden, hidden, conv_width, groups=hidden)
        self.contract = branch_end(hidden, channels, growth)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """(B, L, C) -> (B, L, C)."""
        x = convolve(self.expand, x) if self.norm is None else self.expand(self.norm(x))  # (B, L, H)
        if self.depthwise is not None:
            x = convolve(self.depthwise, x)
        contracted: Tensor = self.dropout(self.contract(F.gelu(x)))
        return contracted


def full_precision(device: torch.device) -> AbstractContextManager[object]:
    """No autocast inside the block. Shapes on the meta device have no precision to keep."""
    return nullcontext() if device.type == "meta" else torch.autocast(device.type, enabled=False)


def softplus(x: Tensor) -> Tensor:
    """log(1 + exp(x)) in float32, the same for an element wherever it lies in the tensor.

    PyTorch's vector code and its scalar code for the remainder differ in the last bit of float32. In float64 they do so
    where rounding hides it; MPS has no float64.
    """
    return F.softplus(x) if x.device.type == "mps" else F.softplus(x.double()).float()


def count_parameters(model: nn.Module) -> int:
    """Numbers that training adjusts."""
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)


def flops_per_tile(model: nn.Module) -> int:
    """Floating-point operations of matrix products and convolutions for one tile, a multiply-add counted as two.

    The model must have a `geometry` and read uint8 tokens (B, input_bp). It is run once, on the device it is on.
    """
    device = next(model.parameters()).device
    geometry = model.geometry
    if not isinstance(geometry, Geometry):
        raise ValueError(f"{type(model).__name__} has no geometry that says what it reads")
    tokens = torch.zeros(1, geometry.input_bp, dtype=torch.uint8, device=device)
    training = model.training
    model.eval()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(tokens)
    model.train(training)
    return int(counter.get_total_flops())
