"""Where a run computes: what does not fit is refused before anything is read."""

import re
from pathlib import Path
from typing import Any

import pytest
import torch

from genint.console import Console
from genint.datasets.dataset import TrackDataset
from genint.errors import InputError
from genint.training.run_module import RunModule
from genint.training.train import train
from genint.training.trainer import ComputeResources, _compute_in_threads, check_resources
from tests.training.runs import settings, tiny_presets, weights  # noqa: F401  a fixture


@pytest.mark.parametrize(
    ("resources", "message"),
    [
        (
            {"processes": 3},
            "3 process(es), computing in 2 part(s), cannot divide that evenly. Expected a multiple of 6",
        ),
        ({"nodes": 2, "processes": 2}, "Expected a multiple of 8"),
        ({"device": "abacus"}, "`device` abacus: not one of auto"),
        ({"strategy": "luck"}, "`strategy` luck: not one of auto"),
    ],
)
def test_resources_that_do_not_fit_are_refused(resources: dict[str, Any], message: str) -> None:
    config = settings(batch_size=4, accumulate=2)
    check_resources(config, ComputeResources(processes=2))
    with pytest.raises(InputError, match=re.escape(message)):
        check_resources(config, ComputeResources(**resources))


def test_a_run_ends_with_the_same_bits_for_any_threads_and_says_how_many(
    example_dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset = TrackDataset(example_dataset)
    for threads in (1, 2):
        train(
            dataset,
            tmp_path / str(threads) / "model",
            settings(preset="dropout", steps=2, batch_size=4),
            console=Console(),
            resources=ComputeResources(device="cpu", threads=threads),
        )
        assert f"device: cpu ({threads} threads, float32)" in capsys.readouterr().err
    one, two = (weights(tmp_path / name / "model") for name in ("1", "2"))
    assert all(torch.equal(one[name], two[name]) for name in one)


@pytest.mark.parametrize("parts", [True, False])
def test_a_model_that_cannot_be_parted_computes_a_batch_in_shared_operations(
    parts: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("genint.training.trainer.can_part_windows", lambda module: parts)
    module, before = RunModule(settings()), torch.get_num_threads()
    with _compute_in_threads(module, ComputeResources(device="cpu", threads=2)):
        assert (module.parallel is not None) == parts
        assert torch.get_num_threads() == (1 if parts else 2)
    assert module.parallel is None
    assert torch.get_num_threads() == before


def test_threads_of_shared_operations_are_put_back_after_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genint.training.trainer.can_part_windows", lambda module: False)
    with (
        pytest.raises(InputError, match="loss"),
        _compute_in_threads(RunModule(settings()), ComputeResources(device="cpu", threads=2)),
    ):
        raise InputError("the loss is nan")
    assert torch.get_num_threads() == 1
