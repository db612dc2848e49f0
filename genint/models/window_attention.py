"""Multi-head attention inside windows of tokens, the window grid optionally shifted by half a window.

Letters in shapes: B batch, L tokens, C channels, W window, N = L / W windows, A heads, D channels per head.

The paper (Li et al. 2023, arXiv 2306.05143) describes a shifted layer by rolling: roll the tokens by W / 2, cut
windows, attend, roll back. The last window then straddles the two ends of the sequence. With wrap="mask" its two halves
do not attend to each other, which is the same as cutting the windows half a window later and leaving half a window at
each end; that is how it is computed, with no copy and no mask. With wrap="paper" the roll is circular, as in the paper.
"""

import math
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genint.models.layers import check_choice, residual_output

Positions = Literal["rotary", "basis", "bias"]
Wrap = Literal["mask", "paper"]


class WindowAttention(nn.Module):
    """Pre-LayerNorm multi-head attention within windows, (B, L, C) -> (B, L, C), without the residual sum.

    Positions are relative, so a window's output does not depend on where it lies. "rotary": queries and keys are
    rotated by an angle proportional to the position (Su et al. 2021, arXiv 2104.09864). "basis": a query also scores
    the distance to each key, through basis functions of that distance (Transformer-XL, arXiv 1901.02860, with the
    exponential and sign features of Enformer; this is what the authors' code of 1D-Swin does). "bias": a learned score
    per distance (Swin Transformer, arXiv 2103.14030), which begins as a peak at another distance in every head.
    L must be a multiple of the window; ValueError otherwise.
    """

    def __init__(
        self,
        channels: int,
        *,
        window: int,
        heads: int,
        head_width: int,
        shifted: bool,
        positions: Positions,
        wrap: Wrap,
        residual_scale: float = 0.0,
    ) -> None:
        super().__init__()
        check_choice("positions", positions, Positions)
        check_choice("wrap", wrap, Wrap)
        if head_width % 2:
            raise ValueError(f"head_width={head_width} must be even")
        if shifted and window % 2:
            raise ValueError(f"window={window} must be even to be shifted by half")
        self.window, self.heads, self.head_width = window, heads, head_width
        self.shift = window // 2 if shifted else 0  # tokens that the window grid is shifted by
        self.circular = shifted and wrap == "paper"
        inner = heads * head_width
        self.norm = nn.LayerNorm(channels)
        self.to_qkv = nn.Linear(channels, 3 * inner)
        self.to_out = residual_output(inner, channels, residual_scale)
        self.position = POSITIONS[positions](window, heads, head_width)

    def forward(self, x: Tensor, maps: list[Tensor] | None = None, *, fused: bool = True) -> Tensor:
        """(B, L, C) -> (B, L, C). If `maps` is given, the attention weights (B, N, A, W, W) are appended to it.

        Row i of a map says how much token i of its window attended to each token of the window; it sums to 1. In a
        shifted layer, token i of window n is token (n * W + W / 2 + i) mod L of the sequence. `fused`: without maps,
        use PyTorch's fused attention, which never holds the weights; the output is the same but for rounding.
        """
        self.check(x.shape[1])
        qkv = self.position.project(self.norm(x), self.to_qkv)  # (B, L, ...)
        ends = 0 if self.circular else self.shift
        if self.circular:
            qkv = qkv.roll(-self.shift, dims=1)
        segments = split_segments(qkv, self.window, ends, ends)
        outputs = [self._attend(part, window, fused and maps is None) for part, window in segments]
        attended = join_segments([output for output, _ in outputs])
        if self.circular:
            attended = attended.roll(self.shift, dims=1)
        if maps is not None:
            maps.append(self._join_maps([weights for _, weights in outputs if weights is not None]))
        out: Tensor = self.to_out(attended)
        return out

    def attend_part(self, x: Tensor, *, starts: bool, ends: bool) -> Tensor:
        """The same for consecutive complete windows out of a sequence, where no window holds both its ends.

        (B, L, C) -> (B, L, C). `starts`, `ends`: whether they begin and end the sequence, where a shifted layer has
        half a window.
        """
        qkv = self.position.project(self.norm(x), self.to_qkv)  # (B, L, ...)
        segments = split_segments(qkv, self.window, self.shift if starts else 0, self.shift if ends else 0)
        attended = join_segments([self._attend(part, window, True)[0] for part, window in segments])
        out: Tensor = self.to_out(attended)
        return out

    def check(self, length: int) -> None:
        """ValueError unless `length` tokens are complete windows."""
        if length % self.window:
            raise ValueError(f"{length} tokens are not a multiple of window={self.window}")

    def _attend(self, qkv: Tensor, window: int, fused: bool) -> tuple[Tensor, Tensor | None]:
        """Attention in consecutive windows: (B, L, ...) -> (B, L, A * D) and, unless fused, (B, N, A, W, W)."""
        batch, length = qkv.shape[:2]
        q, k, v, scores = self.position.split(qkv, window)  # (B * N, A, W, D) each; scores (B * N, A, W, W) or None
        if fused:
            weights = None
            attended = F.scaled_dot_product_attention(q, k, v, attn_mask=scores, scale=1.0)
        else:
            logits = q @ k.transpose(-1, -2)
            weights = torch.softmax(logits if scores is None else logits + scores, dim=-1)
            attended = weights.to(v.dtype) @ v
        joined = attended.transpose(1, 2).reshape(batch, length, -1)
        return joined, None if weights is None else torch.unflatten(weights, 0, (batch, -1))

    def _join_maps(self, weights: list[Tensor]) -> Tensor:
        """Maps of the segments -> (B, N, A, W, W): half windows at the two ends make the window that straddles them."""
        if len(weights) == 1:
            return weights[0]
        half, first, last = self.shift, weights[0], weights[-1]
        straddling = first.new_zeros(len(first), 1, self.heads, self.window, self.window)
        straddling[..., :half, :half] = last  # the sequence's last tokens come first in the window
        straddling[..., half:, half:] = first
        return torch.cat([*weights[1:-1], straddling], dim=1)


def split_segments(x: Tensor, window: int, head: int, tail: int) -> list[tuple[Tensor, int]]:
    """(B, L, ...) -> half a window of `head` tokens, complete windows, half a window of `tail`: each with its window.

    `head` and `tail` are half the window or 0; a segment without tokens is left out.
    """
    sizes = [(head, head), (x.shape[1] - head - tail, window), (tail, tail)]
    present = [(tokens, width) for tokens, width in sizes if tokens]
    parts = torch.split(x, [tokens for tokens, _ in present], dim=1)
    return [(part, width) for part, (_, width) in zip(parts, present, strict=True)]


def join_segments(parts: list[Tensor]) -> Tensor:
    """The inverse of `split_segments`, for what was made of its segments."""
    return parts[0] if len(parts) == 1 else torch.cat(parts, dim=1)


def split_heads(x: Tensor, window: int, heads: int) -> Tensor:
    """(B, L, A * D) -> (B * N, A, W, D)."""
    return torch.unflatten(x.reshape(-1, window, x.shape[-1]), -1, (heads, -1)).transpose(1, 2)


class Rotary(nn.Module):
    """Rotary positions inside a window; queries leave scaled by 1 / sqrt(D).

    The two halves of a head are rotated against each other. The swapped halves that this needs come out of the same
    matrix product as queries and keys, from reordered weights.
    """

    cos: Tensor
    sin: Tensor
    order: Tensor
    pairs: Tensor

    def __init__(self, window: int, heads: int, head_width: int) -> None:
        super().__init__()
        self.heads, inner, half = heads, heads * head_width, head_width // 2
        # A quarter turn per token for the fastest pair, about a quarter turn per window for the slowest.
        speed = math.pi / 2 * window ** -(torch.arange(half) / half)  # (D / 2,)
        angle = torch.arange(window)[:, None] * speed  # (W, D / 2)
        cos = torch.cat([angle.cos(), angle.cos()], dim=1).repeat(1, heads)  # (W, A * D)
        sin = torch.cat([-angle.sin(), angle.sin()], dim=1).repeat(1, heads)
        scale = head_width**-0.5
        self.register_buffer("cos", torch.cat([cos * scale, cos], dim=1), persistent=False)  # (W, 2 * A * D)
        self.register_buffer("sin", torch.cat([sin * scale, sin], dim=1), persistent=False)
        swapped = torch.arange(2 * inner).view(-1, 2, half).flip(1).flatten()
        order = torch.cat([torch.arange(2 * inner), swapped, torch.arange(2 * inner, 3 * inner)])
        self.register_buffer("order", order, persistent=False)
        pairs = torch.arange(2 * inner).view(-1, 2, half).transpose(1, 2).flatten()
        self.register_buffer("pairs", torch.cat([pairs, torch.arange(2 * inner, 3 * inner)]), persistent=False)

    def pair_channels(self, to_qkv: nn.Linear) -> tuple[Tensor, Tensor]:
        """Weight and bias of queries, keys and values, (3 * A * D, ...), channels that rotate together adjacent."""
        return to_qkv.weight[self.pairs], to_qkv.bias[self.pairs]

    def rotations(self, length: int) -> Tensor:
        """What rotates such pairs, as complex numbers: (length, A * D), the first window's again and again."""
        cos, sin = (table[:, self.pairs[: table.shape[1] : 2]].float() for table in (self.cos, self.sin))
        rotation = torch.complex(cos, -sin)  # (W, A * D)
        return rotation.repeat(math.ceil(length / len(rotation)), 1)[:length]

    def project(self, x: Tensor, to_qkv: nn.Linear) -> Tensor:
        """(B, L, C) -> (B, L, 5 * A * D): queries and keys, the same with halves swapped, values."""
        return F.linear(x, to_qkv.weight[self.order], to_qkv.bias[self.order])

    def split(self, qkv: Tensor, window: int) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
        """(B, L, 5 * A * D) -> rotated queries and keys, and values, each (B * N, A, W, D)."""
        inner = qkv.shape[-1] // 5
        cut = torch.unflatten(qkv, 1, (-1, window))  # (B, N, W, 5 * A * D)
        straight, swapped, v = torch.split(cut, [2 * inner, 2 * inner, inner], dim=-1)
        cos, sin = self.cos[:window].to(qkv.dtype), self.sin[:window].to(qkv.dtype)
        rotated = torch.addcmul(straight * cos, swapped, sin).flatten(0, 1)  # (B * N, W, 2 * A * D)
        q, k = torch.unflatten(rotated, -1, (2, self.heads, -1)).transpose(1, 3).unbind(2)
        return q, k, torch.unflatten(v.flatten(0, 1), -1, (self.heads, -1)).transpose(1, 2), None


class DistanceBias(nn.Module):
    """A learned score per head and distance, added to q . k / sqrt(D) (Liu et al. 2021, arXiv 2103.14030, eq. 4).

    Before training every head has its peak at another distance, half of them upstream and half downstream: attention
    begins as a convolution with soft taps and learns from there what else to attend to (the start that d'Ascoli et al.
    2021, ConViT, arXiv 2103.10697, give it in two dimensions).
    """

    FARTHEST = 32  # tokens from the query, at most half a window, up to which peaks are spread on a log scale
    LOWEST = -6.0  # score of what is far from the peak: little, and a gradient

    offsets: Tensor

    def __init__(self, window: int, heads: int, head_width: int) -> None:
        super().__init__()
        self.heads, self.scale = heads, head_width**-0.5
        distance = torch.arange(1 - window, window)  # (2W - 1,), key minus query
        peaks = self.initial_peaks(window, heads)[:, None]  # (A, 1)
        scores = -(distance - peaks).abs() / (peaks.abs() / 2).clamp(min=0.5)
        self.scores = nn.Parameter(scores.clamp(min=self.LOWEST))  # (A, 2W - 1)
        token = torch.arange(window)
        self.register_buffer("offsets", token[None, :] - token[:, None] + window - 1, persistent=False)  # (W, W)

    def initial_peaks(self, window: int, heads: int) -> Tensor:
        """(A,): where each head looks first, in tokens from the query; negative is upstream."""
        sides = (heads + 1) // 2
        reach = float(max(min(window // 2, self.FARTHEST), 1))
        distances = (reach ** ((torch.arange(sides) + 0.5) / sides)).round()
        return torch.stack([-distances, distances], dim=1).flatten()[:heads]

    def matrix(self, window: int) -> Tensor:
        """(A, W, W): the score of every pair of a window of this size or a smaller one."""
        return self.scores[:, self.offsets[:window, :window]]

    def project(self, x: Tensor, to_qkv: nn.Linear) -> Tensor:
        """(B, L, C) -> (B, L, 3 * A * D)."""
        projected: Tensor = to_qkv(x)
        return projected

    def split(self, qkv: Tensor, window: int) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
        """(B, L, 3 * A * D) -> queries, keys, values (B * N, A, W, D) and the distances' scores (A, W, W)."""
        q, k, v = (split_heads(part, window, self.heads) for part in qkv.chunk(3, dim=-1))
        return q * self.scale, k, v, self.matrix(window).to(q.dtype)


class Basis(nn.Module):
    """Transformer-XL positions: score(i, j) = (q_i + u) . k_j / sqrt(D) + (q_i + w) . r(i - j).

    r is a linear map of features of the distance: 2 ** (-|d| / half-life) for half-lives from 1 token to the window,
    each also times sign(d). u and w are learned per head and start at zero.
    """

    features: Tensor

    def __init__(self, window: int, heads: int, head_width: int) -> None:
        super().__init__()
        self.window, self.heads = window, heads
        distance = torch.arange(window - 1, -window, -1.0)[:, None]  # (2W - 1, 1)
        half_life = 2 ** torch.linspace(0, math.log2(window), heads * head_width // 2)
        decay = 2 ** (-distance.abs() / half_life)
        features = torch.cat([decay, decay * distance.sign()], dim=1)  # (2W - 1, F)
        self.register_buffer("features", features, persistent=False)
        self.to_key = nn.Linear(features.shape[1], heads * head_width, bias=False)
        self.content_bias = nn.Parameter(torch.zeros(heads, 1, head_width))
        self.distance_bias = nn.Parameter(torch.zeros(heads, 1, head_width))

    def project(self, x: Tensor, to_qkv: nn.Linear) -> Tensor:
        """(B, L, C) -> (B, L, 3 * A * D)."""
        projected: Tensor = to_qkv(x)
        return projected

    def split(self, qkv: Tensor, window: int) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
        """(B, L, 3 * A * D) -> queries, keys, values (B * N, A, W, D) and the distances' scores (B * N, A, W, W)."""
        q, k, v = (split_heads(part, window, self.heads) for part in qkv.chunk(3, dim=-1))
        first = self.window - window  # a smaller window uses the middle of the distances
        keys = self.to_key(self.features[first : len(self.features) - first])  # (2W - 1, A * D)
        by_distance = (q + self.distance_bias.to(q.dtype)) @ torch.unflatten(keys, -1, (self.heads, -1)).permute(
            1, 2, 0
        )  # (B * N, A, W, 2W - 1)
        token = torch.arange(window, device=q.device)
        column = (token[None, :] - token[:, None] + window - 1).expand(*q.shape[:2], -1, -1)
        q = (q + self.content_bias.to(q.dtype)) * q.shape[-1] ** -0.5
        return q, k, v, by_distance.gather(-1, column)


POSITIONS: dict[Positions, type[Rotary | Basis | DistanceBias]] = {
    "rotary": Rotary,
    "basis": Basis,
    "bias": DistanceBias,
}
