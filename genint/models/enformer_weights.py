"""Weights of Enformer, as enformer-pytorch saves them, become a model folder."""

import math
from pathlib import Path

import torch

from genint.errors import InputError, OutputError
from genint.genome.fasta import Assembly, Genome
from genint.models.enformer import GammaScaling
from genint.models.enformer_names import rename_tensors
from genint.models.enformer_original import PublishedConfig
from genint.models.enformer_source import EnformerSource, download, read_source
from genint.models.folder import Model, load_model, save_model
from genint.models.registry import build
from genint.provenance import command_line
from genint.tracks.table import TrackTable, read_tracks

HEADS = {"human": "hg38", "mouse": "mm10"}
INPUT_BP = 196_608
ARCHITECTURE = "enformer-published"


def import_enformer(
    source: str,
    out: Path,
    tracks: Path,
    *,
    head: str = "human",
    genome: Path | None = None,
    gamma: GammaScaling = "tensorflow",
    input_bp: int = INPUT_BP,
) -> Model:
    """Write a model folder `out` with one head of the Enformer in `source`, and load it.

    `tracks` is a table that describes the head's columns in order (the field's targets_human.txt, targets_mouse.txt).
    `genome`, a FASTA or its .fai, lets `genint predict` report when it is given another one. Raises InputError for
    whatever in the source or the track table does not fit, before anything is written.
    """
    if (out / "config.json").exists():
        raise OutputError(f"{out}: is there already. Remove it, or choose another `out`")
    table = read_tracks(tracks)
    assembly = Assembly(HEADS.get(head, head), {}) if genome is None else _read_assembly(genome)
    found = read_source(Path(source) if Path(source).is_dir() else download(source))
    _check_tracks(found, head, table, tracks)
    config = published_config(found, gamma=gamma, input_bp=input_bp)
    with torch.device("meta"):
        module = build(ARCHITECTURE, config, len(table))
    module.load_state_dict(rename_tensors(found, config, module.state_dict(), head), assign=True)
    training = {"imported": source, "head": head, "command": command_line()}
    save_model(
        out, module, table, assembly, architecture=ARCHITECTURE, training=training, card=_model_card(source, head)
    )
    return load_model(out)


def published_config(source: EnformerSource, *, gamma: GammaScaling, input_bp: int) -> PublishedConfig:
    """A source's numbers as a config of this package. Raises InputError for numbers that make no Enformer."""
    numbers = source.config
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
            raise ValueError(f"{input_bp:,} bp in make no {core:,} bins of {bin_bp} bp out; see `input_bp`")
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
            f"{source.file.parent / 'config.json'}: does not describe an Enformer that fits ({error})"
        ) from None


def _read_assembly(genome: Path) -> Assembly:
    if genome.suffix != ".fai":
        with Genome(genome) as opened:
            return opened.assembly
    try:
        rows = [line.split("\t") for line in genome.read_text().splitlines() if line]
        return Assembly(genome.name.split(".")[0], {row[0]: int(row[1]) for row in rows})
    except (OSError, ValueError, IndexError) as error:
        raise InputError(f"{genome}: is not a FASTA index ({error}). Give genome.fa or genome.fa.fai") from None


def _check_tracks(source: EnformerSource, head: str, table: TrackTable, file: Path) -> None:
    heads = source.config["output_heads"]
    if not isinstance(heads, dict) or head not in heads:
        known = ", ".join(heads) if isinstance(heads, dict) else "none"
        raise InputError(f"`head` {head}: {source.file.parent / 'config.json'} has {known}. Choose one of these")
    if not isinstance(heads[head], int) or heads[head] != len(table):
        raise InputError(
            f"{file}: lists {len(table):,} tracks, the {head} head has {heads[head]!r}. "
            f"Give the table of that head, targets_{head}.txt"
        )


def _model_card(source: str, head: str) -> str:
    return "\n".join(
        [
            f"# Enformer, {head} head",
            "",
            f"Imported from `{source}`: weights of Enformer (Avsec et al. 2021, Nature Methods 18,",
            "1196-1203). See there for what it was trained on, what it is good for, and its licence.",
            "",
        ]
    )
