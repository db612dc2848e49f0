"""The three convolutional systems that the paper compares with: MaxPoolCNN, AttPoolCNN and AttPoolDilate.

A tower of convolutions halves the tokens K times, by the maximum of pairs or by attention pooling; residual
convolutions over bins follow, plain or dilated; then the crop and the head of every model here. After Li et al. 2023
(arXiv 2306.05143, section 4.1 and appendices B and D), who give no widths; those here are chosen for an equal number of
parameters. Letters in shapes: B batch, L tokens, C channels, O channels out.
"""

from dataclasses import dataclass
from functools import partial
from typing import Literal, NamedTuple

import torch.nn.functional as F
from torch import Tensor, nn

from genint.models.base import Architecture, ModelConfig, TrackModel
from genint.models.layers import (
    AttentionPool,
    FeedForward,
    MaxPool,
    StandardizedConv,
    check_choice,
    convolve,
    token_conv,
)

Pooling = Literal["max", "attention"]
Norm = Literal["layer", "standardized"]


class System(NamedTuple):
    """In what the three systems differ."""

    pooling: Pooling
    dilated: bool


SYSTEMS = {
    "maxpool-cnn": System("max", False),
    "attpool-cnn": System("attention", False),
    "attpool-dilate": System("attention", True),
}


@dataclass(frozen=True, kw_only=True)
class TowerConfig(ModelConfig):
    """Hyperparameters of a convolutional tower. Bins hold 2 ** (stages) bases. Raises ValueError if they do not fit."""

    stem_width: int  # bases that the first convolution spans
    channels: tuple[int, ...]  # of a token in each stage, and then of a bin: one entry more than there are stages
    conv_width: int  # tokens that the convolution of a stage spans
    residual_width: int  # tokens that a stage's residual convolution spans; 0: there is none
    pooling: Pooling  # "max" or "attention"; see `MaxPool` and `AttentionPool`
    norm: Norm  # "layer": LayerNorm before every convolution. "standardized": `StandardizedConv` in its place
    dropout: float  # of the layers over bins

    def __post_init__(self) -> None:
        super().__post_init__()
        stages = len(self.channels) - 1
        check_choice("pooling", self.pooling, Pooling)
        check_choice("norm", self.norm, Norm)
        if 2**stages != self.bin_bp:
            raise ValueError(f"channels={self.channels} make {stages} stages, bin_bp={self.bin_bp} needs 2 ** stages")
        for name in ("stem_width", "conv_width", "residual_width"):
            width = getattr(self, name)
            if width % 2 == 0 and (name, width) != ("residual_width", 0):
                raise ValueError(f"{name}={width} must be odd")


@dataclass(frozen=True, kw_only=True)
class CnnConfig(TowerConfig):
    """Hyperparameters of the three systems."""

    final_width: int  # bins that a residual convolution spans
    final_hidden: int  # its channels, before a linear layer back
    final_dilations: tuple[int, ...]  # bins between its inputs: one residual convolution per entry

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.final_width % 2 == 0:
            raise ValueError(f"final_width={self.final_width} must be odd")


def small(system: System) -> CnnConfig:
    """The preset that compares with the interpreter's `small`: as many parameters, and the same choices where it can.

    Those are the stem over 15 bases, standardised convolutions without normalised activations, max-pooling merges
    (where the system does not pool by attention), residual branches over bins that start at zero, and dropout. What its
    attention costs the interpreter is spent on wider layers.
    """
    return CnnConfig(
        stem_width=15,
        channels=(64, 80, 96, 128, 160, 208, 256, 320),
        conv_width=5,
        residual_width=0,
        pooling=system.pooling,
        norm="standardized",
        dropout=0.2,
        final_width=3,
        final_hidden=400,
        final_dilations=(1, 2, 4, 8, 16, 32) if system.dilated else (1,) * 6,
    )


def paper(system: System) -> CnnConfig:
    """The preset that compares with the interpreter's `paper`: as many parameters at 5,313 tracks, LayerNorm.

    From the paper: 17,408 bp in and 128 bins of 128 bp out, LayerNorm, residual convolutions, similar parameter counts.
    After Enformer: a stem over 15 bases, convolutions over 5 tokens, each followed by a residual one over 1 token.
    Ours: the widths, which are those of the interpreter's `paper`, and the five residual convolutions over bins.
    """
    return CnnConfig(
        stem_width=15,
        channels=(128, 176, 256, 368, 512, 720, 1024, 1456),
        conv_width=5,
        residual_width=1,
        pooling=system.pooling,
        norm="layer",
        dropout=0.0,
        final_width=3,
        final_hidden=1024,
        final_dilations=(1, 2, 4, 8, 16) if system.dilated else (1,) * 5,
    )


class ConvBlock(nn.Module):
    """LayerNorm (with `norm` "layer"), GELU and a convolution: (B, L, C) -> (B, L, O)."""

    def __init__(
        self, channels: int, out: int, width: int, *, norm: Norm, dilation: int = 1, gain: float = 1.0
    ) -> None:
        super().__init__()
        self.norm: nn.Module = nn.LayerNorm(channels) if norm == "layer" else nn.Identity()
        self.conv = tower_conv(channels, out, width, norm=norm, dilation=dilation, gain=gain)

    def forward(self, x: Tensor) -> Tensor:
        """(B, L, C) -> (B, L, O)."""
        return convolve(self.conv, F.gelu(self.norm(x)))


def tower_conv(channels: int, out: int, width: int, *, norm: Norm, dilation: int = 1, gain: float = 1.0) -> nn.Conv2d:
    """The convolution that goes with a `norm`; `gain` is the norm of a standardised one's filters at the start."""
    if norm == "standardized":
        return StandardizedConv(channels, out, width, dilation=dilation, gain=gain)
    return token_conv(channels, out, width, dilation=dilation)


class Stage(nn.Module):
    """A convolution to the next width, perhaps a residual one, pooling of pairs: (B, L, C) -> (B, L / 2, O)."""

    def __init__(self, config: TowerConfig, index: int) -> None:
        super().__init__()
        channels, out = config.channels[index : index + 2]
        self.conv = ConvBlock(channels, out, config.conv_width, norm=config.norm, gain=2.0)
        self.residual = ConvBlock(out, out, config.residual_width, norm=config.norm) if config.residual_width else None
        self.pool = MaxPool() if config.pooling == "max" else AttentionPool(out)

    def forward(self, x: Tensor) -> Tensor:
        """(B, L, C) -> (B, L / 2, O)."""
        pooled: Tensor = self.pool(self.before_pool(x))
        return pooled

    def before_pool(self, x: Tensor) -> Tensor:
        """(B, L, C) -> (B, L, O)."""
        x = self.conv(x)
        if self.residual is not None:
            x = x + self.residual(x)
        return x


class Tower(nn.Module):
    """One-hot DNA (B, input_bp, 4) -> bins (B, input_bp / bin_bp, C)."""

    def __init__(self, config: TowerConfig) -> None:
        super().__init__()
        self.stem = tower_conv(4, config.channels[0], config.stem_width, norm=config.norm, gain=2.0)
        self.stages = nn.ModuleList(Stage(config, index) for index in range(len(config.channels) - 1))

    def forward(self, one_hot: Tensor) -> Tensor:
        """(B, input_bp, 4) -> (B, input_bp / bin_bp, C)."""
        x = convolve(self.stem, one_hot)
        for stage in self.stages:
            x = stage(x)
        return x

    def levels(self, one_hot: Tensor) -> list[Tensor]:
        """The tokens of each stage before they are pooled, at 1, 2, 4, ... bp, then the bins."""
        x, levels = convolve(self.stem, one_hot), []
        for stage in self.stages:
            assert isinstance(stage, Stage)
            levels.append(stage.before_pool(x))
            x = stage.pool(levels[-1])
        return [*levels, x]


def tower_reach(config: TowerConfig, bins: int = 1) -> int:
    """Bases that `bins` consecutive bins of a tower see."""
    tokens, around = bins, config.conv_width - 1 + max(config.residual_width - 1, 0)
    for _ in config.channels[1:]:
        tokens = 2 * tokens + around
    return tokens + config.stem_width - 1


class Cnn(TrackModel):
    """MaxPoolCNN, AttPoolCNN or AttPoolDilate, by its config: a tower, then residual convolutions over bins."""

    config: CnnConfig

    def __init__(self, config: CnnConfig, n_tracks: int) -> None:
        super().__init__(config, n_tracks)
        self.tower = Tower(config)
        self.final = nn.ModuleList(_final_layer(config, dilation) for dilation in config.final_dilations)
        self.make_head(config.channels[-1])

    @property
    def receptive_field_bp(self) -> int:
        """Bases that can change the prediction for a bin far from the input's ends."""
        bins = 1 + (self.config.final_width - 1) * sum(self.config.final_dilations)
        return min(tower_reach(self.config, bins), self.geometry.input_bp)

    def trunk(self, one_hot: Tensor) -> Tensor:
        """(B, input_bp, 4) -> (B, input_bp / bin_bp, C)."""
        return self._over_bins(self.tower(one_hot))

    def levels(self, one_hot: Tensor) -> list[Tensor]:
        """See TrackModel."""
        *levels, bins = self.tower.levels(one_hot)
        return [*levels, self._over_bins(bins)]

    def _over_bins(self, x: Tensor) -> Tensor:
        for layer in self.final:
            x = x + layer(x)
        return x


def _final_layer(config: CnnConfig, dilation: int) -> nn.Module:
    """A residual branch over bins: a convolution to the hidden width, GELU, back to the channels, dropout."""
    channels, hidden, width = config.channels[-1], config.final_hidden, config.final_width
    if config.norm == "standardized":
        return FeedForward(
            channels,
            hidden,
            kind="conv",
            conv_width=width,
            dilation=dilation,
            dropout=config.dropout,
            residual_scale=1.0,
        )
    return nn.Sequential(
        ConvBlock(channels, hidden, width, norm=config.norm, dilation=dilation),
        ConvBlock(hidden, channels, 1, norm=config.norm),
        nn.Dropout(config.dropout),
    )


ARCHITECTURES = {
    name: Architecture(CnnConfig, Cnn, {"small": partial(small, system), "paper": partial(paper, system)})
    for name, system in SYSTEMS.items()
}
