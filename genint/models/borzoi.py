"""Borzoi and Flashzoi as published, so that published weights give published predictions.

Borzoi (Linder et al. 2025, Nature Genetics 57, 949-961) reads 524,288 bp. A convolutional tower goes down to 128 bp,
Transformer layers run there, and two steps up, each joined by the tower's tokens of the same size, lead back to bins of
32 bp, of which the central 6,144 are kept. Flashzoi (Hingerl et al. 2025, Bioinformatics 41, btaf467) is the same with
rotary positions and half as many keys and values as queries. Letters in shapes: B batch, L tokens, C channels, O
channels out.

In training the ports also drop attention weights and distance features at random; here the branches alone are dropped.
"""

from dataclasses import dataclass
from functools import partial
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genint.models.base import Architecture, ModelConfig, TrackModel
from genint.models.enformer import EnformerLayer, RelativeAttention
from genint.models.enformer_original import BatchConvBlock
from genint.models.layers import MaxPool, check_choice, check_positive, convolve, token_conv
from genint.models.rotary import RotaryAttention

Positions = Literal["distance", "rotary"]
EPS = 1e-3  # of every normalisation


def gelu(x: Tensor) -> Tensor:
    """GELU by its approximation with a hyperbolic tangent."""
    return F.gelu(x, approximate="tanh")


@dataclass(frozen=True, kw_only=True)
class BorzoiConfig(ModelConfig):
    """Hyperparameters of a Borzoi; the defaults are the published ones. ValueError if they do not fit."""

    core_bp: int = 196_608
    context_bp: int = 163_840
    bin_bp: int = 32

    channels: tuple[int, ...] = (512, 608, 736, 896, 1056, 1280, 1536)  # of a token of 1 bp, 2 bp, .. 64 bp
    wide: int = 1920  # channels of a bin before the head
    layers: int = 8  # Transformer layers over tokens of 128 bp
    heads: int = 8
    positions: Positions = "distance"  # how attention knows where tokens are: Borzoi's way, or Flashzoi's
    key_width: int = 64  # channels of a head's key, with distances; else, and of its value, channels / heads
    features: int = 32  # of a distance
    reach: int = 4096  # tokens to which the features of a distance reach
    rotary_width: int = 128  # channels of a head that rotate
    dropout: float = 0.2

    def __post_init__(self) -> None:
        super().__post_init__()
        check_positive(self, "wide", "heads", "key_width", "features", "reach", "rotary_width")
        check_choice("positions", self.positions, Positions)
        if len(self.channels) < 3 or 2 ** (len(self.channels) - 2) != self.bin_bp:
            raise ValueError(
                f"{len(self.channels)} channels do not fit bin_bp={self.bin_bp}, which is 2 ** (channels - 2)"
            )
        if self.geometry.input_bp % (4 * self.bin_bp):
            raise ValueError(
                f"core_bp + 2 * context_bp must be a multiple of {4 * self.bin_bp}, a token of the Transformer"
            )
        if self.channels[-1] % self.heads or self.features % 2:
            raise ValueError(
                f"channels[-1]={self.channels[-1]} must be a multiple of heads={self.heads}, features of 2"
            )
        if self.positions == "rotary" and (
            self.heads % 2 or self.rotary_width % 2 or self.rotary_width > self.head_width
        ):
            raise ValueError(
                f"rotary positions need an even number of heads and an even rotary_width of at most {self.head_width}, "
                f"not heads={self.heads} and rotary_width={self.rotary_width}"
            )

    @property
    def head_width(self) -> int:
        """Channels of a head's value."""
        return self.channels[-1] // self.heads

    @property
    def tokens(self) -> int:
        """Tokens that attention sees."""
        return self.geometry.input_bp // (4 * self.bin_bp)


def flashzoi() -> BorzoiConfig:
    """The published Flashzoi."""
    return BorzoiConfig(positions="rotary")


def nearness_features(length: int, features: int, reach: int) -> Tensor:
    """Borzoi's basis functions of the distance between two tokens, (2 * length - 1, features).

    Rows are the distances 1 - length .. length - 1. Half of the columns are 1 where the distance is below
    (reach + 1) ** (i / half) - 1 tokens, i = 1 .. half, and 0 beyond; the others are the same times its sign.
    """
    half = features // 2
    distance = torch.arange(1 - length, length)
    widths = (reach + 1) ** (torch.arange(1, half + 1) / half) - 1
    near = (widths > distance.abs()[:, None]).float()  # (2L - 1, half)
    return torch.cat([near, near * distance.sign()[:, None]], dim=1)


class StepUp(nn.Module):
    """Twice as many tokens, to each of which one from below and one from the tower is added, and a convolution.

    (B, L, C), (B, 2L, O) -> (B, 2L, C). The convolution is separable: over 3 tokens in each channel, then across them.
    """

    def __init__(self, channels: int, beside: int) -> None:
        super().__init__()
        self.below = BatchConvBlock(channels, channels, 1, gelu=gelu, eps=EPS)
        self.beside = BatchConvBlock(beside, channels, 1, gelu=gelu, eps=EPS)
        self.depthwise = token_conv(channels, channels, 3, groups=channels)
        self.depthwise.bias = None
        self.pointwise = token_conv(channels, channels, 1)

    def forward(self, x: Tensor, tower: Tensor) -> Tensor:
        """(B, L, C), (B, 2L, O) -> (B, 2L, C)."""
        joined = self.below(x).repeat_interleave(2, dim=1) + self.beside(tower)
        return convolve(self.pointwise, convolve(self.depthwise, joined))


class Borzoi(TrackModel):
    """Borzoi with the tracks of one of its heads."""

    def __init__(self, config: BorzoiConfig, n_tracks: int) -> None:
        super().__init__(config, n_tracks)
        channels = config.channels[-1]
        self.stem = token_conv(4, config.channels[0], 15)
        self.tower = nn.ModuleList(
            BatchConvBlock(before, after, 5, gelu=gelu, eps=EPS)
            for before, after in zip(config.channels, config.channels[1:], strict=False)
        )
        self.pool = MaxPool()
        attention = distance_attention(config) if config.positions == "distance" else partial(rotary_attention, config)
        self.layers = nn.ModuleList(
            EnformerLayer(channels, attention(), dropout=config.dropout, eps=EPS) for _ in range(config.layers)
        )
        self.up = nn.ModuleList(StepUp(channels, beside) for beside in (channels, config.channels[-2]))
        self.wide = BatchConvBlock(channels, config.wide, 1, gelu=gelu, eps=EPS)
        self.dropout = nn.Dropout(config.dropout / 2)
        self.head = nn.Linear(config.wide, n_tracks)

    def trunk(self, one_hot: Tensor) -> Tensor:
        """(B, input_bp, 4) -> (B, input_bp / bin_bp, C)."""
        x = convolve(self.stem, one_hot)  # (B, input_bp, C)
        tower: list[Tensor] = []
        for block in self.tower:
            x = block(self.pool(x))
            tower = [*tower[-1:], x]  # the last two: in the end tokens of bin_bp and of 2 * bin_bp
        x = self.pool(x)  # (B, input_bp / (4 * bin_bp), C)
        for layer in self.layers:
            x = layer(x)
        pairs, bins = self.up
        joined: Tensor = bins(pairs(x, tower[1]), tower[0])
        return joined

    def output_head(self, bins: Tensor) -> Tensor:
        """Bins of the core (B, core_bins, C) -> float32 (B, core_bins, T)."""
        return self.to_tracks(gelu(self.dropout(self.wide(bins))))


def distance_attention(config: BorzoiConfig) -> "partial[RelativeAttention]":
    """Borzoi's attention, to be called once for each layer; all share the features of distances."""
    features = nearness_features(config.tokens, config.features, config.reach)
    return partial(
        RelativeAttention, config.channels[-1], heads=config.heads, key_width=config.key_width, features=features
    )


def rotary_attention(config: BorzoiConfig) -> RotaryAttention:
    """Flashzoi's attention."""
    return RotaryAttention(
        config.channels[-1],
        heads=config.heads,
        key_heads=config.heads // 2,
        rotary_width=config.rotary_width,
        base=20_000,
        length=config.tokens,
    )


ARCHITECTURE = Architecture(BorzoiConfig, Borzoi, {"published": BorzoiConfig, "flashzoi": flashzoi})
