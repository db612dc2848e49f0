"""The names of the published weights and ours, one to one."""

import pytest
from torch import Tensor

from genint.models.enformer_names import source_names
from genint.models.enformer_original import PublishedConfig, PublishedEnformer
from genint.models.enformer_source import read_source
from genint.models.enformer_weights import published_config
from genint.models.published import Source
from tests.conftest import write_enformer_source

Found = tuple[Source, PublishedConfig, dict[str, Tensor]]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Found:
    """A source, its config, and what a model of that config needs."""
    source = read_source(write_enformer_source(tmp_path_factory.mktemp("enformer") / "source"))
    config = published_config(source, gamma="tensorflow", input_bp=3_072)
    return source, config, PublishedEnformer(config, 7).state_dict()


def test_no_two_of_our_tensors_go_by_one_name_there(found: Found) -> None:
    source, config, needed = found
    names = source_names(needed, config, "human")
    assert names.keys() == needed.keys()
    assert len(set(names.values())) == len(names)
    assert set(names.values()) | {"_heads.mouse.0.weight", "_heads.mouse.0.bias"} == source.tensors.keys()
