"""The inference engine: windows of DNA through a task, in order, on the cores of a CPU, a GPU, or several devices.

Every command that runs a model does so through it; the task (see task.py) says what is done with a window.
"""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import nullcontext
from itertools import islice
from multiprocessing import get_context
from typing import NamedTuple, Self, TypeVar

import numpy as np
import torch

from genint.arrays import F32
from genint.errors import InputError
from genint.prediction.cpus import usable_cpus
from genint.prediction.task import DnaWindow, Task
from genint.prediction.workers import (
    BatchWorker,
    Run,
    WindowWorker,
    block_interrupts,
    in_order,
    one_core_each,
    run_in_process,
    start_process,
)

W = TypeVar("W", bound=DnaWindow)

# Threads of one process share Python's lock, which a window of the bundled model needs for about a tenth of its time.
THREADS_PER_PROCESS = 8
_WINDOWS_PER_THREAD = 4  # in a call to a process, so that its threads seldom wait for its slowest window
_CALLS_AHEAD = 2  # for each call that can run, on top of those that do


class Engine:
    """Runs a task over windows. Use it in a `with` block, which ends its threads and processes.

    On a CPU `threads` windows are computed at the same time, each on one core and in a forward pass of its own: outputs
    are the same bits for any number of threads and processes. 0 threads: the cores that the process may use, at most 8;
    more than 8 are shared out over processes. On a GPU every batch has the full shape, as the shape decides the last
    bits. Several devices get a process each. Where memory is too short, half as many windows are computed at once from
    then on. Processes import the main module, so a script that needs them runs under `if __name__ == "__main__":`.

    `windows_per_round`: how many are in work when nothing waits. `n_processes`: how many there are beside this one.
    """

    def __init__(self, task: Task, devices: Sequence[torch.device], threads: int = 0) -> None:
        if devices[0].type == "cpu":
            threads = threads or min(usable_cpus(), THREADS_PER_PROCESS)
            if len(devices) == 1:
                devices = [devices[0]] * -(-threads // THREADS_PER_PROCESS)
            threads = -(-threads // len(devices))
        self.n_processes = len(devices) if len(devices) > 1 else 0
        if self.n_processes:
            self._pool = _in_processes(task, devices, threads)
        else:
            self._pool = _on_cores(task, devices[0], threads) if devices[0].type == "cpu" else _on_gpu(task, devices[0])
        self._torch_threads = torch.get_num_threads()
        self.windows_per_round = self._pool.calls * self._pool.windows

    def map(self, windows: Iterable[W]) -> Iterator[tuple[W, F32]]:
        """Each window with the task's output for it, in order; windows are taken a few calls ahead.

        Raises InputError when not even one window fits into memory, or a process was ended from outside.
        """
        try:
            yield from self._in_order(iter(windows))
        except BrokenProcessPool:
            raise InputError(
                "a process that ran the model was ended from outside, perhaps because memory was short. "
                "Give a smaller `batch_size` or fewer `threads`"
            ) from None

    def _in_order(self, remaining: Iterator[W]) -> Iterator[tuple[W, F32]]:
        calls = iter(lambda: list(islice(remaining, self._pool.windows)), [])
        for call, output in in_order(self._submit, calls, self._pool.calls * (1 + _CALLS_AHEAD)):
            yield from zip(call, output, strict=True)

    def _submit(self, call: Sequence[W]) -> "Future[F32]":
        tokens = np.stack([window.tokens for window in call])
        reverse = np.array([window.reverse for window in call], dtype=np.bool_)
        # A process may start in here, and inherits that this one answers Ctrl-C.
        with block_interrupts() if self.n_processes else nullcontext():
            return self._pool.executor.submit(self._pool.run, tokens, reverse)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.executor.shutdown(cancel_futures=True)
        torch.set_num_threads(self._torch_threads)  # a part of PyTorch has one setting for all threads


class _Pool(NamedTuple):
    """Where a task runs: how many calls at the same time, and how many windows in each."""

    executor: Executor
    run: Run
    calls: int
    windows: int


def _on_cores(task: Task, device: torch.device, threads: int) -> _Pool:
    return _Pool(one_core_each(threads), WindowWorker(task, device, threads), threads, 1)


def _on_gpu(task: Task, device: torch.device) -> _Pool:
    """In a thread, so that DNA is read and results are written while the model runs."""
    return _Pool(ThreadPoolExecutor(1, "inference"), BatchWorker(task, device), 1, task.batch_size)


def _in_processes(task: Task, devices: Sequence[torch.device], threads: int) -> _Pool:
    context = get_context("spawn")  # CUDA and OpenMP do not survive a fork
    queue = context.SimpleQueue()
    for device in devices:
        queue.put(device)
    executor = ProcessPoolExecutor(len(devices), context, start_process, (task, queue, threads))
    windows = threads * _WINDOWS_PER_THREAD if devices[0].type == "cpu" else task.batch_size
    return _Pool(executor, run_in_process, len(devices), windows)
