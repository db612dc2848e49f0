"""The model folder: everything a prediction needs, and nothing that runs code.

MODEL/
  config.json         format version, architecture and hyperparameters, the assembly it was trained on, and how
  model.safetensors   the weights (float32, or float16 to save space)
  tracks.tsv          what each output column is
  README.md           the model card

The folder of a trunk that was pretrained on DNA alone has no tracks.tsv: there is nothing yet that it predicts.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Unpack

import safetensors
import torch
from safetensors.torch import load_file, save
from torch import Tensor

from genint.atomic import replacing
from genint.errors import InputError, OutputError, cannot_write
from genint.genome.fasta import Assembly
from genint.genome.grid import Geometry
from genint.models.base import ModelConfig, TrackModel
from genint.models.bundled import DEFAULT_MODEL, find_model
from genint.models.config_file import has_tracks, read_assembly, read_config, read_header, write_config
from genint.models.registry import build
from genint.tracks.table import TrackTable, read_tracks

if TYPE_CHECKING:
    from pandas import DataFrame

    from genint.genome.region import Region
    from genint.interpretation.attention.explain import Attention, RolloutSettings
    from genint.interpretation.attribution.attribution import Attribution
    from genint.interpretation.attribution.regions import AttributeSettings
    from genint.interpretation.variants.settings import VariantSettings
    from genint.prediction.settings import AnyGenome, AnyRegions, PredictSettings
    from genint.tracks.track_data import TrackData

WeightType = Literal["float16", "float32"]


@dataclass(frozen=True, kw_only=True, repr=False)
class Model:
    """A model that can predict. `training` is what config.json records of how it came about."""

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
        """What goes in and what comes out, in bases."""
        return self.config.geometry

    def predict(self, sequence: str, **settings: "Unpack[PredictSettings]") -> "TrackData":
        """Predict the tracks of a DNA or RNA sequence of any length from 1 bp; see predict_sequence.

        What the model reads beyond the two ends of the sequence is N.
        """
        from genint.prediction.in_memory import predict_sequence

        return predict_sequence(self, sequence, **settings)

    def variant_effects(
        self,
        genome: "AnyGenome",
        variants: "Path | str | DataFrame",
        *,
        background: Path | str | None = None,
        **settings: "Unpack[VariantSettings]",
    ) -> "DataFrame":
        """Score every variant of a VCF or a DataFrame of chrom, pos, ref and alt; see variant_effects."""
        from genint.interpretation.variants.effects import variant_effects

        return variant_effects(genome, variants, self, background=background, **settings)

    def attention(
        self, genome: "AnyGenome", region: "Region | str", **settings: "Unpack[RolloutSettings]"
    ) -> "Attention":
        """Where layers and heads look over a region of a genome, all together too, and what it is worth.

        See explain_attention.
        """
        from genint.interpretation.attention.explain import explain_attention

        return explain_attention(genome, region, self, **settings)

    def attribute(
        self, genome: "AnyGenome", regions: "AnyRegions", **settings: "Unpack[AttributeSettings]"
    ) -> "Iterator[Attribution]":
        """Yield for each region of a genome what every one of its bases adds to the signal there; see `attribute`."""
        from genint.interpretation.attribution.regions import attribute

        return attribute(genome, regions, self, **settings)

    def __repr__(self) -> str:
        parameters = sum(parameter.numel() for parameter in self.module.parameters())
        return (
            f"Model({self.name!r}, {self.architecture}, {parameters:,} parameters, "
            f"{len(self.tracks):,} tracks in bins of {self.config.bin_bp} bp)"
        )


@dataclass(frozen=True, kw_only=True, repr=False)
class Trunk:
    """What a model learned that does not depend on its tracks, to train another model from.

    `weights` are those of `TrackModel.trunk_weights`; `training` is as in Model.
    """

    name: str
    architecture: str
    config: ModelConfig
    weights: Mapping[str, Tensor]
    digest: str
    training: dict[str, Any]


def save_model(
    folder: Path,
    module: TrackModel,
    tracks: TrackTable,
    assembly: Assembly,
    *,
    architecture: str,
    name: str = "",
    training: dict[str, Any] | None = None,
    card: str = "",
) -> None:
    """Write a model folder; config.json comes last, so that a killed run leaves no model. Weights keep their dtype.

    `architecture` is the registry's name for the module. `name` is the folder's unless given; `training` is kept as it
    is, for JSON; `card` is README.md. OutputError where the folder cannot be written.
    """
    name = name or folder.name
    header = write_config(
        name=name, architecture=architecture, config=module.config, assembly=assembly, training=training or {}
    )
    _write_files(folder, header, module.state_dict(), card or f"# {name}\n", tracks)


def save_trunk(
    folder: Path,
    module: TrackModel,
    assembly: Assembly,
    *,
    architecture: str,
    training: dict[str, Any],
    card: str,
) -> None:
    """Write the folder of a trunk that predicts no tracks yet; `load_trunk` and `genint train --from` read it.

    `assembly` names the genomes that it was pretrained on; the rest is as in `save_model`.
    """
    header = write_config(
        name=folder.name,
        architecture=architecture,
        config=module.config,
        assembly=assembly,
        training=training,
        has_tracks=False,
    )
    _write_files(folder, header, module.trunk_weights(), card, None)


def _write_files(
    folder: Path, header: bytes, weights: Mapping[str, Tensor], card: str, tracks: TrackTable | None
) -> None:
    contents = {
        "README.md": card.encode(),
        "model.safetensors": save({key: tensor.detach().cpu().contiguous() for key, tensor in weights.items()}),
        "config.json": header,
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if tracks is not None:
            tracks.write(folder / "tracks.tsv")
        for file, content in contents.items():
            with replacing(folder / file) as new:
                new.write_bytes(content)
    except OSError as error:
        raise cannot_write(folder, error) from None


def load_model(model: str | Path = DEFAULT_MODEL, device: torch.device | str = "cpu") -> Model:
    """Load a model folder (or a bundled model by name) in evaluation mode, weights in float32.

    Of a bundled model and a folder of one name, text means the bundled model; ./NAME or a Path is the folder.

    Raises InputError for a missing or damaged file, an unknown format version or architecture, weights or a track
    table that do not fit the config, and a trunk that was pretrained without tracks.
    """
    folder = find_model(model)
    header = read_header(folder)
    if not has_tracks(header):
        raise InputError(
            f"{folder}: was pretrained on DNA alone and predicts no tracks. "
            f"Train it on a data set first: genint train DATASET --from {folder} -o MODEL"
        )
    config = read_config(folder, header)
    tracks = read_tracks(folder / "tracks.tsv")
    weights_file = folder / "model.safetensors"
    module = build(header["architecture"], config, len(tracks))
    module.load_state_dict(_read_weights(weights_file, module.state_dict()))
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


def load_trunk(model: str | Path) -> Trunk:
    """Load the trunk of a model folder, a bundled model or a pretrained trunk. Raises InputError as load_model does."""
    folder = find_model(model)
    header = read_header(folder)
    if has_tracks(header):
        whole = load_model(folder)
        weights, config, digest = whole.module.trunk_weights(), whole.config, whole.digest
    else:
        config, file = read_config(folder, header), folder / "model.safetensors"
        with torch.device("meta"):
            expected = build(header["architecture"], config, 1).trunk_weights()
        weights, digest = _read_weights(file, expected), _digest(file, folder / "config.json")
    return Trunk(
        name=str(header.get("name") or folder.name),
        architecture=header["architecture"],
        config=config,
        weights=weights,
        digest=digest,
        training=header.get("training", {}),
    )


def convert_model(model: str | Path, out: Path, dtype: WeightType = "float16") -> None:
    """Write a copy of a model folder with its weights in `dtype`; float16 is half the size of float32.

    Raises OutputError if `out` exists, and InputError for weights that are too large for `dtype`.
    """
    if out.exists():
        raise OutputError(f"{out}: is there already. Remove it, or choose another `out`")
    folder = find_model(model)
    source, card = load_model(folder), folder / "README.md"
    module = source.module.to(getattr(torch, dtype))
    for name, tensor in module.state_dict().items():
        if not bool(torch.isfinite(tensor).all()):
            raise InputError(f"{model}: the tensor {name} holds values that are too large for {dtype}")
    save_model(
        out,
        module,
        source.tracks,
        source.assembly,
        architecture=source.architecture,
        training=source.training,
        card=card.read_text(encoding="utf-8") if card.is_file() else "",
    )


def _digest(*files: Path) -> str:
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def _read_weights(file: Path, expected: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights in float32, their names and shapes checked against those of a module."""
    try:
        weights = load_file(file)
    except FileNotFoundError:
        raise InputError(f"{file}: is missing. Copy the model folder again") from None
    except (safetensors.SafetensorError, OSError) as error:
        raise InputError(f"{file}: is damaged or cut short ({error}). Copy the model folder again") from None
    for name in sorted(expected.keys() ^ weights.keys()):
        state = "is missing" if name in expected else "is not part of the model that config.json describes"
        raise InputError(f"{file}: the tensor {name} {state}. Weights and config.json are of different models")
    for name, tensor in expected.items():
        if weights[name].shape != tensor.shape:
            raise InputError(
                f"{file}: the tensor {name} has shape {tuple(weights[name].shape)}, config.json and tracks.tsv need "
                f"{tuple(tensor.shape)}. The files are of different models"
            )
        if weights[name].is_floating_point() and not bool(torch.isfinite(weights[name]).all()):
            raise InputError(f"{file}: the tensor {name} holds values that are not finite. Train the model again")
    return {name: tensor.float() if tensor.is_floating_point() else tensor for name, tensor in weights.items()}
