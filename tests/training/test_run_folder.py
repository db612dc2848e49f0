"""A run's folder: one set of settings and one set of data, checkpoints that are whole."""

import zipfile
from pathlib import Path

import pytest

from genint.errors import InputError
from genint.training.run_folder import claim, find_checkpoint
from tests.training.runs import settings


def test_a_folder_is_claimed_for_its_settings_and_data(tmp_path: Path) -> None:
    folder = tmp_path / "model" / "training"
    for _ in range(2):
        claim(folder, settings(), {"dataset": "abc"})
    with pytest.raises(InputError, match=r"model: holds a run of other settings \(seed: 1 then, 2 now\)"):
        claim(folder, settings(seed=2), {"dataset": "abc"})
    with pytest.raises(InputError, match="dataset: abc then, def now"):
        claim(folder, settings(), {"dataset": "def"})


def test_a_checkpoint_is_resumed_from_when_all_of_them_are_whole(tmp_path: Path) -> None:
    assert find_checkpoint(tmp_path, ["best", "last"]) is None
    with zipfile.ZipFile(tmp_path / "last.ckpt", "w") as file:
        file.writestr("weights", "1")
    assert find_checkpoint(tmp_path, ["last"]) == tmp_path / "last.ckpt"
    with pytest.raises(InputError, match=r"best\.ckpt: is missing or cut short"):
        find_checkpoint(tmp_path, ["best", "last"])
