"""Facts about a model, for `genint models show`."""

from dataclasses import asdict
from functools import partial
from typing import Any, NamedTuple

import torch

from genint.errors import InputError
from genint.models.base import ModelConfig, count_parameters
from genint.models.bundled import find_model
from genint.models.config_file import has_tracks, read_assembly, read_config, read_header
from genint.models.cost import Loss, flops_per_tile, training_step
from genint.models.registry import ARCHITECTURES, build
from genint.tracks.table import read_tracks


def describe(model: str, n_tracks: int) -> dict[str, Any]:
    """What a model is made of, for people and for scripts.

    A preset as ARCHITECTURE:PRESET and a pretrained trunk are shown with a head for `n_tracks`.
    """
    found = _find(model, n_tracks)
    with torch.device("meta"):
        module = build(found.architecture, found.config, found.n_tracks)
    geometry = found.config.geometry
    return found.origin | {
        "architecture": found.architecture,
        "tracks": found.n_tracks,
        "input_bp": geometry.input_bp,
        "core_bp": geometry.core_bp,
        "bin_bp": geometry.bin_bp,
        "bins_per_tile": geometry.core_bins,
        "parameters": count_parameters(module),
        "gflop_per_tile": round(flops_per_tile(module) / 1e9, 3),
        "receptive_field_bp": module.receptive_field_bp,
        "config": asdict(found.config),
    }


def describe_training_step(model: str, n_tracks: int, windows: int, loss: Loss) -> dict[str, float]:
    """What a training step on so many windows costs, see `TrainingStep`; `model` and `n_tracks` as in `describe`."""
    found = _find(model, n_tracks)
    step = training_step(partial(build, found.architecture, found.config, found.n_tracks), windows, loss)
    return {name: round(value, 3) for name, value in asdict(step).items()}


class _Found(NamedTuple):
    architecture: str
    config: ModelConfig
    n_tracks: int
    origin: dict[str, Any]  # its name and, of a model folder, where it comes from


def _find(model: str, n_tracks: int) -> _Found:
    architecture, _, preset = model.partition(":")
    if architecture in ARCHITECTURES and preset in ARCHITECTURES[architecture].presets:
        return _Found(architecture, ARCHITECTURES[architecture].presets[preset](), n_tracks, {"name": model})
    if architecture in ARCHITECTURES and preset:
        known = ", ".join(ARCHITECTURES[architecture].presets)
        raise InputError(f"{model}: no such preset. {architecture} has {known}")
    folder = find_model(model)
    header = read_header(folder)
    origin = {
        "name": header.get("name") or folder.name,
        "assembly": read_assembly(folder, header).name,
        "training": header.get("training"),
    }
    if has_tracks(header):
        n_tracks = len(read_tracks(folder / "tracks.tsv"))
    return _Found(header["architecture"], read_config(folder, header), n_tracks, origin)
