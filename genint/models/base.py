"""What every model is: DNA in, a value per bin and track out.

Letters in shapes: B batch, L tokens, C channels, T tracks.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genint.genome.grid import Geometry
from genint.models.layers import full_precision


def softplus(x: Tensor) -> Tensor:
    """log(1 + exp(x)) in float32, the same for an element wherever it lies in the tensor.

    PyTorch's vector code and its scalar code for the remainder differ in the last bit of float32. In float64 they do so
    where rounding hides it; MPS has no float64.
    """
    return F.softplus(x) if x.device.type == "mps" else F.softplus(x.double()).float()


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """Hyperparameters that every model has; each architecture adds its own. ValueError if they do not fit together."""

    core_bp: int = 16_384  # DNA that is predicted
    context_bp: int = 512  # DNA read on each side of it
    bin_bp: int = 128  # DNA per predicted value

    def __post_init__(self) -> None:
        if self.geometry.context_bp % self.bin_bp:
            raise ValueError(f"context_bp={self.context_bp} must be a multiple of bin_bp={self.bin_bp}")

    @property
    def geometry(self) -> Geometry:
        """What goes in and what comes out, in bases."""
        return Geometry(core_bp=self.core_bp, context_bp=self.context_bp, bin_bp=self.bin_bp)


class TrackModel(nn.Module, ABC):
    """Predict tracks from DNA: (B, input_bp) or (B, input_bp, 4) -> float32 (B, core_bins, T), never negative.

    `forward` is output_head(crop(trunk(one_hot(dna)))). An architecture writes `trunk` and, at the end of its
    `__init__`, calls `make_head` with the number of channels that its trunk gives.
    """

    base_codes: Tensor
    norm: nn.Module
    head: nn.Linear

    def __init__(self, config: ModelConfig, n_tracks: int) -> None:
        super().__init__()
        if n_tracks < 1:
            raise ValueError(f"n_tracks={n_tracks} must be at least 1")
        self.config, self.geometry, self.n_tracks = config, config.geometry, n_tracks
        self.register_buffer("base_codes", torch.arange(4, dtype=torch.uint8), persistent=False)

    def make_head(self, channels: int) -> None:
        """Add LayerNorm and a linear layer per track, for bins of so many channels."""
        self.norm = nn.LayerNorm(channels)
        self.head = nn.Linear(channels, self.n_tracks)

    @abstractmethod
    def trunk(self, one_hot: Tensor) -> Tensor:
        """One-hot DNA (B, input_bp, 4) -> bins (B, input_bp / bin_bp, C)."""

    def levels(self, one_hot: Tensor) -> list[Tensor]:
        """The trunk's tokens at every resolution it has, finest first, each (B, tokens, C); the last are its bins.

        Pretraining predicts bases from them. The bins alone, unless overridden.
        """
        return [self.trunk(one_hot)]

    @property
    def receptive_field_bp(self) -> int:
        """Bases that can change the prediction for a bin far from the input's ends; the input, unless overridden."""
        return self.geometry.input_bp

    def forward(self, dna: Tensor) -> Tensor:
        """DNA as `one_hot` takes it -> float32 (B, core_bins, T)."""
        return self.output_head(self.crop(self.trunk(self.one_hot(dna))))

    def one_hot(self, dna: Tensor) -> Tensor:
        """uint8 tokens (B, input_bp), or one-hot DNA (B, input_bp, 4) of any float type -> (B, input_bp, 4).

        Tokens 0, 1, 2, 3 are A, C, G, T; every other one is an unknown base, a row of zeros. One-hot DNA keeps its
        gradient and may be fractional, from 0 to 1. ValueError for another type or shape, or values outside 0 to 1.
        """
        length = self.geometry.input_bp
        if dna.dtype == torch.uint8 and dna.shape[1:] == (length,):
            return (dna[:, :, None] == self.base_codes).to(self.head.weight.dtype)
        if not dna.is_floating_point() or dna.shape[1:] != (length, 4):
            raise ValueError(
                f"dna is {dna.dtype} of shape {tuple(dna.shape)}, expected uint8 tokens (batch, {length}) "
                f"or one-hot floats (batch, {length}, 4)"
            )
        has_values = not dna.is_meta and not torch.compiler.is_compiling()
        if has_values and not bool(((dna >= 0) & (dna <= 1)).all()):
            raise ValueError("one-hot dna has values that are not between 0 and 1")
        return dna.to(self.head.weight.dtype)

    def crop(self, bins: Tensor) -> Tensor:
        """(B, input_bp / bin_bp, C) -> (B, core_bins, C)."""
        context = self.geometry.context_bp // self.geometry.bin_bp
        return bins[:, context : bins.shape[1] - context]

    def output_head(self, bins: Tensor) -> Tensor:
        """Bins of the core (B, core_bins, C) -> float32 (B, core_bins, T)."""
        return self.to_tracks(F.gelu(self.norm(bins)))

    def to_tracks(self, x: Tensor) -> Tensor:
        """The linear layer per track and softplus, in float32: (B, core_bins, C) -> (B, core_bins, T)."""
        with full_precision(x.device):
            return softplus(self.head(x.float()))

    @torch.no_grad()
    def init_output_bias(self, means: Tensor) -> None:
        """Before training: make the untrained prediction of every track its mean, so that training starts from there.

        `means` are (T,), positive, in the units of the loss. ValueError for another shape.
        """
        if means.shape != self.head.bias.shape:
            raise ValueError(f"means of shape {tuple(means.shape)}, expected ({len(self.head.bias)},)")
        self.head.weight.mul_(0.1)
        means = means.clamp(min=1e-3)
        self.head.bias.copy_(means + torch.log(-torch.expm1(-means)))  # the inverse of softplus, for large means, too

    def trunk_weights(self) -> dict[str, Tensor]:
        """The weights that do not depend on the tracks: the state_dict but for the linear layer per track."""
        of_tracks = {f"head.{name}" for name in self.head.state_dict()}
        return {name: tensor for name, tensor in self.state_dict().items() if name not in of_tracks}

    def load_trunk(self, weights: Mapping[str, Tensor]) -> None:
        """Copy `trunk_weights` of a model with the same config and any tracks. RuntimeError for another config."""
        of_tracks = {f"head.{name}": tensor for name, tensor in self.head.state_dict().items()}
        self.load_state_dict({**weights, **of_tracks})

    def freeze_trunk(self) -> None:
        """Let training change the linear layer per track alone."""
        self.eval().requires_grad_(False)  # eval: no dropout, and batch statistics stay what they are
        self.head.train().requires_grad_(True)


@dataclass(frozen=True)
class Architecture:
    """A kind of model: its config class, its module (config, number of tracks), and presets by name.

    `without_attention`, where there is attention to leave out: the config of a model that is the same but for it. Its
    weights go by the same names.
    """

    config: type[ModelConfig]
    module: Callable[[Any, int], TrackModel]
    presets: Mapping[str, Callable[[], ModelConfig]]
    without_attention: Callable[[Any], ModelConfig] | None = None


def count_parameters(model: nn.Module) -> int:
    """The number of trainable parameters."""
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
