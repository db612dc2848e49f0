"""A source of published Enformer weights: a folder, or a name on the hub."""

import shutil
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from genint.errors import InputError
from genint.models.enformer_source import download, read_source
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


def test_a_hub_id_without_a_network_says_what_to_do_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    hub = pytest.importorskip("huggingface_hub")

    def offline(*_: object, **__: object) -> str:
        raise hub.errors.LocalEntryNotFoundError("Cannot reach the hub.\nAnd a long story.")

    monkeypatch.setattr(hub, "snapshot_download", offline)
    with pytest.raises(InputError, match=r"^o/n: cannot be downloaded \(Cannot reach the hub\.\)\. Give a folder"):
        download("o/n")


def test_a_hub_id_without_the_hubs_package_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(InputError, match="needs the package huggingface-hub"):
        download("o/n")


def test_a_hub_id_gives_the_folder_it_was_downloaded_to(monkeypatch: pytest.MonkeyPatch, source: Path) -> None:
    hub = pytest.importorskip("huggingface_hub")
    requested = []
    monkeypatch.setattr(hub, "snapshot_download", lambda name, **_: requested.append(name) or str(source))
    assert download("o/n") == source
    assert requested == ["o/n"]
