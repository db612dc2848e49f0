"""Weights of Enformer as enformer-pytorch saves them, from a folder or a hub.

A SOURCE is a folder with config.json and pytorch_model.bin (or model.safetensors), as lucidrains/enformer-pytorch saves
them and as the published weights are at EleutherAI/enformer-official-rough; or such an id, to be downloaded. A .bin is
a pickle: it is opened with weights_only, which builds tensors and runs nothing.
"""

import json
import pickle
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors
import torch
from safetensors.torch import load_file
from torch import Tensor

from genint.errors import InputError

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


@dataclass(frozen=True)
class EnformerSource:
    """What a SOURCE holds: its config with every default filled in, and its tensors, each under one name."""

    config: dict[str, Any]
    tensors: dict[str, Tensor]
    file: Path


def download(source: str) -> Path:
    """A folder with the files of a hub id, from the cache where they are there. InputError when it cannot be had."""
    advice = "Give a folder with config.json and pytorch_model.bin"
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", source):
        raise InputError(f"{source}: is not a folder and not a hub id as OWNER/NAME. {advice}")
    try:
        from huggingface_hub import snapshot_download
    except ImportError:
        raise InputError(
            f"{source}: is not a folder, and downloading needs the package huggingface-hub. {advice}, or install it"
        ) from None
    try:
        return Path(snapshot_download(source, allow_patterns=["config.json", "pytorch_model.bin", "model.safetensors"]))
    except (OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise InputError(f"{source}: cannot be downloaded ({reason}). {advice}") from None


def read_source(folder: Path) -> EnformerSource:
    """config.json and the weights of a folder. Raises InputError for a file that is missing, damaged or not these."""
    config_file = folder / "config.json"
    try:
        config = json.loads(config_file.read_text(encoding="utf-8"))
        if not isinstance(config, dict):
            raise ValueError("not an object")
    except OSError as error:
        raise InputError(
            f"{config_file}: cannot read ({error.strerror}). Expected the config.json of enformer-pytorch"
        ) from None
    except ValueError as error:
        raise InputError(f"{config_file}: is not a config of enformer-pytorch ({error}). Download it again") from None
    if config.get("use_convnext"):
        raise InputError(f"{config_file}: has ConvNeXt blocks, which the published Enformer does not have")
    file = folder / "pytorch_model.bin"
    if not file.is_file():
        file = folder / "model.safetensors"
    if not file.is_file():
        raise InputError(f"{folder}: has neither pytorch_model.bin nor model.safetensors. Download it again")
    known = {name: config.get(name, default) for name, default in DEFAULTS.items()}
    return EnformerSource(known, {_first_name(name): tensor for name, tensor in _read_tensors(file).items()}, file)


def _read_tensors(file: Path) -> dict[str, Tensor]:
    try:
        if file.suffix == ".safetensors":
            return load_file(file)
        tensors = torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        raise InputError(f"{file}: holds more than tensors, or no tensors; genint runs no code from weights") from None
    except (RuntimeError, EOFError, OSError, ValueError, safetensors.SafetensorError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise InputError(f"{file}: is damaged or cut short ({reason}). Download it again") from None
    if not isinstance(tensors, dict) or not all(isinstance(tensor, Tensor) for tensor in tensors.values()):
        raise InputError(f"{file}: is not a table of tensors by name. Expected a state_dict of enformer-pytorch")
    return tensors


def _first_name(name: str) -> str:
    """One name for a tensor that has two: `_trunk.2.0.…` is `conv_tower.0.…`."""
    parts = name.split(".")
    if parts[0] == "_trunk" and len(parts) > 1 and parts[1] in _TRUNK:
        return ".".join([_TRUNK[parts[1]], *parts[2:]])
    return name
