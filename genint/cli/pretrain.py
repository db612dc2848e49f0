"""genint pretrain: genomes in, a trunk to train from out."""

from pathlib import Path
from typing import Annotated, Any

import typer

from genint.choices import TrainingDevice
from genint.cli import options
from genint.training.config import describe_setting, read_settings, show_default
from genint.training.pretrain_config import PretrainConfig

PRETRAINING = "Pretraining"


def _setting(name: str, *names: str, panel: str = PRETRAINING) -> Any:
    """An option for a field of PretrainConfig. Left out, the settings file decides, or the default that help shows."""
    text, default = describe_setting(name, PretrainConfig), show_default(name, PretrainConfig)
    return typer.Option(*names, help=text, show_default=default, rich_help_panel=panel)


Genomes = Annotated[
    list[Path],
    typer.Argument(
        metavar="GENOME", help="Genome FASTAs, plain or bgzipped; indexed on first use.", show_default=False
    ),
]
Out = Annotated[
    Path,
    typer.Option(
        "--out",
        "-o",
        help="Folder of the trunk to write; an interrupted run there resumes.",
        show_default=False,
        rich_help_panel=options.OUTPUT,
    ),
]
HoldOut = Annotated[
    str,
    typer.Option(
        "--hold-out",
        help="Chromosomes, A,B, that no genome may contribute: those that a model trained from this one is validated "
        "and tested on. They validate the pretraining.",
        show_default=False,
        rich_help_panel=options.WHERE,
    ),
]
Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        help="TOML with any of the settings, as a run's training/train.toml.",
        show_default=False,
        rich_help_panel=PRETRAINING,
    ),
]
Architecture = Annotated[str | None, _setting("architecture", "--architecture", panel=options.MODEL)]
Preset = Annotated[str | None, _setting("preset", "--preset", panel=options.MODEL)]
Steps = Annotated[int | None, _setting("steps", "--steps")]
BatchSize = Annotated[int | None, _setting("batch_size", "--batch-size", "-b")]
Accumulate = Annotated[int | None, _setting("accumulate", "--accumulate")]
LearningRate = Annotated[float | None, _setting("learning_rate", "--learning-rate")]
MaskFraction = Annotated[float | None, _setting("mask_fraction", "--mask-fraction")]
Span = Annotated[int | None, _setting("span", "--span")]
Seed = Annotated[int | None, _setting("seed", "--seed")]
Device = Annotated[TrainingDevice, typer.Option("--device", help="What computes.", rich_help_panel=options.MACHINE)]


def pretrain(
    genomes: Genomes,
    out: Out,
    hold_out: HoldOut = "",
    architecture: Architecture = None,
    preset: Preset = None,
    config: Config = None,
    steps: Steps = None,
    batch_size: BatchSize = None,
    accumulate: Accumulate = None,
    learning_rate: LearningRate = None,
    mask_fraction: MaskFraction = None,
    span: Span = None,
    seed: Seed = None,
    device: Device = "auto",
    threads: options.Threads = 0,
    quiet: options.Quiet = False,
) -> None:
    """Pretrain a model's trunk on GENOMEs without any tracks, for `genint train --from`.

    In random windows of all genomes, half of them reverse-complemented, some bases are masked, and the model is to
    name them from the rest. A small decoder does so from the trunk's tokens and is left out of what is written. The
    same command given again resumes an interrupted run.

    Chromosomes of --hold-out stay out of every genome that has them by name. A relative's FASTA on the reference's
    coordinates has the same names, so what is orthologous to them stays out, too; an assembly with names of its own
    contributes all of it, and a note says so.

    Example: genint pretrain genome.fa relative.fa -o trunk --hold-out chrII,chrXIII --steps 5000
    """
    from genint.console import Console

    console = Console(quiet=quiet)
    console.say(f"reading {', '.join(map(str, genomes))} ...")
    from genint.training.pretrain import pretrain as run
    from genint.training.trainer import ComputeResources

    given: dict[str, object] = {"architecture": architecture, "preset": preset, "steps": steps}
    given |= {"batch_size": batch_size, "accumulate": accumulate, "learning_rate": learning_rate}
    given |= {"mask_fraction": mask_fraction, "span": span, "seed": seed}
    settings = read_settings(PretrainConfig, config, given)
    held_out = [name for name in hold_out.split(",") if name]
    resources = ComputeResources(device=device, threads=threads)
    run(genomes, out, settings, hold_out=held_out, console=console, resources=resources)
    print(out)
