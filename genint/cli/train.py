"""genint train: a data set in, a model folder out."""

from pathlib import Path
from typing import Annotated, Any

import typer

from genint.choices import Strategy as StrategyName
from genint.choices import TrainingDevice
from genint.cli import options
from genint.training.config import Loss as LossName
from genint.training.config import TrainConfig, describe_setting, read_settings, show_default

TRAINING = "Training"


def _setting(name: str, *options: str, panel: str = TRAINING) -> Any:
    """An option for a field of TrainConfig. Left out, the settings file decides, or the default that help shows."""
    text = describe_setting(name).replace("from_model", "--from")
    return typer.Option(*options, help=text, show_default=show_default(name), rich_help_panel=panel)


Out = Annotated[
    Path,
    typer.Option(
        "--out",
        "-o",
        help="Model folder to write; an interrupted run there resumes.",
        show_default=False,
        rich_help_panel=options.OUTPUT,
    ),
]
Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        help="TOML with any of the settings, as a run's training/train.toml.",
        show_default=False,
        rich_help_panel=TRAINING,
    ),
]
Architecture = Annotated[str | None, _setting("architecture", "--architecture", panel=options.MODEL)]
Preset = Annotated[str | None, _setting("preset", "--preset", panel=options.MODEL)]
FromModel = Annotated[str | None, _setting("from_model", "--from", panel=options.MODEL)]
FreezeTrunk = Annotated[bool | None, _setting("freeze_trunk", "--freeze-trunk", panel=options.MODEL)]
Teachers = Annotated[list[str] | None, _setting("teachers", "--teachers", panel=options.MODEL)]
TeacherWeight = Annotated[float | None, _setting("teacher_weight", "--teacher-weight", panel=options.MODEL)]
Attention = Annotated[bool | None, _setting("attention", "--attention/--no-attention", panel=options.MODEL)]
Loss = Annotated[LossName | None, _setting("loss", "--loss")]
Steps = Annotated[int | None, _setting("steps", "--steps")]
BatchSize = Annotated[int | None, _setting("batch_size", "--batch-size", "-b")]
Accumulate = Annotated[int | None, _setting("accumulate", "--accumulate")]
LearningRate = Annotated[float | None, _setting("learning_rate", "--learning-rate")]
Patience = Annotated[int | None, _setting("patience", "--patience")]
Seed = Annotated[int | None, _setting("seed", "--seed")]
Device = Annotated[TrainingDevice, typer.Option("--device", help="What computes.", rich_help_panel=options.MACHINE)]
Processes = Annotated[
    int,
    typer.Option("--processes", min=1, help="Processes on each node: one per GPU.", rich_help_panel=options.MACHINE),
]
Nodes = Annotated[
    int,
    typer.Option("--nodes", min=1, help="Machines, started by torchrun or SLURM.", rich_help_panel=options.MACHINE),
]
Strategy = Annotated[
    StrategyName,
    typer.Option(
        "--strategy",
        help="How several processes share the model: ddp copies it, fsdp splits its weights, too.",
        rich_help_panel=options.MACHINE,
    ),
]
TensorBoard = Annotated[
    bool, typer.Option("--tensorboard", help="Also log for TensorBoard.", rich_help_panel=options.OUTPUT)
]


def train(
    dataset: options.Dataset,
    out: Out,
    tensorboard: TensorBoard = False,
    architecture: Architecture = None,
    preset: Preset = None,
    from_model: FromModel = None,
    freeze_trunk: FreezeTrunk = None,
    teachers: Teachers = None,
    teacher_weight: TeacherWeight = None,
    attention: Attention = None,
    config: Config = None,
    loss: Loss = None,
    steps: Steps = None,
    batch_size: BatchSize = None,
    accumulate: Accumulate = None,
    learning_rate: LearningRate = None,
    patience: Patience = None,
    seed: Seed = None,
    device: Device = "auto",
    processes: Processes = 1,
    nodes: Nodes = 1,
    strategy: Strategy = "auto",
    threads: options.Threads = 0,
    quiet: options.Quiet = False,
) -> None:
    """Train a model on DATASET and write its model folder.

    Poisson loss, AdamW with warm-up and cosine annealing, reverse complement with stranded tracks swapped, small
    shifts, averaged weights. Every validation saves a checkpoint in OUT/training; the same command given again resumes
    an interrupted run. The model with the best mean validation Pearson is kept.

    Example: genint train dataset -o my-model --steps 5000 --seed 7
    """
    from genint.console import Console

    console = Console(quiet=quiet)
    console.say(f"reading {dataset} ...")
    from genint.training.train import train as run
    from genint.training.trainer import ComputeResources

    given: dict[str, object] = {"architecture": architecture, "preset": preset, "loss": loss, "steps": steps}
    given |= {"from_model": from_model, "freeze_trunk": freeze_trunk, "batch_size": batch_size}
    given |= {"teachers": tuple(teachers) if teachers else None, "teacher_weight": teacher_weight}
    given |= {"accumulate": accumulate, "learning_rate": learning_rate, "patience": patience, "seed": seed}
    given["attention"] = attention
    settings = read_settings(TrainConfig, config, given)
    run(
        dataset,
        out,
        settings,
        console=console,
        resources=ComputeResources(
            device=device,
            processes=processes,
            nodes=nodes,
            strategy=strategy,
            threads=threads,
            tensorboard=tensorboard,
        ),
    )
    print(out)
