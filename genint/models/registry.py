"""The architectures there are. A new one is a file that defines its `Architecture`, and a line here."""

from genint.models import borzoi, cnn, enformer, enformer_original, interpreter
from genint.models.base import Architecture, ModelConfig, TrackModel

ARCHITECTURES: dict[str, Architecture] = {
    "interpreter": interpreter.ARCHITECTURE,
    **cnn.ARCHITECTURES,
    "enformer": enformer.ARCHITECTURE,
    "enformer-published": enformer_original.ARCHITECTURE,
    "borzoi": borzoi.ARCHITECTURE,
}


def build(architecture: str, config: ModelConfig, n_tracks: int) -> TrackModel:
    """A new module with fresh weights."""
    return ARCHITECTURES[architecture].module(config, n_tracks)
