"""Weights of Enformer as lucidrains/enformer-pytorch saves them, for example EleutherAI/enformer-official-rough."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from genint.errors import InputError
from genint.models.published import Source, read_published

# What enformer-pytorch takes for a number that its config.json leaves out: those of the published shape.
DEFAULTS: dict[str, Any] = {
    "dim": 1536,
    "depth": 11,
    "heads": 8,
    "output_heads": {"human": 5_313, "mouse": 1_643},
    "target_length": 896,
    "attn_dim_key": 64,
    "dropout_rate": 0.4,
    "num_downsamples": 7,
    "dim_divisible_by": 128,
}
# enformer-pytorch keeps its layers a second time, inside one sequence of all of them.
_TRUNK = {"1": "stem", "2": "conv_tower", "4": "transformer", "6": "final_pointwise"}


def read_source(folder: Path) -> Source:
    """What a folder holds, with every default filled in, and each tensor under one name. InputError as read_published.

    InputError, too, for what enformer-pytorch can do and the published Enformer does not.
    """
    found = read_published(folder, "enformer-pytorch")
    if found.config.get("use_convnext"):
        raise InputError(f"{found.config_file}: has ConvNeXt blocks, which the published Enformer does not have")
    known = {name: found.config.get(name, default) for name, default in DEFAULTS.items()}
    tensors = {_first_name(name): tensor for name, tensor in found.tensors.items()}
    return replace(found, config=known, tensors=tensors)


def _first_name(name: str) -> str:
    """One name for a tensor that has two: `_trunk.2.0.…` is `conv_tower.0.…`."""
    parts = name.split(".")
    if parts[0] == "_trunk" and len(parts) > 1 and parts[1] in _TRUNK:
        return ".".join([_TRUNK[parts[1]], *parts[2:]])
    return name
