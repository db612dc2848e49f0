"""What Lightning runs: a model with its loss, optimizer and validation, and the callbacks of a training run."""

import csv
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import lightning
import numpy as np
import torch
from lightning.pytorch.callbacks import Callback, EarlyStopping, WeightAveraging
from torch import Tensor
from torch.utils.data import DataLoader

from genint.console import Console
from genint.data.loader import SplitTiles, TrainingWindows
from genint.data.store import DataSet
from genint.errors import InputError
from genint.grid import Geometry
from genint.losses import LOSSES
from genint.metrics import Pearson, mean_over_tracks
from genint.models.layers import TrackModel
from genint.train_config import TrainConfig


class Learner(lightning.LightningModule):
    """A model and how it learns from a data set. Every process takes each n-th window of a step."""

    def __init__(self, model: TrackModel, dataset: DataSet, geometry: Geometry, config: TrainConfig) -> None:
        super().__init__()
        self.model = model
        self._dataset, self._geometry, self._config = dataset, geometry, config
        self._loss = LOSSES[config.loss]

    def train_dataloader(self) -> DataLoader[Any]:
        """The windows between two validations. Which they are depends on the epoch alone, not on what ran before."""
        config, per_epoch = self._config, self._config.validate_every * self._config.batch_size
        first = self.trainer.current_epoch * per_epoch
        last = min(first + per_epoch, config.steps * config.batch_size)
        self._windows = TrainingWindows(
            self._dataset,
            self._geometry,
            seed=config.seed,
            shift_bp=config.shift_bp,
            reverse=config.reverse_complement,
            indices=range(first + self.trainer.global_rank, last, self.trainer.world_size),
        )
        return DataLoader(self._windows, batch_size=self._part())

    def val_dataloader(self) -> DataLoader[Any]:
        share = slice(self.trainer.global_rank, None, self.trainer.world_size)
        return DataLoader(SplitTiles(self._dataset, self._geometry, "valid", share), batch_size=self._part())

    def _part(self) -> int:
        """Windows that one process computes at once."""
        return max(self._config.batch_size // (self.trainer.world_size * self._config.accumulate), 1)

    def on_train_epoch_start(self) -> None:
        # So that dropout, too, is the same in a run that was killed and in one that was not.
        torch.manual_seed(hash((self._config.seed, self.trainer.current_epoch, self.trainer.global_rank)) % 2**63)

    def training_step(self, batch: Sequence[Tensor], index: int) -> Tensor:
        tokens, targets = batch
        total, count = self._loss(self.model(tokens), targets)
        shared = self.trainer.strategy.reduce(count.float(), reduce_op="mean")
        assert isinstance(shared, Tensor)
        loss: Tensor = total / shared.clamp(min=1)
        if not bool(torch.isfinite(loss)):
            places = [str(self._windows.region(index * self._part() + i)) for i in range(len(tokens))]
            raise InputError(
                f"step {self.trainer.global_step}: the loss is {float(loss)} on {', '.join(places)}. "
                "Look at the bigWigs there, clip the tracks, or lower learning_rate"
            )
        self.log("train_loss", loss, on_step=False, on_epoch=True, batch_size=len(tokens), sync_dist=True)
        return loss

    def on_validation_epoch_start(self) -> None:
        self._pearson = Pearson(len(self._dataset.tracks))

    def validation_step(self, batch: Sequence[Tensor], index: int) -> None:
        tokens, targets = batch
        self._pearson.update(self.model(tokens).float().cpu().numpy(), targets.cpu().numpy())

    def on_validation_epoch_end(self) -> None:
        sums = torch.from_numpy(self._pearson.sums).to(self.device)
        self._pearson.sums = np.asarray(self.trainer.strategy.reduce(sums, reduce_op="sum").cpu())
        self.log("val_pearson", mean_over_tracks(self._pearson.compute()), rank_zero_only=False)

    def configure_optimizers(self) -> Any:
        config = self._config
        learning = [parameter for parameter in self.parameters() if parameter.requires_grad]
        # Biases, gains and norms are not pulled towards zero.
        groups = [
            {"params": [p for p in learning if p.ndim > 1], "weight_decay": config.weight_decay},
            {"params": [p for p in learning if p.ndim <= 1], "weight_decay": 0.0},
        ]
        optimizer = torch.optim.AdamW(groups, lr=config.learning_rate, betas=(0.9, 0.98))

        def rate(step: int) -> float:
            if step < config.warmup_steps:
                return (step + 1) / config.warmup_steps
            done = (step - config.warmup_steps) / max(config.steps - config.warmup_steps, 1)
            return 0.5 * (1 + math.cos(math.pi * min(done, 1.0)))

        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, rate)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


class Averaging(WeightAveraging):
    """Exponential moving average of the weights, over fewer steps at the start so that it forgets where it began."""

    def __init__(self, decay: float) -> None:
        def average(averaged: Tensor, current: Tensor, seen: Tensor | int) -> Tensor:
            steps = float(seen)
            return averaged + (1 - min(decay, (1 + steps) / (10 + steps))) * (current - averaged)

        super().__init__(avg_fn=average)


class Patience(EarlyStopping):
    """Stops after so many validations without a better Pearson, and counts none twice when a run goes on."""

    def __init__(self, validations: int) -> None:
        super().__init__(
            "val_pearson", mode="max", patience=validations, check_finite=False, check_on_train_epoch_end=True
        )

    def on_train_start(self, trainer: lightning.Trainer, learner: lightning.LightningModule) -> None:
        self._judged = trainer.global_step
        trainer.should_stop = self.wait_count >= self.patience  # killed between its last step and its model

    def on_train_epoch_end(self, trainer: lightning.Trainer, learner: lightning.LightningModule) -> None:
        if trainer.global_step != self._judged:  # see Report
            super().on_train_epoch_end(trainer, learner)


class Report(Callback):
    """Moves the progress bar, prints a line per validation and keeps log.csv. Only the first process speaks."""

    def __init__(self, log: Path, config: TrainConfig, advance: Callable[[int], None], console: Console) -> None:
        self._log, self._config, self._advance, self._console = log, config, advance, console

    def on_train_start(self, trainer: lightning.Trainer, learner: lightning.LightningModule) -> None:
        self._reported = self._seen = trainer.global_step
        if trainer.is_global_zero:
            self._advance(trainer.global_step)

    def on_train_batch_end(self, trainer: lightning.Trainer, *_: Any) -> None:
        if trainer.is_global_zero:
            self._advance(trainer.global_step - self._seen)
            self._seen = trainer.global_step

    def on_train_epoch_end(self, trainer: lightning.Trainer, learner: lightning.LightningModule) -> None:
        if trainer.global_step == self._reported or not trainer.is_global_zero:
            return  # a resumed run passes the end of the epoch that its checkpoint was written in once more
        self._reported = trainer.global_step
        figures = {name: float(trainer.callback_metrics[name]) for name in ("train_loss", "val_pearson")}
        row = {"step": trainer.global_step, **figures}
        new = not self._log.exists()
        with open(self._log, "a", newline="") as file:
            writer = csv.DictWriter(file, list(row))
            if new:
                writer.writeheader()
            writer.writerow(row)
        line = "  ".join(f"{name} {value:.4f}" for name, value in figures.items())
        self._console.say(f"step {trainer.global_step:,} of {self._config.steps:,}  {line}")
