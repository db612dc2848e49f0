"""What every model is: DNA in, a value per bin and track out.

Letters in shapes: B batch, L tokens, C channels, T tracks.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass

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
    """The numbers that every model has; each architecture adds its own. ValueError if they do not fit together."""

    core_bp: int = 16_384  # DNA that gets an answer
    context_bp: int = 512  # DNA read on each side of it
    bin_bp: int = 128  # DNA per answer

    def __post_init__(self) -> None:
        if self.geometry.context_bp % self.bin_bp:
            raise ValueError(f"context_bp={self.context_bp} must be a multiple of bin_bp={self.bin_bp}")

    @property
    def geometry(self) -> Geometry:
        """What goes in and what comes out, in bases."""
        return Geometry(core_bp=self.core_bp, context_bp=self.context_bp, bin_bp=self.bin_bp)


class TrackModel(nn.Module, ABC):
    """Predict tracks from DNA: uint8 tokens (B, input_bp) -> float32 (B, core_bins, T), never negative.

    Tokens 0, 1, 2, 3 are A, C, G, T; every other value reads as "no base", a column of zeros. A subclass turns DNA into
    bins with its own layers and then calls `add_head`, or makes `head` itself and answers in its own way.
    """

    letters: Tensor
    norm: nn.Module
    head: nn.Linear

    def __init__(self, geometry: Geometry, n_tracks: int) -> None:
        super().__init__()
        if n_tracks < 1:
            raise ValueError(f"n_tracks={n_tracks} must be at least 1")
        self.geometry, self.n_tracks = geometry, n_tracks
        self.register_buffer("letters", torch.arange(4, dtype=torch.uint8), persistent=False)

    @property
    @abstractmethod
    def receptive_bp(self) -> int:
        """Bases whose letters can change the answer for a bin far from the tile's ends."""

    def add_head(self, channels: int) -> None:
        """LayerNorm and a linear layer per track, for bins of so many channels."""
        self.norm = nn.LayerNorm(channels)
        self.head = nn.Linear(channels, self.n_tracks)

    def read(self, tokens: Tensor) -> Tensor:
        """uint8 (B, input_bp) -> one-hot (B, input_bp, 4). ValueError for another length."""
        if tokens.ndim != 2 or tokens.shape[1] != self.geometry.input_bp:
            raise ValueError(f"tokens of shape {tuple(tokens.shape)}, expected (batch, {self.geometry.input_bp})")
        return (tokens[:, :, None] == self.letters).to(self.head.weight.dtype)

    def crop(self, bins: Tensor) -> Tensor:
        """(B, input_bp / bin_bp, C) -> (B, core_bins, C)."""
        context = self.geometry.context_bp // self.geometry.bin_bp
        return bins[:, context : bins.shape[1] - context]

    def answer(self, bins: Tensor) -> Tensor:
        """Bins of the whole tile (B, input_bp / bin_bp, C) -> float32 (B, core_bins, T)."""
        return self.positive(F.gelu(self.norm(self.crop(bins))))

    def positive(self, x: Tensor) -> Tensor:
        """The head and softplus, in float32: (B, core_bins, C) -> (B, core_bins, T)."""
        with full_precision(x.device):
            return softplus(self.head(x.float()))

    @torch.no_grad()
    def start_at(self, means: Tensor) -> None:
        """Before training: make the untrained prediction of every track its mean, so that training starts from there.

        `means` are (T,), positive, in the units of the loss. ValueError for another shape.
        """
        if means.shape != self.head.bias.shape:
            raise ValueError(f"means of shape {tuple(means.shape)}, expected ({len(self.head.bias)},)")
        self.head.weight.mul_(0.1)
        self.head.bias.copy_(means.clamp(min=1e-3).expm1().log())  # the inverse of softplus


def count_parameters(model: nn.Module) -> int:
    """Numbers that training adjusts."""
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
