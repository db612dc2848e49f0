"""The 1D-Swin block: attention in windows, again in windows shifted by half, then pairs of tokens merge.

It reads any sequence of vectors (B, L, C): DNA, text, audio. Stacked, each block halves the number of tokens, so that
block k sees the sequence at 2 ** (k - 1) tokens of the input per token, and windows of a fixed number of tokens reach
ever further. The cost is linear in L.

    block = Swin1dBlock(BlockConfig(channels=64, window=32, heads=4, head_width=16, hidden=128), out=128)
    block(torch.randn(2, 512, 64)).shape          # (2, 256, 128)

After Li et al. 2023, "Genomic Interpreter" (arXiv 2306.05143), whose block is the default here; the convolutional
feed-forward, the convolutional merge and the zero initialisation are this project's.
"""

from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genint.models.layers import (
    DropPath,
    FeedForward,
    FeedForwardKind,
    MaxPool,
    StandardizedConv,
    check_choice,
    check_positive,
    convolve,
)
from genint.models.window_attention import Positions, WindowAttention, Wrap
from genint.models.window_attention_cpu import fits_chunks, transform_in_chunks

Merge = Literal["linear", "conv", "max"]


@dataclass(frozen=True, kw_only=True)
class LayerConfig:
    """Hyperparameters of one Transformer layer. ValueError for an unknown choice, or numbers that do not fit."""

    heads: int  # of attention; 0: no attention
    head_width: int  # channels of a head. Even; without heads, any
    positions: Positions = "rotary"  # see `WindowAttention`
    hidden: int  # channels inside the feed-forward; 0: no feed-forward
    feed_forward: FeedForwardKind = "plain"  # see `FeedForward`
    conv_width: int = 1  # tokens that a convolution in the feed-forward spans. Odd
    dilation: int = 1  # tokens from one input of that convolution to the next
    dropout: float = 0.0  # of the feed-forward
    drop_path: float = 0.0  # fraction of the sequences that attention is left out for in training; see `DropPath`
    residual_scale: float = 0.0  # above 0, the layer begins as the identity; see `ZeroInitLinear`

    def __post_init__(self) -> None:
        check_choice("positions", self.positions, Positions)
        check_choice("feed_forward", self.feed_forward, FeedForwardKind)
        check_positive(self, "conv_width", "dilation")
        for name in ("heads", "hidden"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name}={getattr(self, name)} must be at least 0")
        if self.heads:
            check_positive(self, "head_width")
            if self.head_width % 2:
                raise ValueError(f"head_width={self.head_width} must be even")
        if self.conv_width % 2 == 0:
            raise ValueError(f"conv_width={self.conv_width} must be odd")
        for name in ("dropout", "drop_path"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"{name}={getattr(self, name)} must be at least 0 and below 1")


@dataclass(frozen=True, kw_only=True)
class BlockConfig(LayerConfig):
    """Hyperparameters of one 1D-Swin block, shared by its two Transformer layers. ValueError if they do not fit."""

    channels: int  # of a token that comes in
    window: int  # tokens that attend to each other. Even
    wrap: Wrap = "mask"  # "mask": the two ends of the sequence do not attend to each other. "paper": they do
    merge: Merge = "linear"  # the paper's, "conv" (see `ConvMerge`), or "max": the larger of the two

    def __post_init__(self) -> None:
        super().__post_init__()
        check_choice("wrap", self.wrap, Wrap)
        check_choice("merge", self.merge, Merge)
        check_positive(self, "channels", "window")
        if self.window % 2:
            raise ValueError(f"window={self.window} must be even")


class TransformerLayer(nn.Module):
    """x + attention(x), then x + feed-forward(x); (B, L, C) -> (B, L, C). L is a multiple of `window`.

    Without heads the first step is left out, and any L will do; without hidden channels the second. Without both the
    layer is the identity.
    `overwrite`: the caller does not use x afterwards, so without gradients the output may take its memory.
    """

    def __init__(
        self,
        config: LayerConfig,
        channels: int,
        window: int,
        *,
        shifted: bool = False,
        wrap: Wrap = "mask",
        overwrite: bool = False,
    ) -> None:
        super().__init__()
        self.overwrite = overwrite
        self.attention: WindowAttention | None = None
        if config.heads:
            self.attention = WindowAttention(
                channels,
                window=window,
                heads=config.heads,
                head_width=config.head_width,
                shifted=shifted,
                positions=config.positions,
                wrap=wrap,
                residual_scale=config.residual_scale,
            )
        self.feed_forward: FeedForward | None = None
        if config.hidden:
            self.feed_forward = FeedForward(
                channels,
                config.hidden,
                kind=config.feed_forward,
                conv_width=config.conv_width,
                dilation=config.dilation,
                dropout=config.dropout,
                residual_scale=config.residual_scale,
            )
        self.drop_path = DropPath(config.drop_path)

    def forward(self, x: Tensor, maps: list[Tensor] | None = None) -> Tensor:
        """(B, L, C) -> (B, L, C). Attention weights (B, N, heads, W, W) are appended to `maps` if it is given.

        A layer without attention appends none.
        """
        path = "explicit" if maps is not None else self.choose_path(x)
        if path == "chunks":
            return transform_in_chunks(x, self.attention, self.feed_forward, overwrite=self.overwrite)
        if self.attention is not None:
            x = x + self.drop_path(self.attention(x, maps, fused=path == "fused"))
        if self.feed_forward is not None:
            x = x + self.feed_forward(x)
        return x

    def choose_path(self, x: Tensor) -> Literal["chunks", "explicit", "fused"]:
        """The fastest way to compute this layer; all give the same output but for rounding.

        On CPUs that is chunk by chunk without gradients. With them it is attention with explicit weights, as the
        backward of PyTorch's fused attention is several times slower there at windows this small.
        """
        if x.device.type != "cpu":
            return "fused"
        if torch.is_grad_enabled():
            learns = self.attention is not None and self.attention.to_qkv.weight.requires_grad
            return "explicit" if x.requires_grad or learns else "fused"
        in_chunks = not self.training and not torch.compiler.is_compiling() and fits_chunks(self.attention)
        return "chunks" if in_chunks else "fused"


class LinearMerge(nn.Module):
    """Merged token i is a linear map of tokens 2i and 2i + 1, concatenated: (B, L, C) -> (B, L / 2, O).

    It begins by keeping the variance between tokens and adding nothing. PyTorch's own start thirds that variance at
    every merge and adds an offset common to all tokens, which after seven merges is all that the last LayerNorm sees.
    """

    def __init__(self, channels: int, out: int) -> None:
        super().__init__()
        self.project = nn.Linear(2 * channels, out)
        nn.init.normal_(self.project.weight, std=(2 * channels) ** -0.5)
        nn.init.zeros_(self.project.bias)

    def forward(self, x: Tensor) -> Tensor:
        """(B, L, C) -> (B, L / 2, O)."""
        out: Tensor = self.project(torch.unflatten(x, 1, (-1, 2)).flatten(2))
        return out


class ConvMerge(nn.Module):
    """GELU, a convolution over 5 tokens, then the larger of tokens 2i and 2i + 1: (B, L, C) -> (B, L / 2, O)."""

    def __init__(self, channels: int, out: int) -> None:
        super().__init__()
        self.conv = StandardizedConv(channels, out, 5, gain=2.0)
        self.pool = MaxPool()

    def forward(self, x: Tensor) -> Tensor:
        """(B, L, C) -> (B, L / 2, O)."""
        pooled: Tensor = self.pool(convolve(self.conv, F.gelu(x)))
        return pooled


def make_merge(kind: Merge, channels: int, out: int) -> nn.Module:
    """What merges pairs of tokens, (B, L, C) -> (B, L / 2, O). ValueError if "max", without weights, is to widen."""
    if kind == "linear":
        return LinearMerge(channels, out)
    if kind == "conv":
        return ConvMerge(channels, out)
    if channels != out:
        raise ValueError(f"merge='max' keeps the channels of a token, {channels}, and cannot make {out}")
    return MaxPool()


class Swin1dBlock(nn.Module):
    """One 1D-Swin block, (B, L, C) -> (B, L / 2, O). L is a multiple of the window and of 2.

    Two Transformer layers with their own weights, the second on windows shifted by half, then the merge of pairs into
    tokens of `out` channels (the paper's d' = 2 ** alpha * d). See `TransformerLayer` for `overwrite`.
    """

    def __init__(self, config: BlockConfig, out: int, *, overwrite: bool = False) -> None:
        super().__init__()
        channels, window, wrap = config.channels, config.window, config.wrap
        self.regular = TransformerLayer(config, channels, window, wrap=wrap, overwrite=overwrite)
        self.shifted = TransformerLayer(config, channels, window, wrap=wrap, shifted=True, overwrite=True)
        self.merge = make_merge(config.merge, channels, out)

    def forward(self, x: Tensor, maps: list[Tensor] | None = None) -> Tensor:
        """(B, L, C) -> (B, L / 2, O). If `maps` is given, its layers append their attention weights, if any."""
        merged: Tensor = self.merge(self.shifted(self.regular(x, maps), maps))
        return merged
