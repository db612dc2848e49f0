"""Weights published elsewhere, as ports to PyTorch save them: from a folder or a hub, checked tensor by tensor.

A SOURCE is a folder with config.json and pytorch_model.bin (or model.safetensors), or the id of such files on the hub.
A .bin is a pickle: it is opened with weights_only, which builds tensors and runs nothing.
"""

import json
import pickle
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors
import torch
from safetensors.torch import load_file
from torch import Tensor

from genint.errors import InputError
from genint.models.hugging_face import SCHEME, HubAddress, first_line, hub_client, hub_errors

FILES = ("config.json", "pytorch_model.bin", "model.safetensors")


@dataclass(frozen=True)
class Source:
    """What a SOURCE holds: its config, and its tensors by name."""

    config: dict[str, Any]
    tensors: dict[str, Tensor]
    file: Path

    @property
    def config_file(self) -> Path:
        """Where the config was read from."""
        return self.file.parent / "config.json"


def find_source(source: str) -> Path:
    """The folder of a SOURCE: itself, or where the hub's files are, which are downloaded unless they are there.

    InputError when they cannot be had.
    """
    if Path(source).is_dir():
        return Path(source)
    advice = "Give a folder with config.json and pytorch_model.bin"
    try:
        address = HubAddress.read(source if source.startswith(SCHEME) else SCHEME + source)
    except ValueError:
        raise InputError(f"{source}: is not a folder and not a hub id as OWNER/NAME. {advice}") from None
    hub = hub_client(f"{source}: is not a folder, and downloading", advice)
    try:
        found = hub.snapshot_download(address.repository, revision=address.revision, allow_patterns=list(FILES))
    except hub_errors(hub) as error:
        raise InputError(f"{source}: cannot be downloaded ({first_line(error)}). {advice}") from None
    return Path(found)


def read_published(folder: Path, port: str) -> Source:
    """config.json and the weights of a folder. Raises InputError for a file that is missing, damaged or not these.

    `port` is the package that saved them, for messages.
    """
    config_file = folder / "config.json"
    try:
        config = json.loads(config_file.read_text(encoding="utf-8"))
        if not isinstance(config, dict):
            raise ValueError("not an object")
    except OSError as error:
        raise InputError(f"{config_file}: cannot read ({error.strerror}). Expected the config.json of {port}") from None
    except ValueError as error:
        raise InputError(f"{config_file}: is not a config of {port} ({error}). Download it again") from None
    file = folder / "pytorch_model.bin"
    if not file.is_file():
        file = folder / "model.safetensors"
    if not file.is_file():
        raise InputError(f"{folder}: has neither pytorch_model.bin nor model.safetensors. Download it again")
    return Source(config, _read_tensors(file, port), file)


def rename_tensors(
    source: Source, names: Mapping[str, str], expected: Mapping[str, Tensor], *, model: str, other_heads: str
) -> dict[str, Tensor]:
    """A source's tensors by the names and in the shapes of `expected`, a module's state_dict.

    `names` gives for each of its names the source's. Sides of 1 may be in one and not in the other. Raises InputError
    for a tensor that is missing, of another shape, not finite, or left over; those of other heads may be, whose names
    match the expression `other_heads`. `model` says in messages what it should be.
    """
    file, found = source.file, {}
    left = {name for name in source.tensors if not re.match(other_heads, name)} - set(names.values())
    for ours, theirs in names.items():
        needed = expected[ours]
        tensor = source.tensors.get(theirs)
        if tensor is None:
            raise InputError(f"{file}: the tensor {theirs} is missing. It is not of the {model} in config.json")
        if [size for size in tensor.shape if size > 1] != [size for size in needed.shape if size > 1]:
            raise InputError(
                f"{file}: the tensor {theirs} has shape {tuple(tensor.shape)}, config.json needs "
                f"{tuple(needed.shape)}. The two are of different models"
            )
        if not bool(torch.isfinite(tensor).all()):
            raise InputError(f"{file}: the tensor {theirs} holds values that are not finite. Download it again")
        found[ours] = tensor.reshape(needed.shape).to(needed.dtype).contiguous()
    if left:
        raise InputError(f"{file}: the tensor {min(left)} is not part of the {model} that config.json describes")
    return found


def spell_out(names: Iterable[str], pairs: dict[str, str]) -> dict[str, str]:
    """For each of our tensor names the source's, from `pairs` of layers, or of tensors that are no layer's."""
    layers = {name: name.rpartition(".") for name in names}
    return {
        name: pairs[name] if name in pairs else f"{pairs[layer]}.{leaf}" for name, (layer, _, leaf) in layers.items()
    }


def _read_tensors(file: Path, port: str) -> dict[str, Tensor]:
    try:
        if file.suffix == ".safetensors":
            return load_file(file)
        tensors = torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        raise InputError(f"{file}: holds more than tensors, or no tensors; genint runs no code from weights") from None
    except (RuntimeError, EOFError, OSError, ValueError, safetensors.SafetensorError) as error:
        raise InputError(f"{file}: is damaged or cut short ({first_line(error)}). Download it again") from None
    if not isinstance(tensors, dict) or not all(isinstance(tensor, Tensor) for tensor in tensors.values()):
        raise InputError(f"{file}: is not a table of tensors by name. Expected a state_dict of {port}")
    return tensors
