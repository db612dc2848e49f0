"""The settings of a run: they read back the same, and what makes no sense is named."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from genint.errors import InputError
from genint.training.config import TrainConfig, read_train_config, write_train_config
from tests.training.runs import settings, tiny_presets  # noqa: F401  a fixture


def test_the_settings_written_beside_a_model_read_back_the_same(tmp_path: Path) -> None:
    config = settings(seed=9, learning_rate=1.5e-3)
    write_train_config(config, tmp_path / "train.toml")
    assert read_train_config(tmp_path / "train.toml", {}) == config
    assert read_train_config(tmp_path / "train.toml", {"seed": 4, "steps": None}) == dataclasses.replace(config, seed=4)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"steps": 0}, "steps"),
        ({"preset": "huge"}, "huge"),
        ({"ema_decay": 1.0}, "ema_decay"),
        ({"precision": "int8"}, "int8"),
        ({"warmup_steps": -1}, "warmup_steps"),
        ({"seed": 2**32}, "seed"),
        ({"loss": "hinge"}, "hinge"),
        ({"accumulate": 3}, "accumulate"),
        ({"freeze_trunk": True}, "from_model"),
    ],
)
def test_settings_that_make_no_sense_are_named(change: dict[str, Any], word: str) -> None:
    with pytest.raises(InputError, match=word):
        settings(**change)


@pytest.mark.parametrize("given", [{"architecture": "enformer"}, {"preset": "small"}])
def test_another_architecture_than_that_of_the_source_is_refused(given: dict[str, str], tiny_model: Path) -> None:
    (name,) = given
    with pytest.raises(InputError, match=f"{name} is .*, from_model's is .*Leave {name} out"):
        TrainConfig(from_model=str(tiny_model), **given)
    config = TrainConfig(from_model=str(tiny_model))
    assert (config.architecture, config.preset) == ("interpreter", "tiny")
