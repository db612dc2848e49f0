"""The decoder of pretraining: the trunk's tokens of all resolutions become a prediction for every base.

A U-Net's second half (Ronneberger et al. 2015, arXiv 1505.04597), narrow, so that what is learned is learned by the
trunk. Letters in shapes: B batch, L tokens of a level, C channels, D channels of the decoder.
"""

import copy
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from genint.models.base import TrackModel
from genint.models.layers import convolve, token_conv

_WIDTH = 64  # channels; fewer where tokens are many
_FINEST_WIDTH = 16  # at 1 bp, doubled at each level up to _WIDTH


class MaskedDecoder(nn.Module):
    """Levels as `TrackModel.levels` gives them -> features of every base (B, input_bp, D); `classify` names the base.

    `shapes` are (tokens, channels) of the levels, finest first, for windows of `input_bp`.
    """

    def __init__(self, shapes: list[tuple[int, int]], input_bp: int) -> None:
        super().__init__()
        widths = [min(_FINEST_WIDTH << number, _WIDTH) for number in range(len(shapes))]
        self.skips = nn.ModuleList(
            token_conv(channels, width, 3) for (_, channels), width in zip(shapes, widths, strict=True)
        )
        levels = list(zip((tokens for tokens, _ in shapes), widths, strict=True))
        self.upsamplers = nn.ModuleList(
            Upsampler(coarse_width, width, tokens // coarse_tokens)
            for (tokens, width), (coarse_tokens, coarse_width) in pairwise(levels)
        )
        self.to_bases = Upsampler(widths[0], _FINEST_WIDTH, input_bp // shapes[0][0])
        self.base = nn.Linear(_FINEST_WIDTH, 4)

    def forward(self, levels: list[Tensor]) -> Tensor:
        """[(B, L, C), finest first] -> (B, input_bp, D)."""
        x = convolve(self.skips[-1], levels[-1])
        for number in range(len(levels) - 2, -1, -1):
            x = self.upsamplers[number](x) + convolve(self.skips[number], levels[number])
        features: Tensor = self.to_bases(x)
        return features

    def classify(self, features: Tensor) -> Tensor:
        """Features of any bases (..., D) -> float32 logits of A, C, G and T (..., 4)."""
        logits: Tensor = self.base(F.gelu(features))
        return logits.float()


class Upsampler(nn.Module):
    """LayerNorm, GELU, and a linear map of a token to `factor` tokens: (B, L, C) -> (B, factor * L, O)."""

    def __init__(self, channels: int, out: int, factor: int) -> None:
        super().__init__()
        self.norm, self.expand, self.out = nn.LayerNorm(channels), nn.Linear(channels, factor * out), out

    def forward(self, x: Tensor) -> Tensor:
        """(B, L, C) -> (B, factor * L, O)."""
        expanded: Tensor = self.expand(F.gelu(self.norm(x)))
        return expanded.reshape(len(x), -1, self.out)


def make_decoder(model: TrackModel) -> MaskedDecoder:
    """A new decoder for a model's levels. Parameters that the levels do not depend on, its head's, are frozen."""
    input_bp = model.geometry.input_bp
    shadow = copy.deepcopy(model).to("meta")
    levels = shadow.levels(torch.empty(1, input_bp, 4, device="meta"))
    parameters = dict(shadow.named_parameters())
    gradients = torch.autograd.grad(levels[-1].sum(), list(parameters.values()), allow_unused=True)
    for name, gradient in zip(parameters, gradients, strict=True):
        model.get_parameter(name).requires_grad_(gradient is not None)
    return MaskedDecoder([(level.shape[1], level.shape[2]) for level in levels], input_bp)
