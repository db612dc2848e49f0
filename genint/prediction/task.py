"""What the inference engine does with windows of DNA: the protocol, and the task of predicting tracks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from genint.arrays import I64, U8
from genint.errors import InputError
from genint.models.base import TrackModel
from genint.prediction.devices import inference

# uint8 tokens (B, input_bp), bool reverse (B,): True for a window read from the reverse strand -> (B, ...)
Step = Callable[[Tensor, Tensor], Tensor]


class DnaWindow(Protocol):
    """What goes into a task: DNA, all windows of one length, and what the caller wants returned with the output."""

    @property
    def tokens(self) -> U8:
        """(input_bp,), reverse-complemented already where `reverse` is set."""

    @property
    def reverse(self) -> bool:
        """Whether the tokens are those of the reverse strand."""


class Task(Protocol):
    """What is done with windows, wherever they run. With several devices it is pickled into a process for each.

    `batch_size`: windows that a GPU takes at once, the last batch padded with unknown DNA. A CPU takes each alone.
    """

    @property
    def batch_size(self) -> int: ...

    def setup(self, device: torch.device) -> Step:
        """Put models and whatever else is needed on the device; called once there. On a CPU, threads share the step."""


@dataclass(frozen=True, kw_only=True)
class PredictTracks:
    """Tracks of M models with the same tracks and windows: (B, M, T, core_bins) float32, forward strand, model scale.

    `columns` (T,): which of the models' tracks. `partners` (T,): the strand partners of `columns`, whose values a track
    takes from windows that are reverse-complemented.
    """

    modules: Sequence[TrackModel]
    columns: I64
    partners: I64
    dtype: torch.dtype = torch.float32
    batch_size: int = 8
    compile: bool = False

    def setup(self, device: torch.device) -> Step:
        """See Task. Raises InputError, when first run, if there is no compiler to `compile` with."""
        modules = [module.to(device) for module in self.modules]
        if self.compile:
            modules = [torch.compile(module) for module in modules]  # type: ignore[misc]
        columns, partners = (torch.from_numpy(each).to(device) for each in (self.columns, self.partners))

        def predict(tokens: Tensor, reverse: Tensor) -> Tensor:
            with inference(device, self.dtype):
                values = torch.stack([module(tokens).float() for module in modules], 1)  # (B, M, core_bins, all)
                forward = values[..., columns]
                if reverse.any():
                    forward[reverse] = values[reverse].flip(2)[..., partners]
                return forward.transpose(2, 3).contiguous()

        return _explain_missing_compiler(predict) if self.compile else predict


def _explain_missing_compiler(step: Step) -> Step:
    def run_step(tokens: Tensor, reverse: Tensor) -> Tensor:
        try:
            return step(tokens, reverse)
        except RuntimeError as error:
            if "InvalidCxxCompiler" in str(error):
                raise InputError("`compile`: finds no C++ compiler. Install one, or leave out `compile`") from None
            raise

    return run_step
