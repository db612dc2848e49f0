"""Attention with rotary positions, some heads sharing keys and values.

Letters in shapes: B batch, L tokens, C channels, A heads, K heads of keys, D channels of a head, R of them that rotate.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class RotaryAttention(nn.Module):
    """Attention of all tokens to all, (B, L, C) -> (B, L, C), without the residual sum.

    Rotary positions (Su et al. 2021, arXiv 2104.09864, eq. 34): channels i and i + R / 2 of every query and key are a
    point that turns by the token's position times base ** (-2 i / R); the other D - R channels stay. Heads A / K in a
    row attend by the same keys and values (Ainslie et al. 2023, arXiv 2305.13245). Angles are float32, as the published
    weights were trained.
    """

    cos: Tensor
    sin: Tensor

    def __init__(
        self, channels: int, *, heads: int, key_heads: int, rotary_width: int, base: float, length: int
    ) -> None:
        super().__init__()
        self.heads, self.key_heads, self.rotary_width = heads, key_heads, rotary_width
        speeds = 1 / base ** (torch.arange(0, rotary_width, 2, dtype=torch.float32) / rotary_width)
        angles = torch.arange(length, dtype=torch.float32)[:, None] * speeds  # (L, R / 2)
        self.register_buffer("cos", angles.cos(), persistent=False)
        self.register_buffer("sin", angles.sin(), persistent=False)
        self.to_qkv = nn.Linear(channels, channels // heads * (heads + 2 * key_heads))
        self.to_out = nn.Linear(channels, channels)
        nn.init.zeros_(self.to_out.weight)
        nn.init.zeros_(self.to_out.bias)

    def forward(self, x: Tensor) -> Tensor:
        """(B, L, C) -> (B, L, C). L is the `length` that it was made for."""
        of_heads = torch.unflatten(self.to_qkv(x), -1, (self.heads + 2 * self.key_heads, -1)).transpose(1, 2)
        q, k, v = torch.split(of_heads, [self.heads, self.key_heads, self.key_heads], dim=1)  # (B, A or K, L, D)
        shared = self.heads // self.key_heads
        k, v = self.rotate(k).repeat_interleave(shared, dim=1), v.repeat_interleave(shared, dim=1)
        attended = F.scaled_dot_product_attention(self.rotate(q).to(v.dtype), k.to(v.dtype), v)
        out: Tensor = self.to_out(attended.transpose(1, 2).flatten(2))
        return out

    def rotate(self, x: Tensor) -> Tensor:
        """(B, A, L, D) -> (B, A, L, D)."""
        half = self.rotary_width // 2
        first, second, rest = torch.split(x, [half, half, x.shape[-1] - 2 * half], dim=-1)
        return torch.cat(
            [first * self.cos - second * self.sin, first * self.sin + second * self.cos, rest.to(self.cos.dtype)],
            dim=-1,
        )
