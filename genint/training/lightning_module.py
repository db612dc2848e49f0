"""What Lightning runs: a model with its loss, optimizer and validation."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from genint.datasets.dataset import TrackDataset
from genint.datasets.loader import SplitTiles, TrainingWindows
from genint.datasets.variation import Variation
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
        config = self._config
        self._windows = TrainingWindows(
            self._dataset,
            self._geometry,
            seed=config.seed,
            shift_bp=config.shift_bp,
            reverse=config.reverse_complement,
            indices=self.window_indices(),
            variation=Variation(
                relatives=config.relatives,
                identity_power=config.identity_power,
                mutation_rate=config.mutation_rate,
                clean_from=(config.steps - config.clean_steps) * config.batch_size,
            ),
        )
        return DataLoader(self._windows, batch_size=self.windows_at_once())

    def val_dataloader(self) -> DataLoader[Any]:
        part = slice(self.trainer.global_rank, None, self.trainer.world_size)
        return DataLoader(SplitTiles(self._dataset, self._geometry, "valid", part), batch_size=self.windows_at_once())

    def training_step(self, batch: Sequence[Tensor], index: int) -> Tensor:
        if self._teachers is None:
            loss = self.mean_loss(*self.sum_loss(self._measured_loss, batch))
        else:
            loss = self._loss_with_teachers(self._teachers, batch, index)
        if not bool(torch.isfinite(loss)):
            places = [str(self._windows.region(index * self.windows_at_once() + i)) for i in range(len(batch[0]))]
            raise InputError(
                f"step {self.trainer.global_step}: the loss is {float(loss)} on {', '.join(places)}. "
                "Look at the bigWigs there, clip the tracks, or lower `learning_rate`"
            )
        self.log("train_loss", loss, on_step=False, on_epoch=True, batch_size=len(batch[0]), sync_dist=True)
        return loss

    def _measured_loss(self, tokens: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        return self._loss(self.model(tokens), targets, self._track_weights)

    def _loss_with_teachers(self, teachers: Teachers, batch: Sequence[Tensor], index: int) -> Tensor:
        """The mean over what was measured and the mean over what the teachers predict, weighted."""
        tokens, targets = batch
        first, weight = index * self.windows_at_once(), self._config.teacher_weight
        numbers = torch.tensor(self.window_indices()[first : first + len(tokens)])
        labels = self.map_windows(teachers.label, tokens, numbers).clone()  # a clone may be saved for the backward
        measured, labelled = (self.mean_count(torch.isfinite(part).sum()) for part in (targets, labels))

        def loss(tokens: Tensor, targets: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
            predicted = self.model(tokens)
            of_targets, count = self._loss(predicted, targets, self._track_weights)
            of_labels, _ = self._loss(predicted, labels, self._track_weights)
            return (1 - weight) * of_targets / measured + weight * of_labels / labelled, count

        return self.sum_loss(loss, (tokens, targets, labels))[0]

    def on_validation_epoch_start(self) -> None:
        self._pearson = Pearson(len(self._dataset.tracks))

    def validation_step(self, batch: Sequence[Tensor], index: int) -> None:
        tokens, targets = batch
        self._pearson.update(self.map_windows(self.model, tokens).float().cpu().numpy(), targets.cpu().numpy())

    def on_validation_epoch_end(self) -> None:
        sums = torch.from_numpy(self._pearson.sums).to(self.device)
        self._pearson.sums = np.asarray(self.trainer.strategy.reduce(sums, reduce_op="sum").cpu())
        self.log("val_pearson", mean_over_tracks(self._pearson.compute()), rank_zero_only=False)
