"""Windows in threads: the loss and gradients of the whole batch, the same bits for any number of threads."""

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from genint.errors import InputError
from genint.models.base import TrackModel
from genint.models.interpreter import GenomicInterpreter
from genint.training.losses import LOSSES, poisson
from genint.training.parallel_windows import ParallelWindows, can_part_windows, count_threads
from tests.conftest import tiny_config

Batch = tuple[Tensor, Tensor]


def a_batch(model: TrackModel, windows: int) -> Batch:
    """Random DNA, and targets of which some are not measured."""
    draw = torch.Generator().manual_seed(windows)
    tokens = torch.randint(0, 5, (windows, model.geometry.input_bp), dtype=torch.uint8, generator=draw)
    targets = torch.rand(windows, model.geometry.core_bins, model.n_tracks, generator=draw)
    return tokens, torch.where(targets < 0.2, torch.nan, targets)


def a_model(dropout: float = 0.0) -> TrackModel:
    torch.manual_seed(5)
    block = {"drop_path": dropout} if dropout else {}
    return GenomicInterpreter(tiny_config(final={"dropout": dropout}, block=block), 3).train()


def gradients(
    model: TrackModel, batch: Batch, threads: int, loss: Callable[..., tuple[Tensor, Tensor]] = poisson
) -> tuple[float, list[Tensor]]:
    """The mean loss and its gradients with so many threads; 0: of the whole batch, without any."""
    model.zero_grad()
    torch.manual_seed(7)
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]

    def compute(tokens: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        return loss(model(tokens), targets)

    if threads:
        with ParallelWindows(threads) as parallel:
            total, count = parallel.sum_loss(compute, batch, trained)
    else:
        total, count = compute(*batch)
    mean = total / count
    mean.backward()
    return mean.item(), [torch.zeros(()) if p.grad is None else p.grad.clone() for p in trained]


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_the_loss_and_its_gradients_are_those_of_the_whole_batch(
    loss: Callable[..., tuple[Tensor, Tensor]],
) -> None:
    model = a_model()
    batch = a_batch(model, 3)
    expected, found = gradients(model, batch, 0, loss), gradients(model, batch, 2, loss)
    assert found[0] == pytest.approx(expected[0], rel=1e-5)
    assert max(float(gradient.abs().max()) for gradient in found[1]) > 1e-3
    for mine, theirs in zip(found[1], expected[1], strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-3, atol=1e-5)


@settings(max_examples=6, deadline=None)
@given(windows=st.integers(1, 7), threads=st.integers(2, 5), dropout=st.sampled_from([0.0, 0.4]))
def test_any_number_of_threads_gives_the_same_bits_with_dropout_too(windows: int, threads: int, dropout: float) -> None:
    model = a_model(dropout)
    batch = a_batch(model, windows)
    one, several = gradients(model, batch, 1), gradients(model, batch, threads)
    assert one[0] == several[0]
    assert all(torch.equal(a, b) for a, b in zip(one[1], several[1], strict=True))


def test_dropout_keeps_what_it_should_and_another_step_draws_anew() -> None:
    ones = torch.ones(2, 40_000)
    scale = nn.Parameter(torch.ones(()))

    def drop(window: Tensor) -> tuple[Tensor, Tensor]:
        dropped = F.dropout(window, 0.25) * torch.rand(1)
        return scale * dropped.sum(), (dropped > 0).sum()

    torch.manual_seed(1)
    with ParallelWindows(2) as parallel:
        (first, kept), (second, others) = (parallel.sum_loss(drop, [ones], [scale]) for _ in range(2))
        whole, _ = parallel.sum_loss(
            lambda window: (scale * F.dropout(window, 0.5, False).sum(), kept), [ones], [scale]
        )
    assert float(kept) / ones.numel() == pytest.approx(0.75, abs=0.01)
    assert float(first.detach()) != float(second.detach())
    assert int(kept) != int(others)
    assert float(whole.detach()) == ones.numel(), "nothing is dropped outside of training"


def test_threads_compute_in_the_numbers_of_their_caller_without_gradients_where_there_are_none() -> None:
    model, seen = a_model().eval(), []
    tokens, _ = a_batch(model, 3)

    def compute(window: Tensor) -> Tensor:
        seen.append((torch.is_autocast_enabled("cpu"), torch.is_inference_mode_enabled(), torch.get_num_threads()))
        out: Tensor = model(window)
        return out

    with ParallelWindows(2) as parallel, torch.autocast("cpu", torch.bfloat16):
        half = parallel.map(compute, tokens)
    assert seen == [(True, True, 1)] * 2
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(half, torch.cat([model(tokens[:2]), model(tokens[2:])]))


def test_a_parameter_that_the_loss_does_not_depend_on_gets_no_gradient() -> None:
    used, idle = nn.Parameter(torch.ones(())), nn.Parameter(torch.ones(()))
    with ParallelWindows(2) as parallel:
        total, _ = parallel.sum_loss(lambda x: ((used * x).sum(), torch.tensor(1)), [torch.arange(3.0)], [used, idle])
    (total / 2).backward()
    assert float(used.grad) == 1.5
    assert idle.grad is None


@pytest.mark.parametrize("error", [MemoryError, torch.OutOfMemoryError])
def test_memory_that_is_too_short_is_reported_and_a_bug_is_not_taken_for_it(error: type[Exception]) -> None:
    def fail(raised: type[Exception]) -> Callable[[Tensor], Tensor]:
        def compute(_: Tensor) -> Tensor:
            raise raised("it failed")

        return compute

    before = torch.get_num_threads()
    with pytest.raises(InputError, match="4 windows in training"), ParallelWindows(2) as parallel:
        parallel.map(fail(error), torch.ones(3))
    with pytest.raises(RuntimeError, match="it failed"), ParallelWindows(2) as parallel:
        parallel.map(fail(RuntimeError), torch.ones(3))
    assert torch.get_num_threads() == before


def test_processes_share_the_usable_cores_and_a_number_that_is_given_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genint.training.parallel_windows.usable_cpus", lambda: 6)
    monkeypatch.setattr("os.cpu_count", lambda: 64)
    assert [count_threads(0, processes) for processes in (1, 2, 4, 9)] == [6, 3, 1, 1]
    assert count_threads(5, 2) == 5
    assert count_threads(10_000, 1) == 64
    monkeypatch.setattr("genint.training.parallel_windows.usable_cpus", lambda: 100)
    assert count_threads(0, 1) == 8


def test_a_model_that_normalises_over_a_batch_is_not_computed_in_parts() -> None:
    assert can_part_windows(a_model())
    assert not can_part_windows(nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)))
