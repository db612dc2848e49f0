"""A source of published Enformer weights: a folder, or a name on the hub."""

import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from genint.models.enformer_source import read_source
from tests.conftest import write_enformer_source


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_enformer_source(tmp_path_factory.mktemp("enformer") / "source")


def test_a_source_is_its_config_and_its_tensors_each_once(source: Path) -> None:
    found = read_source(source)
    assert found.config["dim"] == 24
    assert "_trunk.1.0.weight" in torch.load(source / "pytorch_model.bin")
    assert not [name for name in found.tensors if name.startswith("_trunk.")]


def test_safetensors_are_read_as_well(source: Path, tmp_path: Path) -> None:
    folder = tmp_path / "source"
    shutil.copytree(source, folder)
    tensors = read_source(folder).tensors
    (folder / "pytorch_model.bin").unlink()
    save_file(
        {f"_trunk.1{name[4:]}" if name[:5] == "stem." else name: t for name, t in tensors.items()},
        folder / "model.safetensors",
    )
    again = read_source(folder).tensors
    assert again.keys() == tensors.keys()
    assert all(torch.equal(again[name], tensors[name]) for name in tensors)
