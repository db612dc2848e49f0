"""config.json of a model folder: written from dataclasses, and read back into them with every value checked.

{
 "format_version": 2,
 "name": ...,
 "architecture": one of the registry's names,
 "config": its hyperparameters, a dataclass whose fields may be tuples of dataclasses,
 "assembly": {"name": ..., "sizes": {chromosome: bases}},
 "training": how the model was trained,
 "tracks": "none", in the folder of a pretrained trunk alone
}
"""

import json
from dataclasses import MISSING, asdict, fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from genint.errors import InputError
from genint.genome.fasta import Assembly
from genint.models.base import ModelConfig
from genint.models.registry import ARCHITECTURES

FORMAT_VERSION = 2


def write_config(
    *,
    name: str,
    architecture: str,
    config: ModelConfig,
    assembly: Assembly,
    training: dict[str, Any],
    has_tracks: bool = True,
) -> bytes:
    """The content of config.json."""
    header = {
        "format_version": FORMAT_VERSION,
        "name": name,
        "architecture": architecture,
        "config": asdict(config),
        "assembly": {"name": assembly.name, "sizes": assembly.sizes},
        "training": training,
        **({} if has_tracks else {"tracks": "none"}),
    }
    return (json.dumps(header, indent=1) + "\n").encode()


def read_header(folder: Path) -> dict[str, Any]:
    """config.json of a model folder, its format version and architecture checked. InputError for another."""
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


def has_tracks(header: dict[str, Any]) -> bool:
    """Whether a folder holds a model that predicts, or else a pretrained trunk."""
    return header.get("tracks") != "none"


def read_config(folder: Path, header: dict[str, Any]) -> ModelConfig:
    """The architecture's config. InputError for a field that is unknown, missing, of another type or does not fit."""
    try:
        config: ModelConfig = from_json(ARCHITECTURES[header["architecture"]].config, header.get("config"), "config")
        return config
    except ValueError as error:
        raise InputError(f"{folder / 'config.json'}: {error}. Install the genint that wrote the model") from None


def read_assembly(folder: Path, header: dict[str, Any]) -> Assembly:
    """The assembly that the model was trained on. InputError where there is none."""
    try:
        return Assembly(
            str(header["assembly"]["name"]), {str(k): int(v) for k, v in header["assembly"]["sizes"].items()}
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise InputError(
            f"{folder / 'config.json'}: no assembly with chromosome sizes. Copy the model folder again"
        ) from None


def from_json(kind: Any, value: Any, where: str) -> Any:
    """A parsed JSON value as `kind`: a dataclass, a tuple of one type, a Literal, int, float or str.

    ValueError names the place in the file by `where`, as config.blocks[2].window, and what was found.
    """
    if is_dataclass(kind):
        return _dataclass_from_json(kind, value, where)
    if get_origin(kind) is tuple:
        if not isinstance(value, list):
            raise ValueError(f"{where} is {value!r}, expected a list")
        return tuple(from_json(get_args(kind)[0], entry, f"{where}[{index}]") for index, entry in enumerate(value))
    if get_origin(kind) is Literal:
        if value not in get_args(kind):
            raise ValueError(f"{where}={value!r} is not one of {', '.join(map(str, get_args(kind)))}")
        return value
    accepted = (int, float) if kind is float else kind
    if isinstance(value, bool) or not isinstance(value, accepted):
        raise ValueError(f"{where} is {value!r}, expected {kind.__name__}")
    return value


def _dataclass_from_json(kind: Any, value: Any, where: str) -> Any:
    if not isinstance(value, dict):
        raise ValueError(f"{where} is {value!r}, expected an object")
    types = get_type_hints(kind)
    known = {field.name: field for field in fields(kind)}
    unknown = sorted(set(value) - set(known))
    missing = [name for name, field in known.items() if name not in value and field.default is MISSING]
    if unknown or missing:
        state = "unknown" if unknown else "missing"
        raise ValueError(f"{where} has {state} field(s) {', '.join(unknown or missing)}")
    try:
        return kind(**{name: from_json(types[name], entry, f"{where}.{name}") for name, entry in value.items()})
    except ValueError as error:
        raise ValueError(str(error) if str(error).startswith(where) else f"{where}: {error}") from None
