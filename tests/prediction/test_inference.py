"""The engine: answers in the order of the views, whatever the batches, the memory and the number of processes."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import genint.prediction.inference
from genint.errors import InputError
from genint.genome.dna import UNKNOWN
from genint.prediction.inference import Engine, Work
from genint.prediction.windows import View

INPUT, BINS, TRACKS = 12, 3, 4
COLUMNS, MIRRORED = np.array([0, 1, 3]), np.array([1, 0, 3])  # tracks 0 and 1 are two strands
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


def work(*modules: nn.Module, batch_size: int = 4) -> Work:
    return Work(modules, COLUMNS, MIRRORED, torch.float32, batch_size, False)  # type: ignore[arg-type]


def views(number: int) -> list[View]:
    rng = np.random.default_rng(1)
    tokens = rng.integers(0, 5, (number, INPUT), dtype=np.uint8)
    return [View("chr1", k, bool(k % 3 == 1), tokens[k]) for k in range(number)]


def slow(view: View, scale: float = 1.0) -> np.ndarray:
    """(T, bins): the sums of the view's bins, turned round if it was read from the other strand."""
    sums = [float(view.tokens[4 * k : 4 * k + 4].sum()) for k in range(BINS)]
    columns = MIRRORED if view.reverse else COLUMNS
    return np.array(
        [[scale * total * (column + 1) for total in (sums[::-1] if view.reverse else sums)] for column in columns]
    )


def check(running: Engine, asked: list[View]) -> None:
    found = list(running.answers(asked))
    assert [view.first_bin for view, _ in found] == list(range(len(asked)))
    for view, values in found:
        assert values.dtype == np.float32
        assert np.array_equal(values[0], slow(view))


@pytest.mark.parametrize("number", [0, 1, 4, 23])
@pytest.mark.parametrize("batch_size", [1, 4, 50])
def test_answers_come_in_the_order_of_their_views_and_every_batch_is_full(number: int, batch_size: int) -> None:
    module, asked = Plain(), views(number)
    with Engine(work(module, batch_size=batch_size), [CPU]) as engine:
        check(engine, asked)
    assert module.batches == [batch_size] * -(-number // batch_size)


def test_every_model_answers_in_its_place() -> None:
    second = Plain()
    second.register_forward_hook(lambda module, given, answer: answer * 10)
    with Engine(work(Plain(), second), [CPU]) as engine:
        for view, values in engine.answers(views(6)):
            assert np.array_equal(values, np.stack([slow(view), slow(view, 10)]))


def test_reading_stays_a_few_batches_ahead() -> None:
    read = []

    def noted() -> Iterator[View]:
        for view in views(40):
            read.append(view)
            yield view

    with Engine(work(Plain()), [CPU]) as engine:
        answers = engine.answers(noted())
        next(answers)
        assert 4 <= len(read) <= 4 * 4
        assert len(list(answers)) == 39


@pytest.mark.parametrize("error", [torch.OutOfMemoryError, MemoryError, RuntimeError])
@pytest.mark.parametrize("most", [1, 2, 3, 7])
def test_a_batch_that_does_not_fit_is_halved_until_it_does_and_answers_the_same(
    most: int, error: type[Exception]
) -> None:
    module = Narrow(most, error)
    with Engine(work(module, batch_size=8), [CPU]) as engine:
        check(engine, views(20))
    assert set(module.batches) == {{1: 1, 2: 2, 3: 2, 7: 4}[most]}, "halved once, not for every batch anew"


def test_a_window_that_does_not_fit_at_all_is_told_and_a_bug_is_not_taken_for_it() -> None:
    with Engine(work(Narrow(0)), [CPU]) as engine, pytest.raises(InputError, match="not even one window fits"):
        list(engine.answers(views(3)))
    with Engine(work(Wrong()), [CPU]) as engine, pytest.raises(RuntimeError, match="a bug of ours"):
        list(engine.answers(views(3)))


def test_the_last_batch_is_filled_with_unknown_dna() -> None:
    given = []
    module = Plain()
    module.register_forward_pre_hook(lambda module, arguments: given.append(arguments[0].clone()))
    with Engine(work(module, batch_size=4), [CPU]) as engine:
        check(engine, views(5))
    assert (given[1][1:] == UNKNOWN).all()


def test_a_thread_answers_as_the_caller_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """GPUs get a thread; here a CPU does."""
    monkeypatch.setattr(genint.prediction.inference, "_Here", lambda: ThreadPoolExecutor(1))
    with Engine(work(Plain()), [CPU]) as threaded:
        check(threaded, views(11))
    with Engine(work(Wrong()), [CPU]) as threaded, pytest.raises(RuntimeError, match="a bug of ours"):
        list(threaded.answers(views(11)))


def test_a_process_that_is_ended_is_told_whenever_it_shows() -> None:
    with Engine(work(Plain()), [CPU, CPU]) as engine:
        answers = engine.answers(views(100))
        next(answers)
        for child in multiprocessing.active_children():
            child.kill()
            child.join()
        time.sleep(0.5)  # so that it shows where the next batch is given, not where an answer is taken
        with pytest.raises(InputError, match="was ended from outside"):
            list(answers)


def test_processes_never_see_a_ctrl_c() -> None:
    """It goes to the whole group; one that was importing PyTorch told of it in a traceback."""
    with Engine(work(Plain()), [CPU, CPU]) as engine:
        answers = engine.answers(views(100))
        next(answers)
        children = multiprocessing.active_children()
        assert len(children) == 2
        for child in children:
            os.kill(child.pid or 0, signal.SIGINT)
        assert len(list(answers)) == 99


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have other compilers")
def test_compile_without_a_compiler_is_told(tmp_path: Path) -> None:
    script = f"""if True:
        import sys
        sys.path.insert(0, {str(Path(__file__).parents[2])!r})
        from tests.prediction.test_inference import *
        with Engine(work(Plain())._replace(compile=True), [CPU]) as engine:
            try:
                list(engine.answers(views(1)))
            except InputError as error:
                print(error)
    """
    # Without a cache of its own an earlier compilation would do.
    environment = {**os.environ, "CXX": "/nonexistent/g++", "TORCHINDUCTOR_CACHE_DIR": str(tmp_path)}
    run = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert run.stdout == "--compile: finds no C++ compiler. Install one, or leave out --compile\n", run.stderr[-2000:]


def test_two_processes_answer_as_one_does() -> None:
    with Engine(work(Plain()), [CPU, CPU]) as engine:
        check(engine, views(30))


def test_a_process_ended_from_outside_is_one_line() -> None:
    with Engine(work(Deadly()), [CPU, CPU]) as engine, pytest.raises(InputError, match="ended from outside"):
        list(engine.answers(views(30)))
