"""genint train: a data set in, a model folder out."""

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from genint.commands import options

_SETTINGS = "What is learned"
_MACHINE = "Where it is computed"


def train(
    dataset: Annotated[Path, typer.Argument(help="Data set made by genint data.", show_default=False)],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Model folder to write; a killed run there goes on.", show_default=False)
    ],
    architecture: Annotated[
        str | None,
        typer.Option(help="Kind of model; genint models list.", show_default="interpreter", rich_help_panel=_SETTINGS),
    ] = None,
    preset: Annotated[
        str | None, typer.Option(help="Its size: small or paper.", show_default="small", rich_help_panel=_SETTINGS)
    ] = None,
    from_model: Annotated[
        str | None,
        typer.Option(
            "--from",
            help="Fine-tune: start from this model's trunk, with a new head.",
            show_default=False,
            rich_help_panel=_SETTINGS,
        ),
    ] = None,
    freeze_trunk: Annotated[
        bool | None,
        typer.Option(
            "--freeze-trunk", help="With --from: train the head alone.", show_default=False, rich_help_panel=_SETTINGS
        ),
    ] = None,
    loss: Annotated[
        str | None,
        typer.Option(help="poisson or poisson-multinomial.", show_default="poisson", rich_help_panel=_SETTINGS),
    ] = None,
    steps: Annotated[
        int | None, typer.Option(help="Batches to learn from.", show_default="10000", rich_help_panel=_SETTINGS)
    ] = None,
    batch_size: Annotated[
        int | None,
        typer.Option(
            "--batch-size",
            "-b",
            help="Windows per batch, over all processes.",
            show_default="4",
            rich_help_panel=_SETTINGS,
        ),
    ] = None,
    accumulate: Annotated[
        int | None,
        typer.Option(
            help="Compute a batch in so many parts, to save memory.", show_default="1", rich_help_panel=_SETTINGS
        ),
    ] = None,
    learning_rate: Annotated[
        float | None, typer.Option(help="Peak of the cosine.", show_default="0.001", rich_help_panel=_SETTINGS)
    ] = None,
    patience: Annotated[
        int | None,
        typer.Option(
            help="Stop after so many validations without a better Pearson; 0: never.",
            show_default="0",
            rich_help_panel=_SETTINGS,
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Decides weights and windows.", show_default="1", rich_help_panel=_SETTINGS)
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            help="TOML with any of the settings, as a run's training/train.toml.",
            show_default=False,
            rich_help_panel=_SETTINGS,
        ),
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.", rich_help_panel=_MACHINE)] = "auto",
    processes: Annotated[
        int, typer.Option(min=1, help="Processes on each node: one per GPU.", rich_help_panel=_MACHINE)
    ] = 1,
    nodes: Annotated[
        int, typer.Option(min=1, help="Machines, started by torchrun or SLURM.", rich_help_panel=_MACHINE)
    ] = 1,
    strategy: Annotated[str, typer.Option(help="auto, ddp or fsdp.", rich_help_panel=_MACHINE)] = "auto",
    tensorboard: Annotated[
        bool, typer.Option("--tensorboard", help="Also log for TensorBoard.", rich_help_panel=_MACHINE)
    ] = False,
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
    from genint.data.store import DataSet
    from genint.train import Machine
    from genint.train import train as run
    from genint.train_config import read_train_config

    given = {
        "architecture": architecture,
        "preset": preset,
        "from_model": from_model,
        "freeze_trunk": freeze_trunk,
        "loss": loss,
        "steps": steps,
        "batch_size": batch_size,
        "accumulate": accumulate,
        "learning_rate": learning_rate,
        "patience": patience,
        "seed": seed,
    }
    settings = read_train_config(config, given)
    options.use_threads(threads)
    run(
        DataSet(dataset),
        out,
        settings,
        Console(quiet=quiet),
        command=shlex.join(["genint", *sys.argv[1:]]),
        machine=Machine(device=device, processes=processes, nodes=nodes, strategy=strategy, tensorboard=tensorboard),
    )
    print(out)
