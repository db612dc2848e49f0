"""The model folder: everything a prediction needs, and nothing that runs code.

MODEL/
  config.json         format version, architecture and its numbers, the assembly it learned from, how it was trained
  model.safetensors   the weights (float32, or float16 to save space)
  tracks.tsv          what each output column is
  README.md           the model card
"""

import hashlib
import json
import os
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import safetensors
import torch
from safetensors.torch import load_file, save
from torch import nn

from genint.errors import InputError, OutputError, cannot_write
from genint.genome.fasta import Assembly
from genint.genome.grid import Geometry
from genint.models.base import ModelConfig, TrackModel
from genint.models.registry import ARCHITECTURES, build
from genint.tracks.table import TrackTable, read_tracks

FORMAT_VERSION = 1


BUNDLED = Path(__file__).parent.parent / "pretrained"


DEFAULT_MODEL = "genomic-interpreter-yeast"


@dataclass(frozen=True)
class Model:
    """A model that can predict. `training` is what config.json says of how it came about."""

    name: str
    architecture: str
    config: ModelConfig
    module: TrackModel
    tracks: TrackTable
    assembly: Assembly
    digest: str
    training: dict[str, Any]

    @property
    def geometry(self) -> Geometry:
        return self.config.geometry


def list_models() -> list[str]:
    """Names of the bundled models."""
    return sorted(folder.name for folder in BUNDLED.iterdir() if (folder / "config.json").is_file())


def find_model(model: str | Path) -> Path:
    """The folder of a model given by path or by bundled name."""
    if Path(model).is_dir():
        return Path(model)
    if (BUNDLED / str(model) / "config.json").is_file():
        return BUNDLED / str(model)
    if Path(model).is_file():
        raise InputError(
            f"{model}: is a file. Expected a model folder with config.json (pickled models are never opened)"
        )
    raise InputError(f"{model}: no such model folder, and not one of the bundled models ({', '.join(list_models())})")


def save_model(folder: Path, model: Model, card: str) -> None:
    """Write a model folder; config.json comes last, so that a killed run leaves no model. Weights keep their dtype."""
    header = {
        "format_version": FORMAT_VERSION,
        "name": model.name,
        "architecture": model.architecture,
        "config": asdict(model.config),
        "assembly": {"name": model.assembly.name, "sizes": model.assembly.sizes},
        "training": model.training,
    }
    weights = {name: tensor.detach().cpu().contiguous() for name, tensor in model.module.state_dict().items()}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        model.tracks.write(folder / "tracks.tsv")
        _replace(folder / "README.md", card.encode())
        _replace(folder / "model.safetensors", save(weights))
        _replace(folder / "config.json", (json.dumps(header, indent=1) + "\n").encode())
    except OSError as error:
        raise cannot_write(folder, error) from None


def load_model(model: str | Path, device: torch.device | str = "cpu") -> Model:
    """Load a model folder (or a bundled model by name) in evaluation mode, weights in float32.

    Raises InputError for a missing or damaged file, an unknown format version or architecture, and weights or a track
    table that do not fit the config.
    """
    folder = find_model(model)
    header = read_header(folder)
    config = read_config(folder, header)
    tracks = read_tracks(folder / "tracks.tsv")
    weights_file = folder / "model.safetensors"
    module = build(header["architecture"], config, len(tracks))
    module.load_state_dict(_read_weights(weights_file, module))
    return Model(
        name=str(header.get("name") or folder.name),
        architecture=header["architecture"],
        config=config,
        module=module.to(device).eval().requires_grad_(False),
        tracks=tracks,
        assembly=read_assembly(folder, header),
        digest=_digest(weights_file, folder / "config.json", folder / "tracks.tsv"),
        training=header.get("training", {}),
    )


def _digest(*files: Path) -> str:
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def halve_model(model: str | Path, out: Path) -> None:
    """Write a copy of a model folder with its weights in float16: half the size, for shipping."""
    if out.exists():
        raise OutputError(f"{out}: is there already. Remove it, or choose another folder with -o")
    source = load_model(model)
    card = find_model(model) / "README.md"
    halved = replace(source, name=out.name, module=source.module.half())
    save_model(out, halved, card.read_text(encoding="utf-8") if card.is_file() else f"# {out.name}\n")


def _replace(path: Path, content: bytes) -> None:
    new = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    new.write_bytes(content)
    os.replace(new, path)


def read_header(folder: Path) -> dict[str, Any]:
    """config.json, its format version checked."""
    file = folder / "config.json"
    try:
        header = json.loads(file.read_text(encoding="utf-8"))
        version = header["format_version"]
    except OSError as error:
        raise InputError(f"{folder}: is not a model folder, config.json cannot be read ({error.strerror})") from None
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{file}: is not a genint model config ({error!r}). Copy the model folder again") from None
    if version != FORMAT_VERSION:
        raise InputError(
            f"{file}: format version {version!r}, this genint reads version {FORMAT_VERSION}. "
            "Install the genint that wrote the model, or save it again"
        )
    if header.get("architecture") not in ARCHITECTURES:
        raise InputError(
            f"{file}: unknown architecture {header.get('architecture')!r}. This genint has {', '.join(ARCHITECTURES)}"
        )
    return dict(header)


def read_config(folder: Path, header: dict[str, Any]) -> ModelConfig:
    """The architecture's config. Every field must be known and fit the others."""
    kind = ARCHITECTURES[header["architecture"]].config
    numbers = header.get("config")
    known = {field.name for field in fields(kind)}
    if not isinstance(numbers, dict) or set(numbers) - known:
        extra = sorted(set(numbers) - known) if isinstance(numbers, dict) else numbers
        raise InputError(
            f"{folder / 'config.json'}: unknown config field(s) {extra}. Install the genint that wrote the model"
        )
    try:
        values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in numbers.items()}
        return kind(**values)
    except (TypeError, ValueError) as error:
        raise InputError(f"{folder / 'config.json'}: the config does not fit together ({error})") from None


def read_assembly(folder: Path, header: dict[str, Any]) -> Assembly:
    try:
        return Assembly(
            str(header["assembly"]["name"]), {str(k): int(v) for k, v in header["assembly"]["sizes"].items()}
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise InputError(
            f"{folder / 'config.json'}: no assembly with chromosome sizes. Copy the model folder again"
        ) from None


def _read_weights(file: Path, module: nn.Module) -> dict[str, torch.Tensor]:
    """Weights in float32, their names and shapes checked against the module's."""
    try:
        weights = load_file(file)
    except FileNotFoundError:
        raise InputError(f"{file}: is missing. Copy the model folder again") from None
    except (safetensors.SafetensorError, OSError) as error:
        raise InputError(f"{file}: is damaged or cut short ({error}). Copy the model folder again") from None
    expected = module.state_dict()
    for name in sorted(expected.keys() ^ weights.keys()):
        state = "is missing" if name in expected else "is not part of the model that config.json describes"
        raise InputError(f"{file}: the tensor {name} {state}. Weights and config.json are of different models")
    for name, tensor in expected.items():
        if weights[name].shape != tensor.shape:
            raise InputError(
                f"{file}: the tensor {name} has shape {tuple(weights[name].shape)}, config.json and tracks.tsv ask for "
                f"{tuple(tensor.shape)}. The files are of different models"
            )
        if weights[name].is_floating_point() and not bool(torch.isfinite(weights[name]).all()):
            raise InputError(f"{file}: the tensor {name} holds values that are not finite. Train the model again")
    return {name: tensor.float() if tensor.is_floating_point() else tensor for name, tensor in weights.items()}
