"""The engine: outputs in the order of the windows, whatever the threads, the memory and the number of processes."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

import genint.prediction.inference
from genint.errors import InputError
from genint.prediction.inference import Engine
from genint.prediction.windows import Window
from tests.prediction.inference_toys import CPU, Deadly, Plain, Wrong, slow, task, windows


def check(engine: Engine, given: list[Window]) -> None:
    found = list(engine.map(given))
    assert [window.first_bin for window, _ in found] == list(range(len(given)))
    for window, values in found:
        assert values.dtype == np.float32
        assert np.array_equal(values[0], slow(window))


@given(number=st.integers(0, 23), threads=st.integers(1, 5), batch_size=st.sampled_from([1, 4, 50]))
def test_outputs_come_in_the_order_of_their_windows_and_each_window_is_alone_on_a_cpu(
    number: int, threads: int, batch_size: int
) -> None:
    module = Plain()
    with Engine(task(module, batch_size=batch_size), [CPU], threads) as engine:
        check(engine, windows(number))
    assert module.batches == [1] * number


class Read(NamedTuple):
    """What a task from outside may bring along with its DNA."""

    tokens: np.ndarray
    name: str
    reverse: bool = False


@dataclass
class GcContent:
    """A task from outside the package: the fraction of G and C of each window."""

    batch_size: int = 4

    def setup(self, device: torch.device) -> Callable[[Tensor, Tensor], Tensor]:
        return lambda tokens, reverse: ((tokens == 1) | (tokens == 2)).float().mean(1)


@pytest.mark.parametrize("devices", [[CPU], [CPU, CPU]])
def test_a_task_from_outside_runs_in_the_engine(devices: list[torch.device]) -> None:
    dna = {"gc": [1, 2, 1, 2], "at": [0, 3, 0, 3], "half": [0, 1, 2, 3], "unknown": [4, 4, 4, 1]}
    given = [Read(np.array(tokens, dtype=np.uint8), name) for name, tokens in dna.items()]
    with Engine(GcContent(), devices) as engine:
        found = {window.name: float(fraction) for window, fraction in engine.map(given)}
    assert found == {"gc": 1, "at": 0, "half": 0.5, "unknown": 0.25}


def test_every_model_predicts_in_its_place() -> None:
    second = Plain()
    second.register_forward_hook(lambda module, given, output: output * 10)
    with Engine(task(Plain(), second), [CPU]) as engine:
        for window, values in engine.map(windows(6)):
            assert np.array_equal(values, np.stack([slow(window), slow(window, 10)]))


def test_windows_are_taken_a_few_calls_ahead() -> None:
    read = []

    def record() -> Iterator[Window]:
        for window in windows(40):
            read.append(window)
            yield window

    with Engine(task(Plain()), [CPU], 2) as engine:
        outputs = engine.map(record())
        next(outputs)
        assert 2 < len(read) <= 8
        assert len(list(outputs)) == 39


def test_so_many_windows_are_computed_at_the_same_time_as_there_are_threads() -> None:
    meeting = threading.Barrier(3, timeout=60)
    module = Plain()

    def meet(*_: object) -> None:
        meeting.wait()

    module.register_forward_pre_hook(meet)
    with Engine(task(module), [CPU], 3) as engine:
        check(engine, windows(9))  # the barrier breaks unless three meet


def test_each_thread_uses_one_core_and_the_setting_of_the_caller_comes_back() -> None:
    found, before = [], torch.get_num_threads()
    module = Plain()
    module.register_forward_pre_hook(lambda module, given: found.append(torch.get_num_threads()))
    torch.set_num_threads(2)
    try:
        with Engine(task(module), [CPU], 2) as engine:
            check(engine, windows(4))
        assert found == [1, 1, 1, 1]
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_a_bug_keeps_its_traceback() -> None:
    with Engine(task(Wrong()), [CPU]) as engine, pytest.raises(RuntimeError, match="a bug of ours"):
        list(engine.map(windows(3)))


def test_a_gpu_has_a_thread_and_its_batches_are_full() -> None:
    module = Plain()
    pool = genint.prediction.inference._on_gpu(task(module, batch_size=4), CPU)
    assert isinstance(pool.executor, ThreadPoolExecutor)
    with Engine(task(Plain()), [CPU]) as engine:
        engine._pool = pool
        check(engine, windows(11))
    assert module.batches == [4, 4, 4]


def test_more_threads_than_a_process_can_feed_are_shared_out_over_processes() -> None:
    with Engine(task(Plain()), [CPU], 9) as engine:
        assert engine.n_processes == 2
        assert engine.windows_per_round == 2 * 5 * 4
        check(engine, windows(50))


def test_two_processes_predict_as_one_does() -> None:
    with Engine(task(Plain()), [CPU, CPU]) as engine:
        check(engine, windows(30))


def test_a_process_that_is_ended_is_reported_whenever_it_shows() -> None:
    with Engine(task(Plain()), [CPU, CPU], 2) as engine:
        outputs = engine.map(windows(200))
        next(outputs)
        for child in multiprocessing.active_children():
            child.kill()
            child.join()
        time.sleep(0.5)  # so that it shows where the next call is given, not where an output is taken
        with pytest.raises(InputError, match="was ended from outside"):
            list(outputs)


def test_a_process_ended_from_outside_is_one_line() -> None:
    with Engine(task(Deadly()), [CPU, CPU]) as engine, pytest.raises(InputError, match="ended from outside"):
        list(engine.map(windows(30)))


def test_processes_never_see_a_ctrl_c() -> None:
    """It goes to the whole group; one that was importing PyTorch reported it in a traceback."""
    with Engine(task(Plain()), [CPU, CPU], 2) as engine:
        outputs = engine.map(windows(200))
        next(outputs)
        children = multiprocessing.active_children()
        assert len(children) == 2
        for child in children:
            os.kill(child.pid or 0, signal.SIGINT)
        assert len(list(outputs)) == 199


ORPHANS = """if True:
    import multiprocessing, sys, time
    sys.path.insert(0, {root!r})
    from genint.prediction.inference import Engine
    from tests.prediction.inference_toys import CPU, Plain, task, windows
    if __name__ == "__main__":
        with Engine(task(Plain()), [CPU, CPU], 2) as engine:
            next(engine.map(windows(100)))
            print(*(child.pid for child in multiprocessing.active_children()), flush=True)
            time.sleep(600)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_processes_end_with_the_one_that_was_killed(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(ORPHANS.format(root=str(Path(__file__).parents[2])))
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True) as main:
        assert main.stdout
        children = main.stdout.readline().split()
        main.kill()
    assert len(children) == 2
    for _ in range(600):
        states = [Path(f"/proc/{child}/stat") for child in children]
        if not [stat for stat in states if stat.exists() and stat.read_text().rsplit(")", 1)[1].split()[0] != "Z"]:
            return
        time.sleep(0.1)
    raise AssertionError(f"{children} are still there")
