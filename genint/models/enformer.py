"""Enformer: a convolutional tower with attention pooling, then Transformer layers with relative positions over bins.

After Avsec et al. 2021 (Nature Methods 18, 1196-1203), as the paper of the Genomic Interpreter compares with it: on its
own geometry and with LayerNorm. Published weights need the published architecture, which is in `enformer_original.py`.
Letters in shapes: B batch, L tokens, C channels, A heads, D channels of a key, V of a value, F features of a distance.
"""

import math
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genint.models.base import Architecture, TrackModel
from genint.models.cnn import Tower, TowerConfig
from genint.models.layers import check_choice, check_positive

GammaScaling = Literal["tensorflow", "pytorch"]


@dataclass(frozen=True, kw_only=True)
class EnformerConfig(TowerConfig):
    """Hyperparameters of an Enformer."""

    layers: int  # Transformer layers over bins
    heads: int
    key_width: int  # channels of a head's key; of its value: channels / heads
    features: int  # of a distance between bins; a multiple of 6

    def __post_init__(self) -> None:
        super().__post_init__()
        check_positive(self, "heads", "key_width", "features")
        if self.channels[-1] % self.heads:
            raise ValueError(f"channels[-1]={self.channels[-1]} must be a multiple of heads={self.heads}")
        if self.features % 6:
            raise ValueError(f"features={self.features} must be a multiple of 6")


def small() -> EnformerConfig:
    """The preset that compares with the interpreter's `small`: as many parameters, and the same choices where it can.

    Those are the stem over 15 bases, standardised convolutions without normalised activations in the tower, residual
    branches over bins that start at zero, and dropout. Attention pooling and the Transformer are Enformer's own.
    """
    return EnformerConfig(
        stem_width=15,
        channels=(64, 80, 96, 128, 160, 208, 256, 320),
        conv_width=5,
        residual_width=0,
        pooling="attention",
        norm="standardized",
        dropout=0.2,
        layers=4,
        heads=8,
        key_width=32,
        features=48,
    )


def paper() -> EnformerConfig:
    """The preset that compares with the interpreter's `paper`: as many parameters at 5,313 tracks, LayerNorm.

    From the paper: 17,408 bp in and 128 bins of 128 bp out, LayerNorm, residual convolutions, relative positions,
    similar parameter counts. From Enformer: the order of its layers, 8 heads, keys of 64 channels, 192 features.
    Ours: the widths, which are those of the interpreter's `paper`, and the number of layers.
    """
    return EnformerConfig(
        stem_width=15,
        channels=(128, 176, 256, 368, 512, 720, 1024, 1456),
        conv_width=5,
        residual_width=1,
        pooling="attention",
        norm="layer",
        dropout=0.0,
        layers=2,
        heads=8,
        key_width=64,
        features=192,
    )


def distance_features(length: int, features: int, *, gamma: GammaScaling = "tensorflow") -> Tensor:
    """Enformer's basis functions of the distance between two tokens, (2 * length - 1, features).

    Rows are the distances 1 - length .. length - 1. A third of the columns decays exponentially, with half-lives from 8
    tokens to the length; a third is 1 up to a distance of 1, 3, 7, .. tokens short of 2 ** i - 1 and 0 beyond; a third
    are gamma densities whose means are evenly spaced over the length, scaled to a maximum of 1: over the distances
    (`gamma` "tensorflow", as the published weights were trained) or, at each distance, over the densities ("pytorch",
    as enformer-pytorch computes it by default). The second half of the columns is the first half times the sign of the
    distance. float32 throughout, as those weights were trained: the densities are differences of large logarithms.
    """
    check_choice("gamma", gamma, GammaScaling)
    each = features // 6
    distance = torch.arange(1 - length, length)
    far = distance.abs()[:, None].float()  # (2L - 1, 1)
    half_life = 2 ** torch.linspace(3.0, math.log2(length), each)
    decay = torch.exp(-math.log(2.0) / half_life * far)
    near = (2 ** torch.arange(1, each + 1).float() - 1 > far).float()
    mean, deviation = torch.linspace(length / each, length, each), length / (2 * each)
    shape, rate = (mean / deviation) ** 2, mean / deviation**2
    log_density = torch.xlogy(shape - 1, far) - rate * far - (torch.lgamma(shape) - shape * torch.log(rate))
    density = torch.exp(log_density) + 1e-8
    density = density / density.amax(0 if gamma == "tensorflow" else 1, keepdim=True)
    symmetric = torch.cat([decay, near, density], dim=1)
    return torch.cat([symmetric, symmetric * distance.sign()[:, None]], dim=1)


class RelativeAttention(nn.Module):
    """Attention of all tokens to all, (B, L, C) -> (B, L, C), without the residual sum.

    score(i, j) = (q_i + u) . k_j + (q_i + w) . r(j - i), with q scaled by 1 / sqrt(D), u and w learned per head, and r
    a linear map of the features of the distance (Transformer-XL, Dai et al. 2019, arXiv 1901.02860).
    """

    features: Tensor

    def __init__(self, channels: int, *, heads: int, key_width: int, features: Tensor) -> None:
        super().__init__()
        self.heads, self.key_width = heads, key_width
        self.register_buffer("features", features, persistent=False)  # (2L - 1, F)
        self.to_q = nn.Linear(channels, heads * key_width, bias=False)
        self.to_k = nn.Linear(channels, heads * key_width, bias=False)
        self.to_v = nn.Linear(channels, channels, bias=False)
        self.to_distance = nn.Linear(features.shape[1], heads * key_width, bias=False)
        self.content_bias = nn.Parameter(torch.zeros(heads, 1, key_width))
        self.distance_bias = nn.Parameter(torch.zeros(heads, 1, key_width))
        self.to_out = nn.Linear(channels, channels)
        nn.init.zeros_(self.to_out.weight)
        nn.init.zeros_(self.to_out.bias)

    def forward(self, x: Tensor) -> Tensor:
        """(B, L, C) -> (B, L, C). L is what `features` were made for."""
        q, k, v = (self._heads(projected) for projected in (self.to_q(x), self.to_k(x), self.to_v(x)))  # (B, A, L, .)
        q = q * self.key_width**-0.5
        distance = self._heads(self.to_distance(self.features)[None])  # (1, A, 2L - 1, D)
        by_distance = (q + self.distance_bias.to(q.dtype)) @ distance.transpose(-1, -2)  # (B, A, L, 2L - 1)
        q = q + self.content_bias.to(q.dtype)
        attended = F.scaled_dot_product_attention(q, k, v, attn_mask=by_column(by_distance), scale=1.0)
        out: Tensor = self.to_out(attended.transpose(1, 2).flatten(2))
        return out

    def _heads(self, x: Tensor) -> Tensor:
        """(B, L, A * D) -> (B, A, L, D)."""
        return torch.unflatten(x, -1, (self.heads, -1)).transpose(1, 2)


def by_column(by_distance: Tensor) -> Tensor:
    """(..., L, 2L - 1) with a column per distance -> (..., L, L) with one per token: [i, j] is that of distance j - i.

    Row i begins L - 1 - i columns in. Read with rows of 2L - 2 from the first token's own distance on, the same numbers
    stand in their columns, without a copy.
    """
    length = by_distance.shape[-2]
    flat = by_distance.flatten(-2)[..., length - 1 :]
    return torch.unflatten(flat[..., : length * (2 * length - 2)], -1, (length, 2 * length - 2))[..., :length]


class EnformerLayer(nn.Module):
    """x + attention(LayerNorm(x)), then x + feed-forward(LayerNorm(x)) of twice the width; (B, L, C) -> (B, L, C)."""

    def __init__(self, channels: int, attention: nn.Module, *, dropout: float, eps: float = 1e-5) -> None:
        super().__init__()
        self.attention_norm, self.norm = nn.LayerNorm(channels, eps), nn.LayerNorm(channels, eps)
        self.attention = attention
        self.expand, self.contract = nn.Linear(channels, 2 * channels), nn.Linear(2 * channels, channels)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """(B, L, C) -> (B, L, C)."""
        x = x + self.dropout(self.attention(self.attention_norm(x)))
        hidden = self.dropout(self.expand(self.norm(x))).relu()
        out: Tensor = x + self.dropout(self.contract(hidden))
        return out


class Enformer(TrackModel):
    """A tower with attention pooling, Transformer layers over all bins, a head per track."""

    def __init__(self, config: EnformerConfig, n_tracks: int) -> None:
        super().__init__(config, n_tracks)
        channels = config.channels[-1]
        features = distance_features(config.geometry.input_bp // config.bin_bp, config.features)
        self.tower = Tower(config)
        self.layers = nn.ModuleList(
            EnformerLayer(
                channels,
                RelativeAttention(channels, heads=config.heads, key_width=config.key_width, features=features),
                dropout=config.dropout,
            )
            for _ in range(config.layers)
        )
        for layer in self.layers:
            _zero_feed_forward(layer)
        self.make_head(channels)

    def trunk(self, one_hot: Tensor) -> Tensor:
        """(B, input_bp, 4) -> (B, input_bp / bin_bp, C)."""
        return self._over_bins(self.tower(one_hot))

    def levels(self, one_hot: Tensor) -> list[Tensor]:
        """See TrackModel."""
        *levels, bins = self.tower.levels(one_hot)
        return [*levels, self._over_bins(bins)]

    def _over_bins(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x)
        return x


def _zero_feed_forward(layer: nn.Module) -> None:
    """Enformer's attention adds nothing at first; here its feed-forward does not either, as in the interpreter."""
    assert isinstance(layer, EnformerLayer)
    nn.init.zeros_(layer.contract.weight)
    nn.init.zeros_(layer.contract.bias)


ARCHITECTURE = Architecture(EnformerConfig, Enformer, {"small": small, "paper": paper})
