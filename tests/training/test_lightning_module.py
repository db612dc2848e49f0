"""What Lightning runs: windows by epoch, losses over parts, schedule."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from genint.datasets.dataset import Segment, TrackDataset
from genint.errors import InputError
from genint.models.folder import load_model
from genint.models.registry import build
from genint.training.lightning_module import TrainingModule
from genint.training.train import train
from tests.training.runs import Killed, killed_at, settings, tiny_presets, weights  # noqa: F401  a fixture


def test_a_batch_in_parts_takes_the_same_steps(example_dataset: Path, tmp_path: Path) -> None:
    dataset = TrackDataset(example_dataset)
    for parts in (1, 2):
        train(dataset, tmp_path / str(parts) / "model", settings(steps=4, batch_size=4, accumulate=parts))
    whole, parted = weights(tmp_path / "1" / "model"), weights(tmp_path / "2" / "model")
    for name in whole:
        torch.testing.assert_close(whole[name], parted[name], rtol=1e-3, atol=1e-4)


def test_relatives_and_mutations_end_with_the_last_but_clean_steps(
    related_dataset: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, dataset = load_model(tiny_model), TrackDataset(related_dataset)
    config = settings(steps=6, batch_size=4, validate_every=6, relatives=1.0, clean_steps=2, mutation_rate=0.1)
    trainer = SimpleNamespace(current_epoch=0, global_rank=0, world_size=1)
    monkeypatch.setattr(TrainingModule, "trainer", trainer)
    module = TrainingModule(model.module, dataset, model.geometry, config)
    read: list[int | None] = []
    tokens = TrackDataset.tokens

    def record(self: TrackDataset, segment: Segment, start: int, length: int, relative: int | None = None) -> Any:
        read.append(relative)
        return tokens(self, segment, start, length, relative)

    monkeypatch.setattr(TrackDataset, "tokens", record)
    assert len(list(module.train_dataloader())) == 6
    assert set(read[:16]) == {0, 1}
    assert read[16:] == [None] * 8
    read.clear()
    assert len(list(module.val_dataloader()))
    assert set(read) == {None}


def test_a_loss_that_is_not_finite_names_the_windows(
    example_dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = TrackDataset(example_dataset)
    read = TrackDataset.targets

    def damaged(self: TrackDataset, *arguments: Any) -> Any:
        return np.where(read(self, *arguments) > 1, np.inf, read(self, *arguments)).astype(np.float32)

    monkeypatch.setattr("genint.training.train.track_means", lambda dataset: np.ones(7))
    monkeypatch.setattr(TrackDataset, "targets", damaged)
    with pytest.raises(InputError, match=r"step 0: the loss is -?(inf|nan) on chr1:[\d,]+-[\d,]+, chr1:"):
        train(dataset, tmp_path / "model", settings())


def test_the_learning_rate_rises_and_then_falls_to_zero(example_dataset: Path, tiny_model: Path) -> None:
    model = load_model(tiny_model)
    config = settings(steps=100, warmup_steps=10, learning_rate=0.5)
    module = TrainingModule(model.module, TrackDataset(example_dataset), model.geometry, config)
    optimizers = module.configure_optimizers()
    optimizer, schedule = optimizers["optimizer"], optimizers["lr_scheduler"]["scheduler"]
    rates = []
    for _ in range(101):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    assert rates[:10] == pytest.approx([0.05 * (step + 1) for step in range(10)])
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[55] == pytest.approx(0.25)
    assert rates[100] == pytest.approx(0, abs=1e-12)


def test_biases_and_norms_are_not_pulled_towards_zero(example_dataset: Path, tiny_model: Path) -> None:
    model = load_model(tiny_model)
    fresh = build("interpreter", model.config, len(model.tracks))  # a loaded one takes no gradients
    module = TrainingModule(fresh, TrackDataset(example_dataset), model.geometry, settings())
    pulled, free = module.configure_optimizers()["optimizer"].param_groups
    assert (pulled["weight_decay"], free["weight_decay"]) == (0.05, 0.0)
    assert all(parameter.ndim > 1 for parameter in pulled["params"])
    assert all(parameter.ndim <= 1 for parameter in free["params"])
    assert len(pulled["params"]) + len(free["params"]) == len(list(fresh.parameters()))
