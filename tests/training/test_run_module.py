"""Windows are dealt out by epoch and process, each of them once; losses are means over all processes."""

from types import SimpleNamespace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from genint.training.run_module import RunModule
from tests.training.runs import settings


def module_at(monkeypatch: pytest.MonkeyPatch, trainer: SimpleNamespace, **changes: int) -> RunModule:
    monkeypatch.setattr(RunModule, "trainer", trainer)
    return RunModule(settings(**changes))


@given(steps=st.integers(1, 9), validate_every=st.integers(1, 5), world=st.sampled_from([1, 2, 4]))
def test_every_window_of_a_run_is_dealt_out_once(steps: int, validate_every: int, world: int) -> None:
    seen = []
    with pytest.MonkeyPatch.context() as monkeypatch:
        for epoch in range(-(-steps // validate_every)):
            for rank in range(world):
                trainer = SimpleNamespace(current_epoch=epoch, global_rank=rank, world_size=world)
                module = module_at(monkeypatch, trainer, steps=steps, validate_every=validate_every, batch_size=4)
                assert module.windows_at_once() == 4 // world
                seen += module.window_indices()
    assert sorted(seen) == list(range(4 * steps))


def test_a_loss_is_divided_by_what_an_average_process_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    strategy = SimpleNamespace(reduce=lambda count, reduce_op: (count + 30) / 2)  # the other process counts 30
    module = module_at(monkeypatch, SimpleNamespace(strategy=strategy))
    assert module.mean_loss(torch.tensor(40.0), torch.tensor(10)).item() == 2.0
