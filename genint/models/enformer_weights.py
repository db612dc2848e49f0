"""Weights of Enformer, as enformer-pytorch saves them, become a model folder."""

import math
from pathlib import Path

from genint.errors import InputError
from genint.models.enformer import GammaScaling
from genint.models.enformer_names import source_names
from genint.models.enformer_original import PublishedConfig
from genint.models.enformer_source import read_source
from genint.models.folder import Model
from genint.models.published import Source, find_source
from genint.models.published_folder import Kind, check_tracks, find_assembly, refuse_to_overwrite, write_head
from genint.tracks.table import read_tracks

INPUT_BP = 196_608
KIND = Kind(
    name="Enformer",
    paper="Avsec et al. 2021, Nature Methods 18, 1196-1203",
    architecture="enformer-published",
    heads=r"_heads\.",
)


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
    refuse_to_overwrite(out)
    table, assembly = read_tracks(tracks), find_assembly(head, genome)
    found = read_source(find_source(source))
    check_tracks(table, tracks, head, _head_tracks(found, head))
    config = published_config(found, gamma=gamma, input_bp=input_bp)
    return write_head(
        out,
        KIND,
        config,
        found,
        lambda ours: source_names(ours, config, head),
        table,
        assembly,
        source=source,
        head=head,
    )


def published_config(source: Source, *, gamma: GammaScaling, input_bp: int) -> PublishedConfig:
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
        raise InputError(f"{source.config_file}: does not describe an Enformer that fits ({error})") from None


def _head_tracks(source: Source, head: str) -> object:
    """How many tracks a head has. InputError where there is no such head."""
    heads = source.config["output_heads"]
    if not isinstance(heads, dict) or head not in heads:
        known = ", ".join(heads) if isinstance(heads, dict) else "none"
        raise InputError(f"`head` {head}: {source.config_file} has {known}. Choose one of these")
    return heads[head]
