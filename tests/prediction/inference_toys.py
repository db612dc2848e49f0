"""Toy models, tasks and windows for tests of the inference engine, in a module that its processes can import."""

import os
import signal
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from genint.prediction.task import PredictTracks
from genint.prediction.windows import Window

INPUT, BINS, TRACKS = 12, 3, 4
COLUMNS, PARTNERS = np.array([0, 1, 3]), np.array([1, 0, 3])  # tracks 0 and 1 are two strands
CPU = torch.device("cpu")


class Plain(nn.Module):
    """(B, 12) tokens -> (B, 3, 4): the sum of a bin's tokens, times 1 to 4. Notes the batches that it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[int] = []

    def forward(self, tokens: Tensor) -> Tensor:
        self.batches.append(len(tokens))
        sums = tokens.float().reshape(len(tokens), BINS, -1).sum(-1)
        return sums[..., None] * torch.arange(1.0, TRACKS + 1)


class Narrow(Plain):
    """Holds at most `most` windows at once."""

    def __init__(self, most: int, error: type[Exception] = torch.OutOfMemoryError) -> None:
        super().__init__()
        self.most, self.error = most, error

    def forward(self, tokens: Tensor) -> Tensor:
        if len(tokens) > self.most:
            raise self.error("can't allocate memory: you tried to allocate 9 bytes")
        return super().forward(tokens)


class Deadly(Plain):
    """Ends the process it runs in, as the system does when memory is used up."""

    def forward(self, tokens: Tensor) -> Tensor:
        os.kill(os.getpid(), signal.SIGKILL)
        return super().forward(tokens)


class Wrong(Plain):
    def forward(self, tokens: Tensor) -> Tensor:
        raise RuntimeError("a bug of ours")


def task(*modules: nn.Module, batch_size: int = 4, compile: bool = False) -> PredictTracks:
    return PredictTracks(
        modules=modules,  # type: ignore[arg-type]
        columns=COLUMNS,
        partners=PARTNERS,
        batch_size=batch_size,
        compile=compile,
    )


def windows(number: int) -> list[Window]:
    rng = np.random.default_rng(1)
    tokens = rng.integers(0, 5, (number, INPUT), dtype=np.uint8)
    return [Window("chr1", k, bool(k % 3 == 1), tokens[k]) for k in range(number)]


def stack(given: Sequence[Window]) -> tuple[np.ndarray, np.ndarray]:
    """What a worker takes."""
    return np.stack([window.tokens for window in given]), np.array([window.reverse for window in given])


def slow(window: Window, scale: float = 1.0) -> np.ndarray:
    """(T, bins): the sums of the window's bins, in reverse order if it was read from the other strand."""
    sums = [float(window.tokens[4 * k : 4 * k + 4].sum()) for k in range(BINS)]
    columns = PARTNERS if window.reverse else COLUMNS
    return np.array(
        [[scale * total * (column + 1) for total in (sums[::-1] if window.reverse else sums)] for column in columns]
    )
