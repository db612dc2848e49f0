"""What the LightningModules of all runs share: how windows are dealt out, the optimizer, its schedule."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import lightning
import torch
from torch import Tensor

from genint.training.config import RunConfig
from genint.training.parallel_windows import Loss, ParallelWindows


class RunModule(lightning.LightningModule):
    """A module in training. Every process takes each n-th window of a step.

    `parallel`, where it is set, computes the windows of a batch on the cores of a CPU.
    """

    parallel: ParallelWindows | None = None

    def __init__(self, config: RunConfig) -> None:
        super().__init__()
        self._config = config

    def sum_loss(self, loss: Loss, batch: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """`loss` of a batch's tensors, with gradients: the sum over all its values, and how many there are."""
        if self.parallel is None:
            return loss(*batch)
        trained = [parameter for parameter in self.parameters() if parameter.requires_grad]
        return self.parallel.sum_loss(loss, batch, trained)

    def map_windows(self, compute: Callable[..., Tensor], *batch: Tensor) -> Tensor:
        """`compute` of a batch's tensors, without gradients."""
        return compute(*batch) if self.parallel is None else self.parallel.map(compute, *batch)

    def window_indices(self) -> range:
        """This process's windows between two validations, which depend on the epoch alone, not on what ran before."""
        config, per_epoch = self._config, self._config.validate_every * self._config.batch_size
        first = self.trainer.current_epoch * per_epoch
        last = min(first + per_epoch, config.steps * config.batch_size)
        return range(first + self.trainer.global_rank, last, self.trainer.world_size)

    def windows_at_once(self) -> int:
        """Windows that one process computes at once."""
        return max(self._config.batch_size // (self.trainer.world_size * self._config.accumulate), 1)

    def on_train_epoch_start(self) -> None:
        # So that dropout, too, is the same in a run that was killed and in one that was not.
        torch.manual_seed(hash((self._config.seed, self.trainer.current_epoch, self.trainer.global_rank)) % 2**63)

    def mean_loss(self, total: Tensor, count: Tensor) -> Tensor:
        """A sum over `count` values as a mean that, averaged over all processes, is the mean over all their values."""
        return total / self.mean_count(count)

    def mean_count(self, count: Tensor) -> Tensor:
        """The mean of `count` over all processes, at least 1."""
        mean_count = self.trainer.strategy.reduce(count.float(), reduce_op="mean")
        assert isinstance(mean_count, Tensor)
        return mean_count.clamp(min=1)

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
