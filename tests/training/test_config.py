"""The settings of a run: they read back the same, and what makes no sense is named."""

import dataclasses
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import pytest

from genint.errors import InputError
from genint.training.config import (
    SETTINGS,
    Loss,
    TrainConfig,
    describe_setting,
    read_settings,
    resolve,
    show_default,
    write_settings,
)
from genint.training.losses import LOSSES
from tests.training.runs import settings, tiny_presets  # noqa: F401  a fixture


def test_the_settings_written_beside_a_model_read_back_the_same(tmp_path: Path) -> None:
    config = settings(seed=9, learning_rate=1.5e-3, teachers=("one", "two"))
    write_settings(config, tmp_path / "train.toml")
    assert read_settings(TrainConfig, tmp_path / "train.toml", {}) == config
    assert read_settings(TrainConfig, tmp_path / "train.toml", {"seed": 4, "steps": None}) == dataclasses.replace(
        config, seed=4
    )


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
        ({"loss_weights": "log"}, "loss_weights"),
        ({"teacher_weight": 0.0}, "teacher_weight"),
        ({"accumulate": 3}, "accumulate"),
        ({"freeze_trunk": True}, "from_model"),
        ({"relatives": 1.5}, "relatives"),
        ({"mutation_rate": -0.1}, "mutation_rate"),
        ({"identity_power": -1.0}, "identity_power"),
        ({"clean_steps": 7}, "clean_steps"),
        ({"clean_steps": -1}, "clean_steps"),
        ({"attention": False, "architecture": "attpool-cnn", "preset": "small"}, "attention.*Choose .*interpreter"),
    ],
)
def test_settings_that_make_no_sense_are_named(change: dict[str, Any], word: str) -> None:
    with pytest.raises(InputError, match=f"`?{word}`?"):
        resolve(settings(**change))


def test_settings_are_made_without_opening_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("builtins.open", None)
    assert TrainConfig(from_model="nowhere", preset="huge").architecture == ""


def test_settings_that_are_left_out_are_filled_in_and_the_filled_in_ones_stay() -> None:
    config = resolve(TrainConfig(seed=3))
    assert (config.architecture, config.preset, config.seed) == ("interpreter", "small", 3)
    assert resolve(config) == config


def test_neither_torch_nor_pandas_is_needed_for_the_settings() -> None:
    code = "import sys, genint.training.config; sys.exit(len({'torch', 'pandas', 'lightning'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_every_setting_says_what_it_means_and_its_default() -> None:
    assert all(describe_setting(name).endswith(".") for name in SETTINGS)
    assert (show_default("steps"), show_default("learning_rate"), show_default("preset")) == ("10000", "0.001", False)


def test_the_choices_of_a_setting_are_the_losses_there_are() -> None:
    assert set(get_args(Loss)) == set(LOSSES)


@pytest.mark.parametrize("content", [b"\xef\xbb\xbfseed = 5\r\n", b"\xef\xbb\xbf# a comment\nseed = 5"])
def test_a_byte_order_mark_before_toml_is_no_part_of_it(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "run.toml").write_bytes(content)
    assert read_settings(TrainConfig, tmp_path / "run.toml", {}).seed == 5


def test_toml_that_is_not_utf_8_is_said_to_be_that(tmp_path: Path) -> None:
    (tmp_path / "run.toml").write_bytes("seed = 5\n".encode("utf-16"))
    with pytest.raises(InputError, match=r"run\.toml, line 1: is not UTF-8 text"):
        read_settings(TrainConfig, tmp_path / "run.toml", {})


def test_attention_of_a_source_is_not_left_out(tiny_model: Path) -> None:
    with pytest.raises(InputError, match="`attention` is off: the layers are from_model's"):
        resolve(TrainConfig(from_model=str(tiny_model), attention=False))


@pytest.mark.parametrize("given", [{"architecture": "enformer"}, {"preset": "small"}])
def test_another_architecture_than_that_of_the_source_is_refused(given: dict[str, str], tiny_model: Path) -> None:
    (name,) = given
    with pytest.raises(InputError, match=f"`{name}` is .*, from_model's is .*Leave {name} out"):
        resolve(TrainConfig(from_model=str(tiny_model), **given))
    config = resolve(TrainConfig(from_model=str(tiny_model)))
    assert (config.architecture, config.preset) == ("interpreter", "tiny")
