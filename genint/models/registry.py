"""The architectures there are, each with its config, its module and its presets."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from genint.models import cnn, enformer, interpreter
from genint.models import enformer_original as published
from genint.models.base import ModelConfig, TrackModel


@dataclass(frozen=True)
class Architecture:
    """A kind of model: its config class, its module (config, number of tracks), and presets by name."""

    config: type[ModelConfig]
    module: Callable[[Any, int], TrackModel]
    presets: Mapping[str, Callable[[], ModelConfig]]


ARCHITECTURES = {
    "interpreter": Architecture(
        interpreter.InterpreterConfig,
        interpreter.GenomicInterpreter,
        {"small": interpreter.small, "paper": interpreter.paper},
    ),
    **{
        name: Architecture(
            cnn.CnnConfig, cnn.Cnn, {"small": partial(cnn.small, system), "paper": partial(cnn.paper, system)}
        )
        for name, system in cnn.SYSTEMS.items()
    },
    "enformer": Architecture(
        enformer.EnformerConfig, enformer.Enformer, {"small": enformer.small, "paper": enformer.paper}
    ),
    "enformer-published": Architecture(
        published.PublishedConfig, published.PublishedEnformer, {"published": published.PublishedConfig}
    ),
}


def build(architecture: str, config: ModelConfig, n_tracks: int) -> TrackModel:
    """A new module with fresh weights."""
    return ARCHITECTURES[architecture].module(config, n_tracks)
