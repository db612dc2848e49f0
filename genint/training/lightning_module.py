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
from genint.training.losses import LOSSES
from genint.training.run_module import RunModule


class TrainingModule(RunModule):
    """A model in training on a data set."""

    def __init__(self, model: TrackModel, dataset: TrackDataset, geometry: Geometry, config: TrainConfig) -> None:
        super().__init__(config)
        self.model = model
        self._dataset, self._geometry = dataset, geometry
        self._loss = LOSSES[config.loss]

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
        loss = self.mean_loss(*self.sum_loss(self._window_loss, batch))
        if not bool(torch.isfinite(loss)):
            places = [str(self._windows.region(index * self.windows_at_once() + i)) for i in range(len(batch[0]))]
            raise InputError(
                f"step {self.trainer.global_step}: the loss is {float(loss)} on {', '.join(places)}. "
                "Look at the bigWigs there, clip the tracks, or lower `learning_rate`"
            )
        self.log("train_loss", loss, on_step=False, on_epoch=True, batch_size=len(batch[0]), sync_dist=True)
        return loss

    def _window_loss(self, tokens: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        return self._loss(self.model(tokens), targets)

    def on_validation_epoch_start(self) -> None:
        self._pearson = Pearson(len(self._dataset.tracks))

    def validation_step(self, batch: Sequence[Tensor], index: int) -> None:
        tokens, targets = batch
        self._pearson.update(self.map_windows(self.model, tokens).float().cpu().numpy(), targets.cpu().numpy())

    def on_validation_epoch_end(self) -> None:
        sums = torch.from_numpy(self._pearson.sums).to(self.device)
        self._pearson.sums = np.asarray(self.trainer.strategy.reduce(sums, reduce_op="sum").cpu())
        self.log("val_pearson", mean_over_tracks(self._pearson.compute()), rank_zero_only=False)
