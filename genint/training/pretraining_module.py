"""What Lightning runs in pretraining: a trunk and a decoder that name masked bases."""

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.data import DataLoader

from genint.errors import InputError
from genint.genome.dna import UNKNOWN
from genint.models.base import TrackModel
from genint.training.masked_baselines import MaskedScore
from genint.training.masked_decoder import make_decoder
from genint.training.masked_dna import HeldOutWindows, MaskedWindows, Place
from genint.training.pretrain_config import PretrainConfig
from genint.training.run_module import RunModule

HIDDEN = 0.8  # of the bases to be predicted in training; the others are seen, one half of them as random ones


class PretrainingModule(RunModule):
    """A model's trunk with a decoder, which learn cross-entropy over A, C, G and T at the masked bases alone."""

    _config: PretrainConfig

    def __init__(
        self, model: TrackModel, training: Sequence[Place], held_out: HeldOutWindows, config: PretrainConfig
    ) -> None:
        super().__init__(config)
        self.model, self.decoder = model, make_decoder(model)
        self._training, self._held_out = training, held_out

    def training_windows(self, indices: Sequence[int]) -> MaskedWindows:
        """Windows of the run by their numbers."""
        return MaskedWindows(
            self._training,
            self.model.geometry.input_bp,
            seed=self._config.seed,
            fraction=self._config.mask_fraction,
            span=self._config.span,
            hidden=HIDDEN,
            indices=indices,
        )

    def train_dataloader(self) -> DataLoader[Any]:
        """The windows between two validations."""
        return DataLoader(self.training_windows(self.window_indices()), batch_size=self.windows_at_once())

    def val_dataloader(self) -> DataLoader[Any]:
        """The held-out windows; without any there is no validation."""
        part = range(self.trainer.global_rank, len(self._held_out), self.trainer.world_size)
        return DataLoader(torch.utils.data.Subset(self._held_out, part), batch_size=self.windows_at_once())

    def logits(self, seen: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Masked tokens and targets (B, L) -> the logits (N, 4) of the N bases to be predicted, and the bases (N,)."""
        features = self.decoder(self.model.levels(self.model.one_hot(seen)))
        asked = targets != UNKNOWN
        return self.decoder.classify(features[asked]), targets[asked].long()

    def training_step(self, batch: Sequence[Tensor], index: int) -> Tensor:
        loss = self.mean_loss(*self.sum_loss(self._window_loss, batch))
        if not bool(torch.isfinite(loss)):
            raise InputError(f"step {self.trainer.global_step}: the loss is {float(loss)}. Lower `learning_rate`")
        self.log("train_loss", loss, on_step=False, on_epoch=True, batch_size=len(batch[0]), sync_dist=True)
        return loss

    def _window_loss(self, seen: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        logits, bases = self.logits(seen, targets)
        count = torch.tensor(len(bases), device=logits.device)
        return F.cross_entropy(logits, bases, reduction="sum"), count

    def _window_sums(self, seen: Tensor, targets: Tensor) -> Tensor:
        """(1, 3): see _sum_scores."""
        return _sum_scores(*self.logits(seen, targets))[None]

    def on_validation_epoch_start(self) -> None:
        self._sums = torch.zeros(3, device=self.device)

    def validation_step(self, batch: Sequence[Tensor], index: int) -> None:
        self._sums += self.map_windows(self._window_sums, *batch).sum(0)

    def on_validation_epoch_end(self) -> None:
        sums = self.trainer.strategy.reduce(self._sums, reduce_op="sum")
        assert isinstance(sums, Tensor)
        score = _to_score(sums)
        self.log("val_loss", score.cross_entropy, rank_zero_only=False)
        self.log("val_accuracy", score.accuracy, rank_zero_only=False)

    @torch.no_grad()
    def score(self, positions: Sequence[int]) -> MaskedScore:
        """The score of these held-out windows, one by one, in evaluation mode."""
        self.eval()
        sums = torch.zeros(3, device=self.device)
        for position in positions:
            seen, targets = self._held_out[position]
            sums += self._window_sums(seen[None].to(self.device), targets[None].to(self.device))[0]
        return _to_score(sums)


def _sum_scores(logits: Tensor, bases: Tensor) -> Tensor:
    """(3,): how many bases, their summed cross-entropy, how many of them are right."""
    total = F.cross_entropy(logits, bases, reduction="sum")
    right = (logits.argmax(1) == bases).sum()
    return torch.stack([torch.tensor(float(len(bases)), device=logits.device), total, right.float()])


def _to_score(sums: Tensor) -> MaskedScore:
    count, total, right = (float(value) for value in sums)
    return MaskedScore(int(count), total / max(count, 1), right / max(count, 1))
