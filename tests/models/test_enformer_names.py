"""The names of the published weights and ours, one to one."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from genint.errors import InputError
from genint.models.enformer_names import rename_tensors, source_names
from genint.models.enformer_original import PublishedConfig, PublishedEnformer
from genint.models.enformer_source import EnformerSource, read_source
from genint.models.enformer_weights import published_config
from tests.conftest import write_enformer_source

Found = tuple[EnformerSource, PublishedConfig, dict[str, Tensor]]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Found:
    """A source, its config, and what a model of that config needs."""
    source = read_source(write_enformer_source(tmp_path_factory.mktemp("enformer") / "source"))
    config = published_config(source, gamma="tensorflow", input_bp=3_072)
    return source, config, PublishedEnformer(config, 7).state_dict()


def changed(source: EnformerSource, **tensors: Tensor | None) -> EnformerSource:
    """The source with some of its tensors changed, or without them."""
    left = {name: tensor for name, tensor in {**source.tensors, **tensors}.items() if tensor is not None}
    return replace(source, tensors=left)


def test_no_two_of_our_tensors_go_by_one_name_there(found: Found) -> None:
    source, config, needed = found
    names = source_names(needed, config, "human")
    assert names.keys() == needed.keys()
    assert len(set(names.values())) == len(names)
    assert set(names.values()) | {"_heads.mouse.0.weight", "_heads.mouse.0.bias"} == source.tensors.keys()


def test_every_tensor_keeps_its_numbers(found: Found) -> None:
    source, config, needed = found
    renamed = rename_tensors(source, config, needed, "human")
    for ours, theirs in source_names(needed, config, "human").items():
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
    source, config, needed = found
    with pytest.raises(InputError, match=message):
        rename_tensors(changed(source, **tensors), config, needed, "human")
