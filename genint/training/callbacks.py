"""The callbacks of a training run: averaged weights, early stopping, progress and log."""

import csv
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import lightning
from lightning.pytorch.callbacks import Callback, EarlyStopping, WeightAveraging
from torch import Tensor

from genint.console import Console


class Averaging(WeightAveraging):
    """Exponential moving average of the weights, see move_average."""

    def __init__(self, decay: float) -> None:
        super().__init__(avg_fn=partial(move_average, decay))


def move_average(decay: float, averaged: Tensor, current: Tensor, seen: Tensor | int) -> Tensor:
    """The average after `seen` steps: over fewer steps at the start, so that it forgets where it started."""
    steps = float(seen)
    return averaged + (1 - min(decay, (1 + steps) / (10 + steps))) * (current - averaged)


class Patience(EarlyStopping):
    """Stops after so many validations without a better Pearson, and counts none twice when a run resumes."""

    def __init__(self, validations: int) -> None:
        super().__init__(
            "val_pearson", mode="max", patience=validations, check_finite=False, check_on_train_epoch_end=True
        )

    def on_train_start(self, trainer: lightning.Trainer, module: lightning.LightningModule) -> None:
        self._evaluated = trainer.global_step
        trainer.should_stop = self.wait_count >= self.patience  # killed between its last step and its model

    def on_train_epoch_end(self, trainer: lightning.Trainer, module: lightning.LightningModule) -> None:
        if trainer.global_step != self._evaluated:  # see RunLog
            super().on_train_epoch_end(trainer, module)


class RunLog(Callback):
    """Moves the progress bar, prints a line per validation and keeps log.csv, all from the first process alone.

    `figures` are the logged values that both show. A context manager: the bar is there while its block runs.
    """

    def __init__(self, log: Path, steps: int, console: Console, figures: Sequence[str]) -> None:
        self._log, self._steps, self._console, self._figures = log, steps, console, figures
        self._stack = ExitStack()

    def __enter__(self) -> "RunLog":
        self._advance = self._stack.enter_context(self._console.progress("training", self._steps, "steps"))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def on_train_start(self, trainer: lightning.Trainer, module: lightning.LightningModule) -> None:
        self._reported = self._seen = trainer.global_step
        if trainer.is_global_zero:
            self._advance(trainer.global_step)

    def on_train_batch_end(self, trainer: lightning.Trainer, *_: Any) -> None:
        if trainer.is_global_zero:
            self._advance(trainer.global_step - self._seen)
            self._seen = trainer.global_step

    def on_train_epoch_end(self, trainer: lightning.Trainer, module: lightning.LightningModule) -> None:
        if trainer.global_step == self._reported or not trainer.is_global_zero:
            return  # a resumed run ends the epoch that its checkpoint was written in a second time
        self._reported = trainer.global_step
        figures = {name: float(trainer.callback_metrics[name]) for name in self._figures}
        row = {"step": trainer.global_step, **figures}
        new = not self._log.exists()
        with open(self._log, "a", newline="") as file:
            writer = csv.DictWriter(file, list(row))
            if new:
                writer.writeheader()
            writer.writerow(row)
        line = "  ".join(f"{name} {value:.4f}" for name, value in figures.items())
        self._console.say(f"step {trainer.global_step:,} of {self._steps:,}  {line}")
