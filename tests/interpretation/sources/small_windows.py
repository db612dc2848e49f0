"""Models of 64 bp, small enough to work out by hand or by slow means."""

from typing import Any

import numpy as np
import torch

from genint.arrays import U8
from genint.genome.fasta import Assembly
from genint.models.folder import Model
from genint.models.interpreter import InterpreterConfig
from genint.models.registry import build
from genint.models.swin1d import BlockConfig
from genint.tracks.table import read_tracks
from tests.conftest import EXAMPLE, tiny_config


def config_of_64(*, block: dict[str, Any] | None = None, **changes: Any) -> InterpreterConfig:
    """48 bp in 6 bins of 8, and a bin of context on each side; windows of 4 tokens. `block` changes every block."""
    numbers: dict[str, Any] = {"channels": 4, "window": 4, "heads": 2, "head_width": 2, "hidden": 4}
    numbers |= {"feed_forward": "conv", "conv_width": 3, "merge": "conv", **(block or {})}
    blocks = 3 * (BlockConfig(**numbers),)
    return tiny_config(**{"core_bp": 48, "context_bp": 8, "bin_bp": 8, "blocks": blocks, **changes})


def model_of(config: InterpreterConfig, seed: int = 1) -> Model:
    """With random weights."""
    torch.manual_seed(seed)
    tracks = read_tracks(EXAMPLE / "tracks.tsv")
    module = build("interpreter", config, len(tracks)).eval().requires_grad_(False)
    return Model(
        name="small",
        architecture="interpreter",
        config=config,
        module=module,
        tracks=tracks,
        assembly=Assembly("", {}),
        digest="",
        training={},
    )


def random_dna(model: Model, seed: int = 1) -> U8:
    """(input_bp,) tokens, with a few unknown bases."""
    return np.random.default_rng(seed).choice(5, model.geometry.input_bp, p=[0.24] * 4 + [0.04]).astype(np.uint8)
