"""The parts that models are made of.

Letters in shapes: B batch, L tokens, C channels, O channels out, H hidden, T tracks.

Tokens are kept as (B, L, C) throughout. A convolution reads them through a channels-last view of shape (B, C, 1, L), so
that nothing is copied between linear layers, attention and convolutions.
"""

from contextlib import AbstractContextManager, nullcontext
from typing import Literal, get_args

import torch
import torch.nn.functional as F
from torch import Tensor, nn

FeedForwardKind = Literal["plain", "depthwise", "conv"]


def convolve(conv: nn.Module, x: Tensor) -> Tensor:
    """Run a (1, width) convolution along the tokens: (B, L, C) -> (B, L, O)."""
    convolved: Tensor = conv(x.transpose(1, 2).unsqueeze(2))  # (B, O, 1, L)
    return convolved.squeeze(2).transpose(1, 2)


def token_conv(channels: int, out: int, width: int, *, dilation: int = 1, groups: int = 1) -> nn.Conv2d:
    """A plain convolution for `convolve`, zero-padded so that the number of tokens stays. `width` is odd."""
    padding = (0, dilation * (width // 2))
    return nn.Conv2d(channels, out, (1, width), padding=padding, dilation=(1, dilation), groups=groups)


class StandardizedConv(nn.Conv2d):
    """A convolution whose filters have mean 0 and a learned norm (Brock, De, Smith 2021, arXiv 2101.08692, eq. 1).

    It replaces a normalisation of the activations: a shift common to all channels (which GELU and max-pooling
    add at every stage) cancels, and the scale is held. The output at a token stays a function of the `width` tokens
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
        filters = self.weight.flatten(1)
        centred = filters - filters.mean(1, keepdim=True)  # torch.var_mean is several times slower
        squares = centred.square().sum(1, keepdim=True)
        return (centred * (torch.rsqrt(squares + 1e-4) * self.gain.flatten(1))).view_as(self.weight)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, 1, L) -> (B, O, 1, L)."""
        return F.conv2d(x, self.filters(), self.bias, self.stride, self.padding, self.dilation)


class ZeroInitLinear(nn.Linear):
    """The last layer of a residual branch that adds nothing before training.

    Weights start at zero and are multiplied by `residual_scale`, which under Adam is a learning rate `residual_scale`
    times that of everything else: otherwise many new branches would swamp what the layers around them have learned.
    """

    def __init__(self, channels: int, out: int, residual_scale: float) -> None:
        super().__init__(channels, out)
        self.residual_scale = residual_scale
        nn.init.zeros_(self.weight)
        nn.init.zeros_(self.bias)

    def forward(self, x: Tensor) -> Tensor:
        """(B, L, C) -> (B, L, O)."""
        return F.linear(x, *weight_and_bias(self))


def residual_output(channels: int, out: int, residual_scale: float) -> nn.Linear:
    """The last linear layer of a residual branch; with `residual_scale` 0 it starts at random, as any other layer."""
    return ZeroInitLinear(channels, out, residual_scale) if residual_scale else nn.Linear(channels, out)


def weight_and_bias(linear: nn.Linear) -> tuple[Tensor, Tensor]:
    """What a linear layer multiplies by and adds."""
    scale = linear.residual_scale if isinstance(linear, ZeroInitLinear) else None
    return (linear.weight, linear.bias) if scale is None else (linear.weight * scale, linear.bias * scale)


def check_choice(name: str, value: str, choices: object) -> None:
    """ValueError unless `value` is one of a Literal's."""
    if value not in get_args(choices):
        raise ValueError(f"{name}={value!r} is not one of {', '.join(get_args(choices))}")


def check_positive(config: object, *names: str) -> None:
    """ValueError unless these numbers of a config are at least 1."""
    for name in names:
        if getattr(config, name) < 1:
            raise ValueError(f"{name}={getattr(config, name)} must be at least 1")


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
        kind: FeedForwardKind,
        conv_width: int,
        dilation: int = 1,
        dropout: float = 0.0,
        residual_scale: float = 0.0,
    ) -> None:
        super().__init__()
        check_choice("feed_forward", kind, FeedForwardKind)
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
        self.contract = residual_output(hidden, channels, residual_scale)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """(B, L, C) -> (B, L, C)."""
        return self.from_hidden(self.to_hidden(x))

    @property
    def is_token_wise(self) -> bool:
        """Whether the output at a token is a function of that token alone."""
        return self.norm is not None and self.depthwise is None

    def to_hidden(self, x: Tensor) -> Tensor:
        """The expanding half, which may see other tokens: (B, L, C) -> (B, L, H)."""
        x = convolve(self.expand, x) if self.norm is None else self.expand(self.norm(x))
        return x if self.depthwise is None else convolve(self.depthwise, x)

    def from_hidden(self, hidden: Tensor) -> Tensor:
        """The contracting half, token by token: (B, L, H) -> (B, L, C)."""
        contracted: Tensor = self.dropout(self.contract(F.gelu(hidden)))
        return contracted


class DropPath(nn.Module):
    """In training, leaves a residual branch out for a random fraction `rate` of the batch: (B, L, C) -> (B, L, C).

    Stochastic depth (Huang et al. 2016, arXiv 1603.09382). The rest is scaled up, so that the mean stays the same.
    """

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        """(B, L, C) -> (B, L, C)."""
        if not self.training or not self.rate:
            return x
        kept = torch.rand(len(x), 1, 1, device=x.device) >= self.rate
        return x * (kept / (1 - self.rate)).to(x.dtype)


class MaxPool(nn.Module):
    """The larger of tokens 2i and 2i + 1, channel by channel: (B, L, C) -> (B, L / 2, C)."""

    def forward(self, x: Tensor) -> Tensor:
        """(B, L, C) -> (B, L / 2, C)."""
        first, second = torch.unflatten(x, 1, (-1, 2)).unbind(2)
        if torch.is_grad_enabled():
            return first + F.relu(second - first)  # the backward of torch.maximum is several times slower
        return torch.maximum(first, second)


class AttentionPool(nn.Module):
    """A mean of tokens 2i and 2i + 1, weighted by a softmax over the two in each channel: (B, L, C) -> (B, L / 2, C).

    The logits are a linear map of a token, twice the identity at first, so that the larger value counts more (Avsec et
    al. 2021, Enformer). A softmax over two is a sigmoid of the difference of their logits, which is the linear map of
    the difference of the tokens.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.logits = nn.Linear(channels, channels, bias=False)
        with torch.no_grad():
            nn.init.eye_(self.logits.weight).mul_(2)

    def forward(self, x: Tensor) -> Tensor:
        """(B, L, C) -> (B, L / 2, C)."""
        first, second = torch.unflatten(x, 1, (-1, 2)).unbind(2)
        difference = second - first
        return first + torch.sigmoid(self.logits(difference)) * difference


def full_precision(device: torch.device) -> AbstractContextManager[object]:
    """No autocast inside the block. Shapes on the meta device have no precision to keep."""
    return nullcontext() if device.type == "meta" else torch.autocast(device.type, enabled=False)
