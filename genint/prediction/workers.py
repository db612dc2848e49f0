"""Where a task's step runs: batches of windows on a GPU, window after window on a CPU's cores, either in a process."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from multiprocessing import parent_process
from multiprocessing.queues import SimpleQueue
from os import _exit
from signal import SIG_BLOCK, SIG_SETMASK, SIGINT, pthread_sigmask
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from genint.arrays import F32, U8, Mask
from genint.errors import InputError
from genint.genome.dna import UNKNOWN
from genint.prediction.devices import is_out_of_memory
from genint.prediction.task import Task

Item = TypeVar("Item")
Result = TypeVar("Result")
Run = Callable[[U8, Mask], F32]  # tokens (B, input_bp), reverse (B,) -> (B, ...)


class _Worker:
    """A task on one device; `_at_once` windows are in memory together, half as many each time they do not fit."""

    def __init__(self, task: Task, device: torch.device, at_once: int) -> None:
        self._step, self._device, self._at_once = task.setup(device), device, at_once
        self._pins = device.type == "cuda"

    def _forward(self, tokens: U8, reverse: Mask) -> F32:
        output: F32 = self._fetch(self._step(self._send(tokens), self._send(reverse))).numpy()
        return output

    def _send(self, array: U8 | Mask) -> Tensor:
        """The array on the device. From page-locked memory the next operation need not wait for the copy."""
        tensor = torch.from_numpy(array)
        return pin(tensor).to(self._device, non_blocking=True) if self._pins else tensor.to(self._device)

    def _fetch(self, output: Tensor) -> Tensor:
        """The output in this machine's memory, which a GPU writes faster when it is page-locked."""
        return empty_pinned(output).copy_(output) if self._pins else output.cpu()

    def _halve(self, tried: int) -> None:
        """Raises InputError when a single window was tried."""
        if tried == 1:
            raise InputError(f"{self._device}: not even one window fits into its memory. Give another `device`")
        self._at_once = min(self._at_once, -(-tried // 2))


class BatchWorker(_Worker):
    """For GPUs: a batch in one forward pass, in parts of equal shape once it does not fit. For one thread."""

    def __init__(self, task: Task, device: torch.device) -> None:
        super().__init__(task, device, task.batch_size)

    def __call__(self, tokens: U8, reverse: Mask) -> F32:
        """See Run."""
        while True:
            try:
                parts = range(0, len(tokens), self._at_once)
                return np.concatenate([self._part(tokens, reverse, start) for start in parts])
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
            self._halve(self._at_once)
            if self._device.type == "cuda":
                torch.cuda.empty_cache()

    def _part(self, tokens: U8, reverse: Mask, start: int) -> F32:
        """`_at_once` windows, or those that are left, padded."""
        part = slice(start, start + self._at_once)
        return self._forward(*pad(tokens[part], reverse[part], self._at_once))[: len(tokens[part])]


class WindowWorker(_Worker):
    """For CPUs: each window in a forward pass of its own, so that no other window changes its last bits.

    Any number of threads may call it; no more than `at_once` compute, fewer when memory is short.
    """

    def __init__(self, task: Task, device: torch.device, at_once: int) -> None:
        super().__init__(task, device, at_once)
        self._running, self._changed = 0, threading.Condition()

    def __call__(self, tokens: U8, reverse: Mask) -> F32:
        """See Run."""
        windows = [slice(k, k + 1) for k in range(len(tokens))]
        return np.concatenate([self._window(tokens[k], reverse[k]) for k in windows])

    def _window(self, tokens: U8, reverse: Mask) -> F32:
        while True:
            tried = self._begin()
            try:
                return self._forward(tokens, reverse)
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
            finally:
                self._end()
            with self._changed:
                self._halve(tried)

    def _begin(self) -> int:
        """Wait for a turn. Returns how many may compute at the same time."""
        with self._changed:
            self._changed.wait_for(lambda: self._running < self._at_once)
            self._running += 1
            return self._at_once

    def _end(self) -> None:
        with self._changed:
            self._running -= 1
            self._changed.notify_all()


def pin(tensor: Tensor) -> Tensor:
    """A copy in page-locked memory."""
    return tensor.pin_memory()


def empty_pinned(like: Tensor) -> Tensor:
    """Page-locked memory of a tensor's shape and type."""
    return torch.empty(like.shape, dtype=like.dtype, pin_memory=True)


def pad(tokens: U8, reverse: Mask, windows: int) -> tuple[U8, Mask]:
    """Fill up to so many windows with unknown DNA."""
    missing = windows - len(tokens)
    return (
        np.concatenate([tokens, np.full((missing, tokens.shape[1]), UNKNOWN, dtype=np.uint8)]),
        np.concatenate([reverse, np.zeros(missing, dtype=np.bool_)]),
    )


def one_core_each(threads: int) -> ThreadPoolExecutor:
    """Threads in which PyTorch computes on one core.

    Several that wait for each other in every operation do so by spinning, which on busy cores takes many times as long.
    """
    return ThreadPoolExecutor(threads, "inference", torch.set_num_threads, (1,))


class Stopped(Exception):
    """Nobody waits for this result any more."""


class Halt(threading.Event):
    """Set when nobody waits any more; long work looks at it between its parts."""

    def check(self) -> None:
        """Raises Stopped once it is set."""
        if self.is_set():
            raise Stopped


@contextmanager
def stoppable_cores(threads: int) -> Iterator[tuple[ThreadPoolExecutor, Halt]]:
    """`one_core_each`, and what halts their work when the block is left: its end waits for what still runs."""
    halt = Halt()
    with one_core_each(threads) as pool:
        try:
            yield pool, halt
        finally:
            halt.set()


def in_order(
    submit: Callable[[Item], Future[Result]], items: Iterable[Item], most: int
) -> Iterator[tuple[Item, Result]]:
    """Each item with its result, in order; at most `most` items are taken ahead."""
    running: deque[tuple[Item, Future[Result]]] = deque()
    remaining = iter(items)
    try:
        while True:
            running.extend((item, submit(item)) for item in islice(remaining, most - len(running)))
            if not running:
                return
            item, result = running.popleft()
            yield item, result.result()
    finally:
        for _, result in running:
            result.cancel()


_run: Run  # of this process, when it was started by the engine


def start_process(task: Task, devices: "SimpleQueue[torch.device]", threads: int) -> None:
    """Begin a process of the engine, which ends with the one that started it; its device is the next of the queue."""
    global _run
    threading.Thread(target=_exit_with_parent, daemon=True).start()
    torch.set_num_threads(1)
    device = devices.get()
    _run = _on_threads(task, device, threads) if device.type == "cpu" else BatchWorker(task, device)


def _on_threads(task: Task, device: torch.device, threads: int) -> Run:
    worker, pool = WindowWorker(task, device, threads), one_core_each(threads)
    return lambda tokens, reverse: np.concatenate(list(pool.map(worker, tokens[:, None], reverse[:, None])))


def run_in_process(tokens: U8, reverse: Mask) -> F32:
    """See Run; in a process that `start_process` began."""
    return _run(tokens, reverse)


def _exit_with_parent() -> None:
    """A main process that was killed cannot end its processes; without this they would wait for ever."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        _exit(1)


@contextmanager
def block_interrupts() -> Iterator[None]:
    """A Ctrl-C in here waits until the end of the block; processes started in here never see one."""
    before = pthread_sigmask(SIG_BLOCK, {SIGINT})
    try:
        yield
    finally:
        pthread_sigmask(SIG_SETMASK, before)
