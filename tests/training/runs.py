"""What the tests of training share: a model that learns in no time, and settings for it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from genint.models.base import Architecture
from genint.models.folder import load_model
from genint.models.registry import ARCHITECTURES
from genint.training.config import TrainConfig
from genint.training.lightning_module import TrainingModule
from tests.conftest import tiny_config


def add_tiny_presets(architectures: dict[str, Architecture]) -> None:
    known = architectures["interpreter"]
    presets = {**known.presets, "tiny": tiny_config, "dropout": lambda: tiny_config(final={"dropout": 0.3})}
    architectures["interpreter"] = replace(known, presets=presets)


@pytest.fixture(autouse=True)
def tiny_presets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ARCHITECTURES, "interpreter", ARCHITECTURES["interpreter"])
    add_tiny_presets(ARCHITECTURES)


def settings(**changes: Any) -> TrainConfig:
    numbers: dict[str, Any] = {"preset": "tiny", "steps": 6, "batch_size": 2, "validate_every": 2, "warmup_steps": 2}
    return TrainConfig(**{**numbers, "precision": "float32", **changes})


def weights(model: Path) -> dict[str, torch.Tensor]:
    return load_model(model).module.state_dict()


class Killed(Exception):
    """Stands for kill -9, where nothing may be learned from how the process ends."""


def killed_at(monkeypatch: pytest.MonkeyPatch, place: str, step: int = 0) -> None:
    """Make `place`, a function that training calls, fail when training has made so many steps."""

    def kill(*arguments: Any, **_: Any) -> Any:
        if step == 0 or arguments[0].trainer.global_step == step:
            raise Killed
        return train_on(*arguments)

    train_on = TrainingModule.training_step
    monkeypatch.setattr(place, kill)
