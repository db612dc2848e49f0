"""Weights of Enformer's PyTorch port become a model folder.

SOURCE is a folder with config.json and pytorch_model.bin (or model.safetensors), as lucidrains/enformer-pytorch saves
them and as the published weights lie at EleutherAI/enformer-official-rough; or such an id, to be downloaded. A .bin is
a pickle: it is opened with weights_only, which builds tensors and runs nothing.
"""

import json
import math
import pickle
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors
import torch
from safetensors.torch import load_file
from torch import Tensor

from genint.errors import InputError, OutputError
from genint.genome.fasta import Assembly, Genome
from genint.models.enformer_original import PublishedConfig
from genint.models.folder import Model, load_model, save_model
from genint.models.registry import build
from genint.tracks.table import TrackTable, read_tracks

HEADS = {"human": "hg38", "mouse": "mm10"}
INPUT_BP = 196_608
ARCHITECTURE = "enformer-published"

# What the port takes for a number that its config.json leaves out: those of the published shape.
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
# The port keeps its layers a second time, inside one sequence of all of them.
_TRUNK = {"1": "stem", "2": "conv_tower", "4": "transformer", "6": "final_pointwise"}


@dataclass(frozen=True)
class Port:
    """What a SOURCE holds: its config with every default filled in, and its tensors, each under one name."""

    config: dict[str, Any]
    tensors: dict[str, Tensor]
    file: Path


def import_enformer(
    source: str,
    out: Path,
    tracks_file: Path,
    *,
    head: str = "human",
    genome: Path | None = None,
    gamma: str = "tensorflow",
    input_bp: int = INPUT_BP,
    command: str = "",
) -> Model:
    """Write a model folder `out` with one head of the Enformer in `source`, and load it.

    `tracks_file` describes the head's columns in order (the field's targets_human.txt, targets_mouse.txt). `genome`, a
    FASTA or its .fai, lets `genint predict` say when it is given another one. Raises InputError for whatever in the
    source or the track table does not fit, before anything is written.
    """
    if (out / "config.json").exists():
        raise OutputError(f"{out}: is there already. Remove it, or choose another folder with -o")
    tracks = read_tracks(tracks_file)
    assembly = Assembly(HEADS.get(head, head), {}) if genome is None else _read_assembly(genome)
    folder = Path(source) if Path(source).is_dir() else download(source)
    port = read_port(folder)
    _check_tracks(port, head, tracks, tracks_file)
    config = published_config(port, gamma=gamma, input_bp=input_bp)
    with torch.device("meta"):
        module = build(ARCHITECTURE, config, len(tracks))
    weights = renamed(port, config, module.state_dict(), head)
    module.load_state_dict(weights, assign=True)
    training = {"imported": source, "head": head, "command": command}
    save_model(out, Model(out.name, ARCHITECTURE, config, module, tracks, assembly, "", training), _card(source, head))
    return load_model(out)


def published_config(port: Port, *, gamma: str, input_bp: int) -> PublishedConfig:
    """The port's numbers in our words. Raises InputError for numbers that make no Enformer."""
    numbers = port.config
    try:
        bin_bp = 2 ** numbers["num_downsamples"]
        core = input_bp // bin_bp if numbers["target_length"] == -1 else numbers["target_length"]
        first, last = numbers["dim"] // 2, numbers["dim"]
        steps = numbers["num_downsamples"] - 2
        if steps < 1 or not 0 <= numbers["dropout_rate"] < 1:
            raise ValueError(f"num_downsamples {steps + 2} is below 3, or dropout_rate is not at least 0 and below 1")
        widths = [first * math.exp(math.log(last / first) / steps * step) for step in range(steps + 1)]
        unit = numbers["dim_divisible_by"]
        if input_bp % bin_bp or input_bp < core * bin_bp:
            raise ValueError(f"{input_bp:,} bp in make no {core:,} bins of {bin_bp} bp out; see --input-bp")
        return PublishedConfig(
            core_bp=core * bin_bp,
            context_bp=(input_bp - core * bin_bp) // 2,
            bin_bp=bin_bp,
            channels=(first, *(round(width / unit) * unit for width in widths)),
            layers=numbers["depth"],
            heads=numbers["heads"],
            key_width=numbers["attn_dim_key"],
            dropout=numbers["dropout_rate"],
            gamma=gamma,
        )
    except (TypeError, ValueError, ArithmeticError) as error:
        raise InputError(
            f"{port.file.parent / 'config.json'}: does not describe an Enformer that fits ({error})"
        ) from None


# -- the source --------------------------------------------------------------------------------------------------------


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


def read_port(folder: Path) -> Port:
    """config.json and the weights of a folder. Raises InputError for a file that is missing, damaged or not these."""
    config_file = folder / "config.json"
    try:
        config = json.loads(config_file.read_text(encoding="utf-8"))
        if not isinstance(config, dict):
            raise ValueError("not an object")
    except OSError as error:
        raise InputError(f"{config_file}: cannot read ({error.strerror}). Expected the port's config.json") from None
    except ValueError as error:
        raise InputError(f"{config_file}: is not the port's config ({error}). Download it again") from None
    if config.get("use_convnext"):
        raise InputError(f"{config_file}: asks for ConvNeXt blocks, which the published Enformer does not have")
    file = folder / "pytorch_model.bin"
    if not file.is_file():
        file = folder / "model.safetensors"
    if not file.is_file():
        raise InputError(f"{folder}: has neither pytorch_model.bin nor model.safetensors. Download it again")
    known = {name: config.get(name, default) for name, default in DEFAULTS.items()}
    return Port(known, {_own_name(name): tensor for name, tensor in _read_tensors(file).items()}, file)


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
        raise InputError(f"{file}: is not a table of tensors by name. Expected the port's state_dict")
    return tensors


def _own_name(name: str) -> str:
    """The port's name of a tensor, where it has two: `_trunk.2.0.…` is `conv_tower.0.…`."""
    parts = name.split(".")
    if parts[0] == "_trunk" and len(parts) > 1 and parts[1] in _TRUNK:
        return ".".join([_TRUNK[parts[1]], *parts[2:]])
    return name


def _read_assembly(genome: Path) -> Assembly:
    if genome.suffix != ".fai":
        with Genome(genome) as opened:
            return opened.assembly
    try:
        rows = [line.split("\t") for line in genome.read_text().splitlines() if line]
        return Assembly(genome.name.split(".")[0], {row[0]: int(row[1]) for row in rows})
    except (OSError, ValueError, IndexError) as error:
        raise InputError(f"{genome}: is not a FASTA index ({error}). Give genome.fa or genome.fa.fai") from None


def _check_tracks(port: Port, head: str, tracks: TrackTable, tracks_file: Path) -> None:
    heads = port.config["output_heads"]
    if not isinstance(heads, dict) or head not in heads:
        known = ", ".join(heads) if isinstance(heads, dict) else "none"
        raise InputError(f"--head {head}: {port.file.parent / 'config.json'} has {known}. Choose one of these")
    if not isinstance(heads[head], int) or heads[head] != len(tracks):
        raise InputError(
            f"{tracks_file}: lists {len(tracks):,} tracks, the {head} head has {heads[head]!r}. "
            f"Give the table of that head, targets_{head}.txt"
        )


# -- names -------------------------------------------------------------------------------------------------------------


def renamed(port: Port, config: PublishedConfig, expected: dict[str, Tensor], head: str) -> dict[str, Tensor]:
    """The port's tensors by the names and in the shapes of `expected`, a `PublishedEnformer`'s state_dict.

    Raises InputError for one that is missing, of another shape, not finite, or left over (other heads may be).
    """
    found = {}
    left = {name for name in port.tensors if not name.startswith("_heads.")}
    for ours, theirs in port_names(expected, config, head).items():
        wanted = expected[ours]
        tensor = port.tensors.get(theirs)
        if tensor is None:
            raise InputError(f"{port.file}: the tensor {theirs} is missing. It is not of the Enformer in config.json")
        if [size for size in tensor.shape if size > 1] != [size for size in wanted.shape if size > 1]:
            raise InputError(
                f"{port.file}: the tensor {theirs} has shape {tuple(tensor.shape)}, config.json asks for "
                f"{tuple(wanted.shape)}. The two are of different models"
            )
        if not bool(torch.isfinite(tensor).all()):
            raise InputError(f"{port.file}: the tensor {theirs} holds values that are not finite. Download it again")
        left.discard(theirs)
        found[ours] = tensor.reshape(wanted.shape).to(wanted.dtype).contiguous()
    if left:
        raise InputError(f"{port.file}: the tensor {min(left)} is not part of the Enformer that config.json describes")
    return found


def port_names(names: Iterable[str], config: PublishedConfig, head: str) -> dict[str, str]:
    """For each of a `PublishedEnformer`'s tensor names, the port's."""
    places = dict(_places(config, head))
    layers = {name: name.rpartition(".") for name in names}
    return {
        name: places[name] if name in places else f"{places[layer]}.{leaf}" for name, (layer, _, leaf) in layers.items()
    }


def _places(config: PublishedConfig, head: str) -> Iterator[tuple[str, str]]:
    """(our layer or tensor, the port's), in the order of the model."""

    def block(ours: str, theirs: str) -> Iterator[tuple[str, str]]:
        yield from ((f"{ours}.norm", f"{theirs}.0"), (f"{ours}.conv", f"{theirs}.2"))

    yield "stem", "stem.0"
    yield from block("stages.0.residual", "stem.1.fn")
    yield "stages.0.pool.logits", "stem.2.to_attn_logits"
    for stage in range(1, len(config.channels)):
        ours, theirs = f"stages.{stage}", f"conv_tower.{stage - 1}"
        yield from block(f"{ours}.conv", f"{theirs}.0")
        yield from block(f"{ours}.residual", f"{theirs}.1.fn")
        yield f"{ours}.pool.logits", f"{theirs}.2.to_attn_logits"
    for layer in range(config.layers):
        ours, theirs = f"layers.{layer}", f"transformer.{layer}"
        yield f"{ours}.attention_norm", f"{theirs}.0.fn.0"
        for name in ("to_q", "to_k", "to_v", "to_out"):
            yield f"{ours}.attention.{name}", f"{theirs}.0.fn.1.{name}"
        yield f"{ours}.attention.to_distance", f"{theirs}.0.fn.1.to_rel_k"
        yield f"{ours}.attention.content_bias", f"{theirs}.0.fn.1.rel_content_bias"
        yield f"{ours}.attention.distance_bias", f"{theirs}.0.fn.1.rel_pos_bias"
        yield f"{ours}.norm", f"{theirs}.1.fn.0"
        yield f"{ours}.expand", f"{theirs}.1.fn.1"
        yield f"{ours}.contract", f"{theirs}.1.fn.4"
    yield from block("wide", "final_pointwise.1")
    yield "head", f"_heads.{head}.0"


def _card(source: str, head: str) -> str:
    return "\n".join(
        [
            f"# Enformer, {head} head",
            "",
            f"Imported from `{source}`: weights of the PyTorch port of Enformer (Avsec et al. 2021, Nature Methods 18,",
            "1196-1203). See there for what it was trained on, what it is good for, and its licence.",
            "",
        ]
    )
