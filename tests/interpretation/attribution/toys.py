"""Tiny models of every architecture, with random weights that all do something, and DNA for them."""

from typing import Any

import torch
from torch import Tensor

from genint.models.base import TrackModel
from genint.models.cnn import SYSTEMS, Cnn, CnnConfig
from genint.models.enformer import Enformer, EnformerConfig
from genint.models.enformer_original import PublishedConfig, PublishedEnformer
from genint.models.interpreter import GenomicInterpreter
from tests.conftest import tiny_config

TRACKS = 3
CHANNELS = (4, 4, 4, 6, 6, 6, 6, 6)
TOWER: dict[str, Any] = {"core_bp": 1_024, "context_bp": 128, "stem_width": 5, "channels": CHANNELS, "conv_width": 5}
OVER_BINS: dict[str, Any] = {"final_width": 3, "final_hidden": 4, "final_dilations": (1, 2), "dropout": 0.1}


def cnn(system: str, *, residual_width: int, norm: str) -> TrackModel:
    pooling: Any = SYSTEMS[system].pooling
    kind: Any = norm
    return Cnn(CnnConfig(**TOWER, **OVER_BINS, residual_width=residual_width, pooling=pooling, norm=kind), TRACKS)


def enformer() -> TrackModel:
    numbers: dict[str, Any] = {"layers": 1, "heads": 2, "key_width": 2, "features": 6, "dropout": 0.1}
    return Enformer(
        EnformerConfig(**TOWER, residual_width=1, pooling="attention", norm="standardized", **numbers), TRACKS
    )


def published_enformer() -> TrackModel:
    config = PublishedConfig(
        core_bp=1_024, context_bp=128, channels=(4, 4, 4, 6, 6, 6, 12), layers=1, heads=2, key_width=2
    )
    return PublishedEnformer(config, TRACKS)


def interpreter(**changes: Any) -> TrackModel:
    return GenomicInterpreter(tiny_config(**changes), TRACKS)


MODELS = {
    "interpreter": lambda: interpreter(core_bp=1_024),
    "interpreter, positions bias": lambda: interpreter(core_bp=1_024, block={"positions": "bias", "window": 2}),
    "interpreter, circular": lambda: interpreter(
        core_bp=768, block={"wrap": "paper", "positions": "basis", "merge": "linear", "feed_forward": "depthwise"}
    ),
    "interpreter, early blocks without attention": lambda: interpreter(
        core_bp=1_024, block={"heads": 0, "hidden": 0, "merge": "max"}
    ),
    "cnn": lambda: cnn("attpool-dilate", residual_width=3, norm="layer"),
    "cnn, standardized": lambda: cnn("maxpool-cnn", residual_width=0, norm="standardized"),
    "enformer": enformer,
    "published enformer": published_enformer,
}


def make(name: str) -> TrackModel:
    """A model in evaluation mode, none of its branches zero."""
    torch.manual_seed(3)
    module = MODELS[name]().eval().requires_grad_(False)
    for parameter in module.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.2)
    for part in module.modules():
        if isinstance(part, torch.nn.BatchNorm1d):
            part.running_var.fill_(0.1)  # type: ignore[union-attr]  so that what small weights see is not too small
    return module


def random_dna(module: TrackModel, seed: int = 0, unknown: int = 0) -> Tensor:
    """Tokens (1, L), the first `unknown` of them N."""
    torch.manual_seed(seed)
    tokens = torch.randint(0, 4, (1, module.geometry.input_bp), dtype=torch.uint8)
    tokens[:, :unknown] = 4
    return tokens
