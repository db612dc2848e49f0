"""Fine-tuning: another model's trunk under a new head, recorded as what it is, and frozen when asked."""

import dataclasses
import tomllib
from pathlib import Path
from typing import Any

import pytest
import torch

from genint.datasets.dataset import TrackDataset
from genint.models.enformer_weights import import_enformer
from genint.models.folder import load_model
from genint.training.config import TrainConfig, read_settings
from genint.training.lightning_module import TrainingModule
from genint.training.train import train
from tests.conftest import Run, write_enformer_source
from tests.training.runs import settings, tiny_presets, weights  # noqa: F401  a fixture


def test_fine_tuning_keeps_the_trunk_and_starts_a_new_head(
    example_dataset: Path, tiny_model: Path, tmp_path: Path
) -> None:
    config = settings(steps=2, from_model=str(tiny_model), freeze_trunk=True, ema_decay=0.0)
    train(TrackDataset(example_dataset), tmp_path / "frozen", config)
    train(
        TrackDataset(example_dataset),
        tmp_path / "free",
        dataclasses.replace(config, freeze_trunk=False, steps=3),
    )
    before, frozen, free = weights(tiny_model), weights(tmp_path / "frozen"), weights(tmp_path / "free")
    trunk = [name for name in before if not name.startswith("head.")]
    assert all(torch.equal(before[name], frozen[name]) for name in trunk)
    assert not torch.equal(before["head.weight"], frozen["head.weight"])
    assert not all(torch.equal(before[name], free[name]) for name in trunk)


@pytest.fixture
def published(tmp_path: Path, example: Path) -> Path:
    """A tiny Enformer as published, with batch normalisation and dropout."""
    source = write_enformer_source(tmp_path / "enformer")
    import_enformer(str(source), tmp_path / "published", example / "tracks.tsv", gamma="pytorch", input_bp=3_072)
    return tmp_path / "published"


def test_a_fine_tuned_model_is_recorded_as_what_its_source_is(
    example_dataset: Path, published: Path, tmp_path: Path, genint: Run
) -> None:
    settings, model = tmp_path / "run.toml", tmp_path / "tuned"
    settings.write_text("steps = 1\nvalidate_every = 1\nbatch_size = 1\n")
    finished = genint("train", example_dataset, "-o", model, "--from", published, "--config", settings)
    assert finished.code == 0, finished.err
    assert "A model, enformer-published, of " in (model / "README.md").read_text()
    for said in (load_model(model).training, tomllib.loads((model / "training" / "train.toml").read_text())):
        assert (said["architecture"], said["preset"]) == ("enformer-published", "")  # no preset is as small
    assert read_settings(TrainConfig, model / "training" / "train.toml", {}).from_model == str(published)


def test_a_frozen_trunk_keeps_its_batch_statistics_and_drops_nothing_out(
    example_dataset: Path, published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learning: set[str] = set()
    train_on = TrainingModule.training_step

    def watched(self: TrainingModule, batch: Any, index: int) -> Any:
        learning.update(name for name, module in self.model.named_modules() if module.training)
        return train_on(self, batch, index)

    monkeypatch.setattr(TrainingModule, "training_step", watched)
    config = TrainConfig(steps=2, batch_size=2, validate_every=1, from_model=str(published), freeze_trunk=True)
    train(TrackDataset(example_dataset), tmp_path / "frozen", config)
    before, frozen = weights(published), weights(tmp_path / "frozen")
    assert [name for name in before if not torch.equal(before[name], frozen[name])] == ["head.weight", "head.bias"]
    assert any(name.endswith("running_var") for name in before)
    assert learning == {"head"}  # after a validation, too
