"""What Lightning runs: a model with its loss, optimizer and validation."""

import math
from collections.abc import Sequence
from typing import Any

import lightning
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from genint.datasets.dataset import TrackDataset
from genint.datasets.loader import SplitTiles, TrainingWindows
from genint.errors import InputError
from genint.evaluation.metrics import Pearson, mean_over_tracks
from genint.genome.grid import Geometry
from genint.models.base import TrackModel
from genint.training.config import TrainConfig
from genint.training.loss_weights import weigh_tracks
from genint.training.losses import LOSSES
from genint.training.teachers import Teachers


class TrainingModule(lightning.LightningModule):
    """A model in training on a data set. Every process takes each n-th window of a step."""

    def __init__(
        self,
        model: TrackModel,
        dataset: TrackDataset,
        geometry: Geometry,
        config: TrainConfig,
        teachers: Teachers | None = None,
    ) -> None:
        super().__init__()
        self.model = model
        self._dataset, self._geometry, self._config, self._teachers = dataset, geometry, config, teachers
        self._loss = LOSSES[config.loss]
        weights = torch.from_numpy(weigh_tracks(dataset, config.loss_weights)).float()
        self.register_buffer("_track_weights", weights, persistent=False)

    def train_dataloader(self) -> DataLoader[Any]:
        """The windows between two validations. Which they are depends on the epoch alone, not on what ran before."""
        config, per_epoch = self._config, self._config.validate_every * self._config.batch_size
        first = self.trainer.current_epoch * per_epoch
        last = min(first + per_epoch, config.steps * config.batch_size)
        self._indices = range(first + self.trainer.global_rank, last, self.trainer.world_size)
        self._windows = TrainingWindows(
            self._dataset,
            self._geometry,
            seed=config.seed,
            shift_bp=config.shift_bp,
            reverse=config.reverse_complement,
            indices=self._indices,
        )
        return DataLoader(self._windows, batch_size=self._part())

    def val_dataloader(self) -> DataLoader[Any]:
        part = slice(self.trainer.global_rank, None, self.trainer.world_size)
        return DataLoader(SplitTiles(self._dataset, self._geometry, "valid", part), batch_size=self._part())

    def _part(self) -> int:
        """Windows that one process computes at once."""
        return max(self._config.batch_size // (self.trainer.world_size * self._config.accumulate), 1)

    def on_train_epoch_start(self) -> None:
        # So that dropout, too, is the same in a run that was killed and in one that was not.
        torch.manual_seed(hash((self._config.seed, self.trainer.current_epoch, self.trainer.global_rank)) % 2**63)

    def training_step(self, batch: Sequence[Tensor], index: int) -> Tensor:
        tokens, targets = batch
        predicted = self.model(tokens)
        loss = self.mean_loss(*self._loss(predicted, targets, self._track_weights))
        if self._teachers:
            first, weight = index * self._part(), self._config.teacher_weight
            labels = self._teachers.label(tokens, self._indices[first : first + len(tokens)])
            taught = self.mean_loss(*self._loss(predicted, labels, self._track_weights))
            loss = (1 - weight) * loss + weight * taught
        if not bool(torch.isfinite(loss)):
            places = [str(self._windows.region(index * self._part() + i)) for i in range(len(tokens))]
            raise InputError(
                f"step {self.trainer.global_step}: the loss is {float(loss)} on {', '.join(places)}. "
                "Look at the bigWigs there, clip the tracks, or lower `learning_rate`"
            )
        self.log("train_loss", loss, on_step=False, on_epoch=True, batch_size=len(tokens), sync_dist=True)
        return loss

    def mean_loss(self, total: Tensor, count: Tensor) -> Tensor:
        """A sum over `count` values as a mean that, averaged over all processes, is the mean over all their values."""
        mean_count = self.trainer.strategy.reduce(count.float(), reduce_op="mean")
        assert isinstance(mean_count, Tensor)
        return total / mean_count.clamp(min=1)

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
        trained = [parameter for parameter in self.parameters() if parameter.requires_grad]
        # Biases, gains and norms are not pulled towards zero.
        groups = [
            {"params": [p for p in trained if p.ndim > 1], "weight_decay": config.weight_decay},
            {"params": [p for p in trained if p.ndim <= 1], "weight_decay": 0.0},
        ]
        optimizer = torch.optim.AdamW(groups, lr=config.learning_rate, betas=(0.9, 0.98))

        def rate(step: int) -> float:
            if step < config.warmup_steps:
                return (step + 1) / config.warmup_steps
            done = (step - config.warmup_steps) / max(config.steps - config.warmup_steps, 1)
            return 0.5 * (1 + math.cos(math.pi * min(done, 1.0)))

        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, rate)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}
