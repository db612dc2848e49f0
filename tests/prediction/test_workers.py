"""Workers: the same outputs however little memory there is."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from genint.errors import InputError
from genint.genome.dna import UNKNOWN
from genint.prediction.workers import BatchWorker, Halt, Stopped, WindowWorker, in_order, pad, stoppable_cores
from tests.prediction.inference_toys import CPU, Narrow, Plain, Wrong, slow, stack, task, windows


@pytest.mark.parametrize("error", [torch.OutOfMemoryError, MemoryError, RuntimeError])
@pytest.mark.parametrize("most", [1, 2, 3, 7])
def test_a_batch_that_does_not_fit_is_halved_until_it_does_with_the_same_outputs(
    most: int, error: type[Exception]
) -> None:
    module = Narrow(most, error)
    worker = BatchWorker(task(module, batch_size=8), CPU)
    for number in (8, 8, 3):
        given = windows(number)
        found = worker(*stack(given))
        assert np.array_equal(found[:, 0], [slow(window) for window in given])
    assert set(module.batches) == {{1: 1, 2: 2, 3: 2, 7: 4}[most]}, "halved once, not for every batch again"


def test_a_window_that_does_not_fit_at_all_is_reported_and_a_bug_is_not_taken_for_it() -> None:
    for worker in (BatchWorker(task(Narrow(0)), CPU), WindowWorker(task(Narrow(0)), CPU, 4)):
        with pytest.raises(InputError, match="not even one window fits"):
            worker(*stack(windows(3)))
    for worker in (BatchWorker(task(Wrong()), CPU), WindowWorker(task(Wrong()), CPU, 4)):
        with pytest.raises(RuntimeError, match="a bug of ours"):
            worker(*stack(windows(3)))


def test_the_last_batch_is_filled_with_unknown_dna() -> None:
    given = []
    module = Plain()
    module.register_forward_pre_hook(lambda module, arguments: given.append(arguments[0].clone()))
    assert len(BatchWorker(task(module, batch_size=4), CPU)(*stack(windows(1)))) == 1
    assert given[0].shape == (4, 12)
    assert (given[0][1:] == UNKNOWN).all()
    tokens, reverse = pad(*stack(windows(2)), 5)
    assert (tokens[2:] == UNKNOWN).all()
    assert not reverse[2:].any()


class Crowded(Plain):
    """Fits into memory `most` times at the same moment."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most, self.running, self.lock = most, 0, threading.Lock()
        self.crowds: list[int] = []

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        with self.lock:
            self.running += 1
            running = self.running
        try:
            threading.Event().wait(0.01)
            if running > self.most:
                raise MemoryError
            self.crowds.append(running)
            return super().forward(tokens)
        finally:
            with self.lock:
                self.running -= 1


@pytest.mark.parametrize("most", [1, 3, 8])
def test_threads_that_do_not_fit_into_memory_together_become_fewer_with_the_same_outputs(most: int) -> None:
    module, given = Crowded(most), windows(40)
    worker = WindowWorker(task(module), CPU, 8)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda window: worker(*stack([window])), given))
    for window, values in zip(given, found, strict=True):
        assert np.array_equal(values[0, 0], slow(window))
    assert max(module.crowds) <= most
    assert 1 <= worker._at_once <= most


def test_a_gpu_reads_and_writes_page_locked_memory_with_the_same_outputs(monkeypatch: pytest.MonkeyPatch) -> None:
    pinned: list[tuple[int, ...]] = []

    def note(tensor: torch.Tensor) -> torch.Tensor:
        pinned.append(tuple(tensor.shape))
        return torch.empty_like(tensor).copy_(tensor)

    monkeypatch.setattr("genint.prediction.workers.pin", note)
    monkeypatch.setattr("genint.prediction.workers.empty_pinned", lambda output: note(torch.zeros_like(output)))
    worker, given = BatchWorker(task(Plain(), batch_size=4), CPU), windows(3)
    assert not worker._pins
    worker._pins = True
    found = worker(*stack(given))
    assert np.array_equal(found[:, 0], [slow(window) for window in given])
    assert pinned[:2] == [(4, 12), (4,)]
    assert len(pinned) == 3


def test_results_come_in_the_order_of_items_and_few_are_taken_ahead() -> None:
    taken: list[int] = []
    release = threading.Event()

    def wait_for_the_last(item: int) -> int:
        if item == 2:
            release.set()
        assert release.wait(10)
        return item * item

    def items() -> Iterator[int]:
        for item in range(7):
            taken.append(item)
            yield item

    with ThreadPoolExecutor(3) as pool:
        found = in_order(lambda item: pool.submit(wait_for_the_last, item), items(), 3)
        assert next(found) == (0, 0)
        assert taken == [0, 1, 2]
        assert list(found) == [(item, item * item) for item in range(1, 7)]


def test_nothing_more_is_computed_once_nobody_asks() -> None:
    begun: list[int] = []
    with ThreadPoolExecutor(1) as pool:
        found = in_order(lambda item: pool.submit(begun.append, item), range(100), 5)
        next(found)
        found.close()
    assert len(begun) <= 5


def test_long_work_ends_when_the_block_is_left() -> None:
    def work(halt: Halt) -> None:
        while True:
            halt.check()
            time.sleep(0.001)

    with pytest.raises(KeyboardInterrupt), stoppable_cores(2) as (pool, halt):  # noqa: PT012
        running = [pool.submit(work, halt) for _ in range(3)]  # one has not begun
        raise KeyboardInterrupt
    assert all(isinstance(each.exception(), Stopped) for each in running)
