"""Published weights: a folder or a name on the hub, read and checked tensor by tensor."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from genint.errors import InputError
from genint.models.enformer_names import source_names
from genint.models.enformer_original import PublishedEnformer
from genint.models.enformer_source import read_source
from genint.models.enformer_weights import KIND, published_config
from genint.models.published import Source, find_source, rename_tensors
from tests.conftest import write_enformer_source

Found = tuple[Source, dict[str, str], dict[str, Tensor]]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_enformer_source(tmp_path_factory.mktemp("enformer") / "source")


@pytest.fixture(scope="module")
def found(source: Path) -> Found:
    """A source, the names of its tensors by ours, and what a model of its config needs."""
    read = read_source(source)
    config = published_config(read, gamma="tensorflow", input_bp=3_072)
    needed = PublishedEnformer(config, 7).state_dict()
    return read, source_names(needed, config, "human"), needed


def test_every_tensor_keeps_its_numbers(found: Found) -> None:
    source, names, needed = found
    renamed = rename_tensors(source, names, needed, model="Enformer", other_heads=KIND.heads)
    for ours, theirs in names.items():
        assert renamed[ours].shape == needed[ours].shape
        assert torch.equal(renamed[ours].flatten(), source.tensors[theirs].flatten())


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        ({"stem.0.weight": None}, "stem.0.weight is missing"),
        ({"stem.0.bias": torch.zeros(5)}, r"stem.0.bias has shape \(5,\), config.json needs \(12,\)"),
        ({"stem.0.bias": torch.full((12,), torch.nan)}, "stem.0.bias holds values that are not finite"),
        ({"another": torch.zeros(1)}, "another is not part of the Enformer"),
    ],
)
def test_tensors_that_are_not_those_of_the_config_are_named(
    tensors: dict[str, Tensor | None], message: str, found: Found
) -> None:
    source, names, needed = found
    left = {name: tensor for name, tensor in {**source.tensors, **tensors}.items() if tensor is not None}
    with pytest.raises(InputError, match=message):
        rename_tensors(replace(source, tensors=left), names, needed, model="Enformer", other_heads=KIND.heads)


def test_a_hub_id_without_a_network_says_what_to_do_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    hub = pytest.importorskip("huggingface_hub")

    def offline(*_: object, **__: object) -> str:
        raise hub.errors.LocalEntryNotFoundError("Cannot reach the hub.\nAnd a long story.")

    monkeypatch.setattr(hub, "snapshot_download", offline)
    with pytest.raises(InputError, match=r"^o/n: cannot be downloaded \(Cannot reach the hub\.\)\. Give a folder"):
        find_source("o/n")


def test_a_hub_id_without_the_hubs_package_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(InputError, match="needs the package huggingface-hub"):
        find_source("o/n")


def test_a_hub_id_gives_the_folder_it_was_downloaded_to(monkeypatch: pytest.MonkeyPatch, source: Path) -> None:
    hub = pytest.importorskip("huggingface_hub")
    requested = []
    monkeypatch.setattr(hub, "snapshot_download", lambda name, **_: requested.append(name) or str(source))
    assert find_source("o/n") == source
    assert requested == ["o/n"]
