"""What is explained: one number of a window's prediction."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from genint.models.base import TrackModel


@dataclass(frozen=True)
class Target:
    """log(1 + sum over some bins and tracks), a number per window, in natural logarithms of the model's own scale.

    On that scale no value is below 0. `bins` are those of the core, `columns` those of the model's tracks.
    """

    bins: slice
    columns: tuple[int, ...]

    def score(self, module: TrackModel, dna: Tensor) -> Tensor:
        """DNA as the model takes it -> (B,)."""
        return self.score_trunk(module, module.trunk(module.one_hot(dna)))

    def score_trunk(self, module: TrackModel, bins: Tensor) -> Tensor:
        """What the trunk makes of DNA, (B, input_bp / bin_bp, C) -> (B,)."""
        return self.score_tracks(module.output_head(module.crop(bins)[:, self.bins]))

    def score_tracks(self, tracks: Tensor) -> Tensor:
        """(B, bins of the target, T) -> (B,)."""
        chosen = tracks[..., list(self.columns)]
        if chosen.device.type != "mps":  # which has no float64; effects of mutants lie in the last digits of float32
            chosen = chosen.double()
        return torch.log1p(chosen.sum((1, 2)))


def all_bins(module: TrackModel, columns: Sequence[int]) -> Target:
    """The target of a window's whole core."""
    return Target(slice(0, module.geometry.core_bins), tuple(columns))
