"""Weights of Borzoi and Flashzoi, as borzoi-pytorch saves them, become a model folder."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from genint.choices import Recipe
from genint.errors import InputError
from genint.models.borzoi import BorzoiConfig
from genint.models.borzoi_names import source_names
from genint.models.folder import Model
from genint.models.published import Source, find_source, read_published
from genint.models.published_folder import Kind, check_tracks, find_assembly, refuse_to_overwrite, write_head
from genint.tracks.table import TrackTable, read_tracks

INPUT_BP = 524_288
BORZOI = Kind(
    name="Borzoi",
    paper="Linder et al. 2025, Nature Genetics 57, 949-961; PyTorch: Hingerl et al. 2025, Bioinformatics 41, btaf467",
    architecture="borzoi",
    heads=r"(human|mouse)_head\.",
)
# What borzoi-pytorch takes for a number that its config.json leaves out: those of the published shape.
DEFAULTS: dict[str, Any] = {
    "dim": 1536,
    "depth": 8,
    "heads": 8,
    "attn_dim_key": 64,
    "attn_dim_value": 192,
    "dropout_rate": 0.2,
    "return_center_bins_only": True,
    "bins_to_return": 6144,
    "flashed": False,
}
# The layers whose widths are not in its config.json: they are as many as the layer has biases.
_STAGES = ("conv_dna", "res_tower.0", "res_tower.2", "res_tower.4", "res_tower.6", "res_tower.8", "unet1.1")


def import_borzoi(
    source: str,
    out: Path,
    tracks: Path,
    *,
    head: str = "human",
    genome: Path | None = None,
    recipe: Recipe = "old",
    input_bp: int = INPUT_BP,
) -> Model:
    """Write a model folder `out` with one head of the Borzoi or Flashzoi in `source`, and load it.

    `tracks` is a table that describes the head's columns in order (Borzoi's targets_human.txt, targets_mouse.txt);
    `recipe` says how its targets were squashed, and the folder's table keeps it, so that predictions can be undone.
    `genome`, a FASTA or its .fai, lets `genint predict` report when it is given another one. Raises InputError for
    whatever in the source or the track table does not fit, before anything is written.
    """
    refuse_to_overwrite(out)
    table = TrackTable(replace(track, transform=recipe) for track in read_tracks(tracks))
    assembly = find_assembly(head, genome)
    found = read_source(find_source(source))
    check_tracks(table, tracks, head, _head_tracks(found, head))
    config = borzoi_config(found, input_bp=input_bp)
    kind = replace(BORZOI, name="Flashzoi") if config.positions == "rotary" else BORZOI
    return write_head(
        out,
        kind,
        config,
        found,
        lambda ours: source_names(ours, config, head),
        table,
        assembly,
        source=source,
        head=head,
    )


def read_source(folder: Path) -> Source:
    """What a folder holds, with every default of borzoi-pytorch filled in. InputError as read_published.

    InputError, too, for Borzoi Prime, which has other layers.
    """
    found = read_published(folder, "borzoi-pytorch")
    if found.config.get("model_type", "borzoi") != "borzoi":
        raise InputError(
            f"{found.config_file}: model_type is {found.config['model_type']!r}. "
            "Expected 'borzoi', the type of Borzoi and of Flashzoi"
        )
    return replace(found, config={name: found.config.get(name, default) for name, default in DEFAULTS.items()})


def borzoi_config(source: Source, *, input_bp: int) -> BorzoiConfig:
    """A source's numbers as a config of this package. Raises InputError for numbers that make no Borzoi.

    The widths of the convolutions are not among the numbers of config.json; they are those of the tensors.
    """
    numbers = source.config
    *channels, dim, wide = _widths(source, (*_STAGES, "final_joined_convs.0"))
    try:
        bins = input_bp // 32
        core = numbers["bins_to_return"] if numbers["return_center_bins_only"] else bins - 32
        if input_bp % 128 or not 0 < core <= bins or core % 2:
            raise ValueError(f"{input_bp:,} bp in make no {core:,} bins of 32 bp out; see `input_bp`")
        if dim != numbers["dim"] or not 0 <= numbers["dropout_rate"] < 1:
            raise ValueError(f"dim is {numbers['dim']}, unet1.1.conv_layer has {dim}; or dropout_rate is not below 1")
        if not numbers["flashed"] and numbers["attn_dim_value"] * numbers["heads"] != dim:
            raise ValueError(f"attn_dim_value * heads is not dim={dim}")
        return BorzoiConfig(
            core_bp=32 * core,
            context_bp=(input_bp - 32 * core) // 2,
            channels=(*channels, dim),
            wide=wide,
            layers=numbers["depth"],
            heads=numbers["heads"],
            positions="rotary" if numbers["flashed"] else "distance",
            key_width=numbers["attn_dim_key"],
            dropout=numbers["dropout_rate"],
        )
    except (TypeError, ValueError, ArithmeticError) as error:
        raise InputError(f"{source.config_file}: does not describe a Borzoi that fits ({error})") from None


def _widths(source: Source, layers: Iterable[str]) -> Iterator[int]:
    for layer in layers:
        name = f"{layer}.conv_layer.bias"
        if name not in source.tensors or source.tensors[name].dim() != 1:
            raise InputError(f"{source.file}: has no vector {name}. It is not of Borzoi as borzoi-pytorch saves it")
        yield len(source.tensors[name])


def _head_tracks(source: Source, head: str) -> int:
    """How many tracks a head has. InputError where there is no such head."""
    heads = {name: f"{name}_head.bias" for name in ("human", "mouse") if f"{name}_head.bias" in source.tensors}
    if head not in heads:
        raise InputError(f"`head` {head}: {source.file} has {', '.join(heads) or 'none'}. Choose one of these")
    return source.tensors[heads[head]].numel()
