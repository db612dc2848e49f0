"""genint train: a data set in, a model folder out."""

from pathlib import Path
from typing import Annotated

import typer

from genint.cli import options

_SETTINGS = {"rich_help_panel": "What is learned"}  # None: as the settings file says, or the default that help shows
_MACHINE = {"rich_help_panel": "Where it is computed"}

Out = Annotated[
    Path, typer.Option("--out", "-o", help="Model folder to write; a killed run there goes on.", show_default=False)
]
Architecture = Annotated[
    str | None, typer.Option(help="Kind of model; genint models list.", show_default="interpreter", **_SETTINGS)
]
Preset = Annotated[str | None, typer.Option(help="Its size: small or paper.", show_default="small", **_SETTINGS)]
FromModel = Annotated[
    str | None,
    typer.Option(
        "--from", help="Fine-tune: start from this model's trunk, with a new head.", show_default=False, **_SETTINGS
    ),
]
FreezeTrunk = Annotated[
    bool | None,
    typer.Option("--freeze-trunk", help="With --from: train the head alone.", show_default=False, **_SETTINGS),
]
Loss = Annotated[str | None, typer.Option(help="poisson or poisson-multinomial.", show_default="poisson", **_SETTINGS)]
Steps = Annotated[int | None, typer.Option(help="Batches to learn from.", show_default="10000", **_SETTINGS)]
BatchSize = Annotated[
    int | None,
    typer.Option("--batch-size", "-b", help="Windows per batch, over all processes.", show_default="4", **_SETTINGS),
]
Accumulate = Annotated[
    int | None, typer.Option(help="Compute a batch in so many parts, to save memory.", show_default="1", **_SETTINGS)
]
LearningRate = Annotated[float | None, typer.Option(help="Peak of the cosine.", show_default="0.001", **_SETTINGS)]
Patience = Annotated[
    int | None,
    typer.Option(
        help="Stop after so many validations without a better Pearson; 0: never.", show_default="0", **_SETTINGS
    ),
]
Seed = Annotated[int | None, typer.Option(help="Decides weights and windows.", show_default="1", **_SETTINGS)]
Config = Annotated[
    Path | None,
    typer.Option(
        help="TOML with any of the settings, as a run's training/train.toml.", show_default=False, **_SETTINGS
    ),
]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda or mps.", **_MACHINE)]
Processes = Annotated[int, typer.Option(min=1, help="Processes on each node: one per GPU.", **_MACHINE)]
Nodes = Annotated[int, typer.Option(min=1, help="Machines, started by torchrun or SLURM.", **_MACHINE)]
Strategy = Annotated[str, typer.Option(help="auto, ddp or fsdp.", **_MACHINE)]
TensorBoard = Annotated[bool, typer.Option("--tensorboard", help="Also log for TensorBoard.", **_MACHINE)]


def train(
    dataset: options.Dataset,
    out: Out,
    architecture: Architecture = None,
    preset: Preset = None,
    from_model: FromModel = None,
    freeze_trunk: FreezeTrunk = None,
    loss: Loss = None,
    steps: Steps = None,
    batch_size: BatchSize = None,
    accumulate: Accumulate = None,
    learning_rate: LearningRate = None,
    patience: Patience = None,
    seed: Seed = None,
    config: Config = None,
    device: Device = "auto",
    processes: Processes = 1,
    nodes: Nodes = 1,
    strategy: Strategy = "auto",
    tensorboard: TensorBoard = False,
    threads: options.Threads = 0,
    quiet: options.Quiet = False,
) -> None:
    """Train a model on DATASET and write its model folder.

    Poisson loss, AdamW with warm-up and cosine annealing, reverse complement with stranded tracks swapped, small
    shifts, averaged weights. Every validation saves a checkpoint in OUT/training; run the same command again to go on
    after a kill. The model with the best mean validation Pearson is kept.

    Example: genint train dataset -o my-model --steps 5000 --seed 7
    """
    from genint.console import Console
    from genint.datasets.dataset import TrackDataset
    from genint.training.config import read_train_config
    from genint.training.train import Machine
    from genint.training.train import train as run

    given: dict[str, object] = {"architecture": architecture, "preset": preset, "loss": loss, "steps": steps}
    given |= {"from_model": from_model, "freeze_trunk": freeze_trunk, "batch_size": batch_size}
    given |= {"accumulate": accumulate, "learning_rate": learning_rate, "patience": patience, "seed": seed}
    settings = read_train_config(config, given)
    options.use_threads(threads)
    run(
        TrackDataset(dataset),
        out,
        settings,
        Console(quiet=quiet),
        command=options.command_line(),
        machine=Machine(device=device, processes=processes, nodes=nodes, strategy=strategy, tensorboard=tensorboard),
    )
    print(out)
