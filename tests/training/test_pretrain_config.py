"""Settings of pretraining: the defaults of the field, and one line for each that makes no sense."""

import re
from pathlib import Path
from typing import Any

import pytest

from genint.errors import InputError
from genint.training.config import describe_setting, read_settings, show_default, write_settings
from genint.training.pretrain_config import PretrainConfig


def test_settings_are_written_and_read_back(tmp_path: Path) -> None:
    config = PretrainConfig(preset="paper", span=6, mask_fraction=0.3)
    write_settings(config, tmp_path / "train.toml")
    assert read_settings(PretrainConfig, tmp_path / "train.toml", {}) == config
    assert read_settings(PretrainConfig, None, {"span": 3, "seed": None}) == PretrainConfig(span=3)


def test_help_has_a_sentence_and_a_default_for_every_setting() -> None:
    names = PretrainConfig.__dataclass_fields__
    assert all(describe_setting(name, PretrainConfig).endswith(".") for name in names)
    assert all(show_default(name, PretrainConfig) for name in names)
    assert not any("from_model" in describe_setting(name, PretrainConfig) for name in names)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"mask_fraction": 0.0}, "`mask_fraction` is 0.0"),
        ({"mask_fraction": 1.0}, "`mask_fraction` is 1.0"),
        ({"span": 0}, "`span` is 0"),
        ({"steps": 0}, "`steps` is 0"),
    ],
)
def test_settings_that_make_no_sense_are_refused(setting: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        PretrainConfig(**setting)
