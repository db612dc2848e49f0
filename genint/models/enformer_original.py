"""Enformer exactly as published, so that published weights give published predictions.

After Avsec et al. 2021 (Nature Methods 18, 1196-1203) and its code: batch normalisation, a GELU by its sigmoid
approximation, a residual convolution over 1 token in every stage, attention pooling, and a wide pointwise layer before
the head. It reads 196,608 bp and predicts the central 114,688. `enformer.py` has the same kind of model for other
geometries. Letters in shapes: B batch, L tokens, C channels, O channels out.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from genint.models.base import Architecture, ModelConfig, TrackModel
from genint.models.enformer import EnformerLayer, GammaScaling, RelativeAttention, distance_features
from genint.models.layers import AttentionPool, check_choice, check_positive, convolve, token_conv


@dataclass(frozen=True, kw_only=True)
class PublishedConfig(ModelConfig):
    """Hyperparameters of an Enformer; the defaults are the published ones. ValueError if they do not fit."""

    core_bp: int = 114_688
    context_bp: int = 40_960

    channels: tuple[int, ...] = (768, 768, 896, 1024, 1152, 1280, 1536)  # of a token in each stage, then of a bin
    layers: int = 11  # Transformer layers over bins
    heads: int = 8
    key_width: int = 64  # channels of a head's key; of its value, and features of a distance: channels / heads
    dropout: float = 0.4
    gamma: GammaScaling = "tensorflow"  # scaling of distance features; see `distance_features`

    def __post_init__(self) -> None:
        super().__post_init__()
        check_positive(self, "heads", "key_width")
        if 2 ** len(self.channels) != self.bin_bp:
            raise ValueError(f"channels={self.channels} need bin_bp={2 ** len(self.channels)}, not {self.bin_bp}")
        if self.channels[-1] % (6 * self.heads):
            raise ValueError(f"channels[-1]={self.channels[-1]} must be a multiple of 6 * heads={self.heads}")
        check_choice("gamma", self.gamma, GammaScaling)


def sigmoid_gelu(x: Tensor) -> Tensor:
    """x times the sigmoid of 1.702 x, which Enformer takes for GELU."""
    return x * torch.sigmoid(1.702 * x)


class TokenBatchNorm(nn.BatchNorm1d):
    """Batch normalisation of channels that come last: (B, L, C) -> (B, L, C)."""

    def forward(self, x: Tensor) -> Tensor:
        """(B, L, C) -> (B, L, C)."""
        return super().forward(x.transpose(1, 2)).transpose(1, 2)


class BatchConvBlock(nn.Module):
    """Batch normalisation, GELU as `gelu` has it, a convolution: (B, L, C) -> (B, L, O)."""

    def __init__(
        self, channels: int, out: int, width: int, *, gelu: Callable[[Tensor], Tensor] = sigmoid_gelu, eps: float = 1e-5
    ) -> None:
        super().__init__()
        self.norm = TokenBatchNorm(channels, eps)
        self.conv = token_conv(channels, out, width)
        self.gelu = gelu

    def forward(self, x: Tensor) -> Tensor:
        """(B, L, C) -> (B, L, O)."""
        return convolve(self.conv, self.gelu(self.norm(x)))


class PublishedStage(nn.Module):
    """A convolution to the next width (the first stage has the stem for it), a residual one, attention pooling."""

    def __init__(self, channels: int | None, out: int) -> None:
        super().__init__()
        self.conv = BatchConvBlock(channels, out, 5) if channels else None
        self.residual = BatchConvBlock(out, out, 1)
        self.pool = AttentionPool(out)

    def forward(self, x: Tensor) -> Tensor:
        """(B, L, C) -> (B, L / 2, O)."""
        if self.conv is not None:
            x = self.conv(x)
        pooled: Tensor = self.pool(x + self.residual(x))
        return pooled


class PublishedEnformer(TrackModel):
    """Enformer with the tracks of one of its heads."""

    def __init__(self, config: PublishedConfig, n_tracks: int) -> None:
        super().__init__(config, n_tracks)
        bins, channels = config.geometry.input_bp // config.bin_bp, config.channels[-1]
        features = distance_features(bins, channels // config.heads, gamma=config.gamma)
        self.stem = token_conv(4, config.channels[0], 15)
        self.stages = nn.ModuleList(
            PublishedStage(before, after)
            for before, after in zip((None, *config.channels[:-1]), config.channels, strict=True)
        )
        self.layers = nn.ModuleList(
            EnformerLayer(
                channels,
                RelativeAttention(channels, heads=config.heads, key_width=config.key_width, features=features),
                dropout=config.dropout,
            )
            for _ in range(config.layers)
        )
        self.wide = BatchConvBlock(channels, 2 * channels, 1)
        self.dropout = nn.Dropout(config.dropout / 8)
        self.head = nn.Linear(2 * channels, n_tracks)

    def trunk(self, one_hot: Tensor) -> Tensor:
        """(B, input_bp, 4) -> (B, input_bp / bin_bp, C)."""
        x = convolve(self.stem, one_hot)  # (B, input_bp, C)
        for layer in (*self.stages, *self.layers):
            x = layer(x)
        return x

    def output_head(self, bins: Tensor) -> Tensor:
        """Bins of the core (B, core_bins, C) -> float32 (B, core_bins, T)."""
        return self.to_tracks(sigmoid_gelu(self.dropout(self.wide(bins))))


ARCHITECTURE = Architecture(PublishedConfig, PublishedEnformer, {"published": PublishedConfig})
