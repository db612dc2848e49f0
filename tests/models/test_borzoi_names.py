"""The names of borzoi-pytorch's tensors and ours, one to one."""

from pathlib import Path

import pytest

from genint.models.borzoi import Borzoi
from genint.models.borzoi_names import source_names
from genint.models.borzoi_weights import borzoi_config, read_source
from tests.models.borzoi_reference import write_source


@pytest.mark.parametrize("flashed", [False, True])
def test_no_two_of_our_tensors_go_by_one_name_there(flashed: bool, tmp_path: Path) -> None:
    source = read_source(write_source(tmp_path / "source", flashed=flashed))
    config = borzoi_config(source, input_bp=4_096)
    needed = Borzoi(config, 7).state_dict()
    names = source_names(needed, config, "human")
    assert names.keys() == needed.keys()
    assert len(set(names.values())) == len(names)
    assert set(names.values()) | {"mouse_head.weight", "mouse_head.bias"} == source.tensors.keys()
