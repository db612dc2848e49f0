"""The 1D-Swin block: attention in windows, again in windows shifted by half, then pairs of tokens merge.

It reads any sequence of vectors (B, L, C): DNA, text, audio. Stacked, each block halves the number of tokens, so that
block k sees the sequence at 2 ** (k - 1) tokens of the input per token, and windows of a fixed number of tokens reach
ever further. The cost is linear in L.

    block = Swin1dBlock(64, 128, window=32, heads=4, head_width=16, hidden=128)
    block(torch.randn(2, 512, 64)).shape          # (2, 256, 128)

After Li et al. 2023, "Genomic Interpreter" (arXiv 2306.05143), whose block is the default here; the convolutional
feed-forward, the convolutional merge and the zero start are this project's.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genint.models.layers import DropPath, FeedForward, MaxPool, StandardizedConv, convolve
from genint.models.window_attention import WindowAttention
from genint.models.window_attention_cpu import can_go_in_pieces, transform_in_pieces

MERGES = ("linear", "conv")


class TransformerLayer(nn.Module):
    """x + attention(x), then x + feed-forward(x); (B, L, C) -> (B, L, C). See `DropPath` for `drop_path`."""

    def __init__(self, attention: WindowAttention, feed_forward: FeedForward, drop_path: float = 0.0) -> None:
        super().__init__()
        self.attention, self.feed_forward = attention, feed_forward
        self.drop_path = DropPath(drop_path)

    def forward(self, x: Tensor, maps: list[Tensor] | None = None, *, overwrite: bool = False) -> Tensor:
        """(B, L, C) -> (B, L, C). Attention weights (B, N, heads, W, W) are appended to `maps` if it is given.

        `overwrite`: x is no longer needed and may hold the answer.
        """
        if maps is None and not self.training and can_go_in_pieces(x, self.attention):
            x = x.contiguous() if overwrite else x.clone(memory_format=torch.contiguous_format)
            transform_in_pieces(x, self.attention, self.feed_forward)
            return x
        x = x + self.drop_path(self.attention(x, maps))
        out: Tensor = x + self.feed_forward(x)
        return out


class LinearMerge(nn.Module):
    """Merged token i is a linear map of tokens 2i and 2i + 1, concatenated: (B, L, C) -> (B, L / 2, O)."""

    def __init__(self, channels: int, out: int) -> None:
        super().__init__()
        self.project = nn.Linear(2 * channels, out)

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


class Swin1dBlock(nn.Module):
    """One 1D-Swin block, (B, L, C) -> (B, L / 2, O). L is a multiple of `window` and of 2.

    Two Transformer layers with their own weights, the second on windows shifted by half, then the merge of pairs.

    Args:
        channels: C, channels of a token that comes in.
        out: O, channels of a merged token (the paper's d' = 2 ** alpha * d).
        window: tokens that attend to each other. Even.
        heads, head_width: attention heads and the channels of each.
        hidden: channels inside the feed-forward.
        feed_forward: "plain", "depthwise" or "conv"; see `FeedForward`.
        conv_width: tokens that a convolution in the feed-forward spans. Odd.
        merge: "linear", the paper's, or "conv", see `ConvMerge`.
        positions: "rotary" or "basis"; see `WindowAttention`.
        wrap: "mask": the two ends of the sequence do not attend to each other. "paper": they do.
        growth: above 0, the block begins as the merge alone and its branches grow; see `GrowingLinear`.
        drop_path: share of the sequences that attention is left out for in training; see `DropPath`.

    Raises:
        ValueError: an unknown choice, or numbers that do not fit.
    """

    def __init__(
        self,
        channels: int,
        out: int,
        *,
        window: int,
        heads: int,
        head_width: int,
        hidden: int,
        feed_forward: str = "plain",
        conv_width: int = 5,
        merge: str = "linear",
        positions: str = "rotary",
        wrap: str = "mask",
        growth: float = 0.0,
        drop_path: float = 0.0,
    ) -> None:
        super().__init__()
        if merge not in MERGES:
            raise ValueError(f"merge={merge!r} is not one of {', '.join(MERGES)}")

        def layer(shifted: bool) -> TransformerLayer:
            attention = WindowAttention(
                channels,
                window=window,
                heads=heads,
                head_width=head_width,
                shifted=shifted,
                positions=positions,
                wrap=wrap,
                growth=growth,
            )
            forward = FeedForward(channels, hidden, kind=feed_forward, conv_width=conv_width, growth=growth)
            return TransformerLayer(attention, forward, drop_path)

        self.regular, self.shifted = layer(False), layer(True)
        self.merge = LinearMerge(channels, out) if merge == "linear" else ConvMerge(channels, out)

    def forward(self, x: Tensor, maps: list[Tensor] | None = None, *, overwrite: bool = False) -> Tensor:
        """(B, L, C) -> (B, L / 2, O). If `maps` is given, two tensors of attention weights are appended to it.

        `overwrite`: x is no longer needed and may be used for results on the way.
        """
        x = self.regular(x, maps, overwrite=overwrite)
        merged: Tensor = self.merge(self.shifted(x, maps, overwrite=True))
        return merged
