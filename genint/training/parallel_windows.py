"""The windows of a batch on the cores of a CPU, two at a time on one core, forward and backward.

Threads that share every operation wait for each other by spinning, and on busy cores a step takes many times as long;
threads with windows of their own never wait for each other. The order in which windows are added up, and the random
numbers that dropout gets, are the batch's, so outputs and gradients are the same bits for any number of threads.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from typing import Any, Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.overrides import TorchFunctionMode

from genint.errors import InputError
from genint.prediction.cpus import usable_cpus
from genint.prediction.devices import is_out_of_memory
from genint.prediction.inference import THREADS_PER_PROCESS
from genint.prediction.workers import one_core_each

Loss = Callable[..., tuple[Tensor, Tensor]]  # a batch's tensors -> the loss's sum, the number of values in it
Gradients = list[Tensor | None]  # by parameter; None where the loss does not depend on it

# In a thread's call. Weights are standardised, cast and packed once for all of them, which saves a quarter of a step in
# bfloat16 on CPUs with AMX (docs/performance.md). A number that depended on the threads would change the last bits.
WINDOWS_PER_CALL = 2


def count_threads(threads: int, processes: int) -> int:
    """`threads`, at most the machine's cores; for 0, this process's part of the cores that may really be used."""
    most = min(usable_cpus(), THREADS_PER_PROCESS)
    return min(threads, os.cpu_count() or 1) or max(most // processes, 1)


def can_part_windows(module: nn.Module) -> bool:
    """Whether windows may be computed apart: not where layers normalise over the windows of a batch."""
    return not any(isinstance(layer, _BatchNorm) for layer in module.modules())


class ParallelWindows:
    """So many threads, each computing two windows at a time.

    Use it in a `with` block, in which PyTorch keeps to one core.
    Memory is that of 2 * `threads` windows, whatever the batch.
    """

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._pool = one_core_each(threads)

    def sum_loss(
        self, loss: Loss, batch: Sequence[Tensor], parameters: Sequence[nn.Parameter]
    ) -> tuple[Tensor, Tensor]:
        """`loss` of all windows, whose backward gives `parameters` their gradients; and the number of values in it.

        Raises InputError when memory is too short for the windows of all threads.
        """
        seeds = torch.randint(2**62, (-(-len(batch[0]) // WINDOWS_PER_CALL),)).tolist()

        def compute(seed: int, *windows: Tensor) -> tuple[Tensor, Tensor, Gradients]:
            with OwnRandomNumbers(seed):
                total, count = loss(*windows)
            return total.detach(), count, list(torch.autograd.grad(total, parameters, allow_unused=True))

        calls = self._results(compute, seeds, *batch)
        total, count, gradients = next(calls)
        for more, values, of_call in calls:
            total, count = total + more, count + values
            gradients = [_add(a, b) for a, b in zip(gradients, of_call, strict=True)]
        attached: Tensor = _WithGradients.apply(total, gradients, *parameters)  # type: ignore[no-untyped-call]
        return attached, count

    def map(self, compute: Callable[..., Tensor], *batch: Tensor) -> Tensor:
        """`compute` of all windows, without gradients."""

        def without_gradients(*windows: Tensor) -> Tensor:
            with torch.inference_mode():
                return compute(*windows)

        return torch.cat(list(self._results(without_gradients, *batch)))

    def _results(self, compute: Callable[..., Any], *columns: Any) -> Iterator[Any]:
        """In order; a column's tensor is cut into the windows of a call, and anything else into its elements."""
        cut = [torch.split(column, WINDOWS_PER_CALL) if isinstance(column, Tensor) else column for column in columns]
        enabled, dtype = torch.is_autocast_enabled("cpu"), torch.get_autocast_dtype("cpu")  # each thread has its own

        def run(*arguments: Any) -> Any:
            # Without the cache of cast weights, which all threads would share: in a call each is cast only once.
            with torch.autocast("cpu", dtype, enabled, cache_enabled=False):
                return compute(*arguments)

        futures: list[Future[Any]] = [self._pool.submit(run, *arguments) for arguments in zip(*cut, strict=True)]
        try:
            while futures:
                yield futures.pop(0).result()
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            raise InputError(
                f"memory is too short for {WINDOWS_PER_CALL * self._threads} windows in training. "
                "Give fewer `threads`, or a smaller model"
            ) from None
        finally:
            for future in futures:
                future.cancel()

    def __enter__(self) -> Self:
        self._closing = ExitStack()
        self._closing.callback(torch.set_num_threads, torch.get_num_threads())
        self._closing.callback(self._pool.shutdown, cancel_futures=True)
        torch.set_num_threads(1)
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()

    def __deepcopy__(self, _: object) -> Self:
        """The same threads: Lightning copies the module that holds them to average its weights."""
        return self


class OwnRandomNumbers(TorchFunctionMode):
    """In this thread, dropout and `torch.rand` draw from a generator that no other thread uses."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._generator = torch.Generator().manual_seed(seed)

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if function is F.dropout:
            return self._drop(*args, **kwargs)
        if function is torch.rand:
            kwargs = {**kwargs, "generator": self._generator}
        return function(*args, **kwargs)

    def _drop(self, x: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
        if not training or not p:
            return x
        kept = torch.empty_like(x).bernoulli_(1 - p, generator=self._generator)
        return x * kept.div_(1 - p)


def _add(a: Tensor | None, b: Tensor | None) -> Tensor | None:
    return a.add_(b) if a is not None and b is not None else a if b is None else b


class _WithGradients(torch.autograd.Function):
    """A loss whose gradients are known already."""

    @staticmethod
    def forward(ctx: Any, total: Tensor, gradients: Gradients, *parameters: Tensor) -> Tensor:
        ctx.gradients = gradients
        return total.clone()

    @staticmethod
    def backward(ctx: Any, of_total: Tensor) -> Any:
        gradients, ctx.gradients = ctx.gradients, None
        return None, None, *(None if gradient is None else gradient.mul_(of_total) for gradient in gradients)
