"""A model whose answers are known: it counts a motif, on either strand, in every bin."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from genint.genome.fasta import Assembly
from genint.models.base import ModelConfig, TrackModel
from genint.models.folder import Model
from genint.tracks.table import Track, TrackTable

MOTIF, OTHER_STRAND = "TTACCCG", "CGGGTAA"


@dataclass(frozen=True, kw_only=True)
class CounterConfig(ModelConfig):
    core_bp: int = 2_048
    context_bp: int = 128
    bin_bp: int = 64


class MotifCounter(TrackModel):
    """Track 0 counts MOTIF in the bin that holds its middle base, track 1 its reverse complement."""

    def __init__(self) -> None:
        super().__init__(CounterConfig(), 2)
        kernels = torch.stack([F.one_hot(torch.tensor(["ACGT".index(base) for base in word]), 4) for word in WORDS])
        self.register_buffer("kernels", kernels.transpose(1, 2).float())
        self.make_head(2)

    def trunk(self, one_hot: Tensor) -> Tensor:
        matches = F.conv1d(one_hot.transpose(1, 2), self.get_buffer("kernels"), padding=len(MOTIF) // 2)  # (B, 2, L)
        found = (matches == len(MOTIF)).float()
        return found.unflatten(2, (-1, self.config.bin_bp)).sum(3).transpose(1, 2)

    def output_head(self, bins: Tensor) -> Tensor:
        return bins


WORDS = (MOTIF, OTHER_STRAND)


def counter_model() -> Model:
    """Its coverage is the count."""
    tracks = TrackTable(
        Track(identifier=name, description=f"CAGE:{name}", sum_stat="mean", strand_pair=pair)
        for name, pair in (("plus", "minus"), ("minus", "plus"))
    )
    return Model(
        name="counter",
        architecture="counter",
        config=CounterConfig(),
        module=MotifCounter().eval(),
        tracks=tracks,
        assembly=Assembly("made up", {}),
        digest="0" * 64,
        training={},
    )
