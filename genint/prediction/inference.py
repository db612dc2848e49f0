"""Windows of DNA through models, in order: on a CPU here, on a GPU in a thread, on several devices in processes.

Threads and processes let whoever asks read DNA and write results while the models run.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, nullcontext
from itertools import islice
from multiprocessing import get_context, parent_process
from multiprocessing.queues import SimpleQueue
from os import _exit
from signal import SIG_BLOCK, SIG_SETMASK, SIGINT, pthread_sigmask
from types import TracebackType
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt
import torch

from genint.errors import InputError
from genint.genome.dna import UNKNOWN
from genint.models.base import TrackModel
from genint.prediction.devices import inference, is_out_of_memory
from genint.prediction.windows import View

Floats = npt.NDArray[np.float32]

_BATCHES_AHEAD = 2  # per device, on top of the one that is being computed


class Work(NamedTuple):
    """What is asked of every window, wherever it runs. M models with the same tracks and windows."""

    modules: Sequence[TrackModel]
    columns: npt.NDArray[np.int64]  # (T,) of the models' outputs: the tracks asked for
    mirrored: npt.NDArray[np.int64]  # (T,) the same tracks' columns when the DNA is read from the other strand
    dtype: torch.dtype
    batch_size: int
    compile: bool


class Engine:
    """Answers views in their order, a batch at a time. Use it in a `with` block, which ends its thread or processes.

    A batch always has its full shape, the last one padded with unknown DNA: in bfloat16, and on GPUs, the shape decides
    the last bits. A device whose memory a batch does not fit into goes on with half as much at once.
    """

    def __init__(self, work: Work, devices: Sequence[torch.device]) -> None:
        self._work, self._n_devices = work, len(devices)
        self._executor: Executor
        self._answer: Callable[..., Floats]
        if len(devices) == 1:
            # On a CPU the model takes every core, and in any thread but the first twice the time (docs/performance.md).
            self._executor = _Here() if devices[0].type == "cpu" else ThreadPoolExecutor(1, "engine")
            self._answer = _Answerer(work, devices[0])
        else:
            context = get_context("spawn")  # CUDA and OpenMP do not survive a fork
            places = context.SimpleQueue()
            for device in devices:
                places.put(device)
            threads = max(torch.get_num_threads() // len(devices), 1)
            self._executor = ProcessPoolExecutor(len(devices), context, _start, (work, places, threads))
            self._answer = _answer_here

    def answers(self, views: Iterable[View]) -> Iterator[tuple[View, Floats]]:
        """Each view with its (M, T, core_bins) on the models' scale, forward strand.

        Raises InputError when not even one window fits into memory, or a process was ended from outside.
        """
        try:
            yield from self._in_turn(iter(views))
        except BrokenProcessPool:
            raise InputError(
                "a process that ran the model was ended from outside, perhaps for want of memory. "
                "Give fewer --workers or a smaller --batch-size"
            ) from None

    def _in_turn(self, remaining: Iterator[View]) -> Iterator[tuple[View, Floats]]:
        running: deque[tuple[list[View], Future[Floats]]] = deque()
        while True:
            while len(running) <= self._n_devices * _BATCHES_AHEAD and (
                batch := list(islice(remaining, self._work.batch_size))
            ):
                running.append((batch, self._submit(batch)))
            if not running:
                return
            batch, answer = running.popleft()
            yield from zip(batch, answer.result(), strict=False)

    def _submit(self, batch: Sequence[View]) -> "Future[Floats]":
        tokens = np.full((self._work.batch_size, len(batch[0].tokens)), UNKNOWN, dtype=np.uint8)
        reverse = np.zeros(self._work.batch_size, dtype=np.bool_)
        for place, view in enumerate(batch):
            tokens[place], reverse[place] = view.tokens, view.reverse
        # Ctrl-C is this process's to answer: a process that starts in here inherits that it is not told.
        with _interrupts_held() if self._n_devices > 1 else nullcontext():
            return self._executor.submit(self._answer, tokens, reverse)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._executor.shutdown(cancel_futures=True)


class _Here(Executor):
    """Does what is asked at once, in the thread that asks."""

    def submit(self, fn: Callable[..., Any], /, *arguments: Any, **options: Any) -> "Future[Any]":
        done: Future[Any] = Future()
        try:
            done.set_result(fn(*arguments, **options))
        except Exception as error:
            done.set_exception(error)
        return done


class _Answerer:
    """The models on one device: uint8 (B, input_bp) and reverse (B,) -> float32 (B, M, T, core_bins)."""

    def __init__(self, work: Work, device: torch.device) -> None:
        self._work, self._device = work, device
        modules = [module.to(device) for module in work.modules]
        self._modules = [torch.compile(module) for module in modules] if work.compile else modules
        self._at_once = work.batch_size

    def __call__(self, tokens: npt.NDArray[np.uint8], reverse: npt.NDArray[np.bool_]) -> Floats:
        while True:
            try:
                return self._answer(tokens, reverse)
            except (RuntimeError, MemoryError) as error:
                if self._work.compile and "InvalidCxxCompiler" in str(error):
                    raise InputError("--compile: finds no C++ compiler. Install one, or leave out --compile") from None
                if not is_out_of_memory(error):
                    raise
            if self._at_once == 1:
                raise InputError(f"{self._device}: not even one window fits into its memory. Give another --device")
            self._at_once = -(-self._at_once // 2)
            if self._device.type == "cuda":
                torch.cuda.empty_cache()

    def _answer(self, tokens: npt.NDArray[np.uint8], reverse: npt.NDArray[np.bool_]) -> Floats:
        answers = []
        for start in range(0, len(tokens), self._at_once):
            part = torch.full((self._at_once, tokens.shape[1]), UNKNOWN, dtype=torch.uint8)
            some = torch.from_numpy(tokens[start : start + self._at_once])
            part[: len(some)] = some
            with inference(self._device, self._work.dtype):
                there = part.to(self._device)
                values = torch.stack([module(there).float() for module in self._modules], 1)  # (B, M, core_bins, T)
            answers.append(values[: len(some)].cpu().numpy())
        return self._forward_strand(np.concatenate(answers), reverse)

    def _forward_strand(self, values: Floats, reverse: npt.NDArray[np.bool_]) -> Floats:
        """(B, M, core_bins, all tracks) as read -> (B, M, T, core_bins)."""
        chosen = values[..., self._work.columns]
        if reverse.any():
            chosen[reverse] = values[reverse][:, :, ::-1, self._work.mirrored]
        return np.ascontiguousarray(chosen.swapaxes(-1, -2))


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """A Ctrl-C in here waits until the end of the block; processes started in here never see one."""
    before = pthread_sigmask(SIG_BLOCK, {SIGINT})
    try:
        yield
    finally:
        pthread_sigmask(SIG_SETMASK, before)


# -- in a process of its own -------------------------------------------------------------------------------------------

_answerer: _Answerer


def _start(work: Work, places: "SimpleQueue[torch.device]", threads: int) -> None:
    global _answerer
    threading.Thread(target=_end_with_parent, daemon=True).start()
    torch.set_num_threads(threads)
    _answerer = _Answerer(work, places.get())


def _end_with_parent() -> None:
    """A main process that was killed cannot end its processes; without this they would wait for ever."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        _exit(1)


def _answer_here(tokens: npt.NDArray[np.uint8], reverse: npt.NDArray[np.bool_]) -> Floats:
    return _answerer(tokens, reverse)
