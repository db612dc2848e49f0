"""genint train: a data set in, a model folder out."""

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from genint.commands import options


def train(
    dataset: Annotated[Path, typer.Argument(help="Data set made by genint data make.", show_default=False)],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Model folder to write; a killed run there goes on.", show_default=False)
    ],
    architecture: Annotated[
        str | None,
        typer.Option("--architecture", help="Kind of model; see genint models list.", show_default="interpreter"),
    ] = None,
    preset: Annotated[
        str | None, typer.Option("--preset", help="Its size: small or paper.", show_default="small")
    ] = None,
    steps: Annotated[int | None, typer.Option("--steps", help="Batches to learn from.", show_default="10000")] = None,
    batch_size: Annotated[
        int | None, typer.Option("--batch-size", "-b", help="Windows per batch.", show_default="4")
    ] = None,
    learning_rate: Annotated[
        float | None, typer.Option("--learning-rate", help="Peak of the cosine.", show_default="0.001")
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", help="Decides weights and windows.", show_default="1")] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config", help="TOML with any of the settings, as a run's training/train.toml.", show_default=False
        ),
    ] = None,
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
    from genint.train import read_train_config
    from genint.train import train as run

    settings = read_train_config(
        config,
        {
            "architecture": architecture,
            "preset": preset,
            "steps": steps,
            "batch_size": batch_size,
            "learning_rate": learning_rate,
            "seed": seed,
        },
    )
    options.use_threads(threads)
    run(DataSet(dataset), out, settings, Console(quiet=quiet), command=shlex.join(["genint", *sys.argv[1:]]))
    print(out)
