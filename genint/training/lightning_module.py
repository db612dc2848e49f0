"""What Lightning runs: a model with its loss, optimizer and validation."""

from collections.abc import Sequence
from typing import Any

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
from genint.training.run_module import RunModule
from genint.training.teachers import Teachers


class TrainingModule(RunModule):
    """A model in training on a data set, and on what its teachers, if there are any, predict."""

    _config: TrainConfig
    _track_weights: Tensor

    def __init__(
        self,
        model: TrackModel,
        dataset: TrackDataset,
        geometry: Geometry,
        config: TrainConfig,
        teachers: Teachers | None = None,
    ) -> None:
        super().__init__(config)
        self.model = model
        self._dataset, self._geometry, self._teachers = dataset, geometry, teachers
        self._loss = LOSSES[config.loss]
        weights = torch.from_numpy(weigh_tracks(dataset, config.loss_weights)).float()
        self.register_buffer("_track_weights", weights, persistent=False)

    def train_dataloader(self) -> DataLoader[Any]:
        """The windows between two validations."""
        self._windows = TrainingWindows(
            self._dataset,
            self._geometry,
            seed=self._config.seed,
            shift_bp=self._config.shift_bp,
            reverse=self._config.reverse_complement,
            indices=self.window_indices(),
        )
        return DataLoader(self._windows, batch_size=self.windows_at_once())

    def val_dataloader(self) -> DataLoader[Any]:
        part = slice(self.trainer.global_rank, None, self.trainer.world_size)
        return DataLoader(SplitTiles(self._dataset, self._geometry, "valid", part), batch_size=self.windows_at_once())

    def training_step(self, batch: Sequence[Tensor], index: int) -> Tensor:
        tokens, targets = batch
        predicted = self.model(tokens)
        loss = self.mean_loss(*self._loss(predicted, targets, self._track_weights))
        if self._teachers:
            first, weight = index * self.windows_at_once(), self._config.teacher_weight
            labels = self._teachers.label(tokens, self.window_indices()[first : first + len(tokens)])
            taught = self.mean_loss(*self._loss(predicted, labels, self._track_weights))
            loss = (1 - weight) * loss + weight * taught
        if not bool(torch.isfinite(loss)):
            places = [str(self._windows.region(index * self.windows_at_once() + i)) for i in range(len(tokens))]
            raise InputError(
                f"step {self.trainer.global_step}: the loss is {float(loss)} on {', '.join(places)}. "
                "Look at the bigWigs there, clip the tracks, or lower `learning_rate`"
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
