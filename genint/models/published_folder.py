"""One head of a published model becomes a model folder."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch

from genint.errors import InputError, OutputError
from genint.genome.fasta import Assembly, Genome
from genint.models.base import ModelConfig
from genint.models.folder import Model, load_model, save_model
from genint.models.published import Source, rename_tensors
from genint.models.registry import build
from genint.provenance import command_line
from genint.tracks.table import TrackTable

ASSEMBLIES = {"human": "hg38", "mouse": "mm10"}  # by head


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A published model: its name and paper, its name in the registry, and which tensors are of heads."""

    name: str
    paper: str
    architecture: str
    heads: str  # an expression that their names match


def refuse_to_overwrite(out: Path) -> None:
    """OutputError where a model is there already."""
    if (out / "config.json").exists():
        raise OutputError(f"{out}: is there already. Remove it, or choose another `out`")


def find_assembly(head: str, genome: Path | None) -> Assembly:
    """That of `genome`, a FASTA or its .fai, or else the name that a head's assembly has. InputError for another."""
    if genome is None:
        return Assembly(ASSEMBLIES.get(head, head), {})
    if genome.suffix != ".fai":
        with Genome(genome) as opened:
            return opened.assembly
    try:
        rows = [line.split("\t") for line in genome.read_text().splitlines() if line]
        return Assembly(genome.name.split(".")[0], {row[0]: int(row[1]) for row in rows})
    except (OSError, ValueError, IndexError) as error:
        raise InputError(f"{genome}: is not a FASTA index ({error}). Give genome.fa or genome.fa.fai") from None


def check_tracks(table: TrackTable, file: Path, head: str, needed: object) -> None:
    """InputError unless a track table has a row for each of a head's columns."""
    if needed != len(table):
        found = f"{needed:,}" if isinstance(needed, int) else repr(needed)
        raise InputError(
            f"{file}: lists {len(table):,} tracks, the {head} head has {found}. "
            f"Give the table of that head, targets_{head}.txt"
        )


def write_head(
    out: Path,
    kind: Kind,
    config: ModelConfig,
    found: Source,
    name_tensors: Callable[[Iterable[str]], Mapping[str, str]],
    tracks: TrackTable,
    assembly: Assembly,
    *,
    source: str,
    head: str,
) -> Model:
    """Write the model folder `out` and load it. `name_tensors` gives for each of our tensors' names the source's.

    InputError for tensors that do not fit, before anything is written.
    """
    with torch.device("meta"):
        module = build(kind.architecture, config, len(tracks))
    expected = module.state_dict()
    weights = rename_tensors(found, name_tensors(expected), expected, model=kind.name, other_heads=kind.heads)
    module.load_state_dict(weights, assign=True)
    training = {"imported": source, "head": head, "command": command_line()}
    card = _model_card(kind, source, head)
    save_model(out, module, tracks, assembly, architecture=kind.architecture, training=training, card=card)
    return load_model(out)


def _model_card(kind: Kind, source: str, head: str) -> str:
    return "\n".join(
        [
            f"# {kind.name}, {head} head",
            "",
            f"Imported from `{source}`: weights of {kind.name} ({kind.paper}).",
            "See there for what it was trained on, what it is good for, and its licence.",
            "",
        ]
    )
