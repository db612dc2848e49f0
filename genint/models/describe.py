"""Facts about a model, for `genint models show`."""

from dataclasses import asdict
from functools import partial
from typing import Any

import torch

from genint.errors import InputError
from genint.models.base import count_parameters
from genint.models.bundled import find_model
from genint.models.config_file import read_assembly, read_config, read_header
from genint.models.cost import flops_per_tile, training_step
from genint.models.registry import ARCHITECTURES, build
from genint.tracks.table import read_tracks


def describe(model: str, n_tracks: int, windows: int | None = None) -> dict[str, Any]:
    """What a model, or a preset as ARCHITECTURE:PRESET with `n_tracks`, is made of, for people and for scripts.

    With `windows`, also what a training step on that many costs, see `TrainingStep`.
    """
    architecture, _, preset = model.partition(":")
    facts: dict[str, Any]
    if architecture in ARCHITECTURES and preset in ARCHITECTURES[architecture].presets:
        config = ARCHITECTURES[architecture].presets[preset]()
        facts = {"name": model}
    elif architecture in ARCHITECTURES and preset:
        known = ", ".join(ARCHITECTURES[architecture].presets)
        raise InputError(f"{model}: no such preset. {architecture} has {known}")
    else:
        folder = find_model(model)
        header = read_header(folder)
        architecture, config = header["architecture"], read_config(folder, header)
        n_tracks = len(read_tracks(folder / "tracks.tsv"))
        assembly = read_assembly(folder, header)
        facts = {
            "name": header.get("name") or folder.name,
            "assembly": assembly.name,
            "training": header.get("training"),
        }
    with torch.device("meta"):
        module = build(architecture, config, n_tracks)
    geometry = config.geometry
    facts |= {
        "architecture": architecture,
        "tracks": n_tracks,
        "input_bp": geometry.input_bp,
        "core_bp": geometry.core_bp,
        "bin_bp": geometry.bin_bp,
        "bins_per_tile": geometry.core_bins,
        "parameters": count_parameters(module),
        "gflop_per_tile": round(flops_per_tile(module) / 1e9, 3),
        "receptive_field_bp": module.receptive_field_bp,
        "config": asdict(config),
    }
    if windows is not None:
        step = training_step(partial(build, architecture, config, n_tracks), windows)
        facts["training_step"] = {name: round(value, 3) for name, value in asdict(step).items()}
    return facts
