"""All weights of a locus in one store: where they were, with the place of every token on the chromosome."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import zarr
from zarr.storage import ZipStore

from genint.errors import OutputError
from genint.genome.dna_source import SequenceSource
from genint.genome.region import Region
from genint.interpretation.attention.maps import LayerMap
from genint.interpretation.attention.store import AttentionStore
from genint.interpretation.locus import Locus, find_locus
from tests.interpretation.test_locus import GEOMETRY

LAYER = LayerMap(
    3, "block 2", 2, np.array([[0, 2], [4, 6]]), np.arange(8, dtype=np.float32).reshape(1, 2, 2, 2)
)  # of no model: sums do not matter here


def a_locus() -> Locus:
    return find_locus(SequenceSource("ACGT" * 50, "chr1"), Region("chr1", 70, 75), GEOMETRY)


def test_weights_and_places_come_back_as_they_were(tmp_path: Path) -> None:
    with AttentionStore(tmp_path / "a.zarr.zip", a_locus()) as store:
        store.add(LAYER)
    with ZipStore(tmp_path / "a.zarr.zip", mode="r") as held:
        group = zarr.open_group(held, mode="r")
        assert group.attrs["chrom"] == "chr1"
        assert (group.attrs["input_start"], group.attrs["region_start"], group.attrs["region_end"]) == (56, 70, 75)
        assert np.array_equal(np.asarray(group["layer_03/weights"]), LAYER.weights)
        assert np.array_equal(np.asarray(group["layer_03/start"]), LAYER.starts + 56)
        assert group["layer_03"].attrs["name"] == "block 2"
    assert [file.name for file in tmp_path.iterdir()] == ["a.zarr.zip"]


def test_a_store_that_fails_leaves_nothing(tmp_path: Path) -> None:
    broken = replace(LAYER, starts=np.array([["no number"]]))
    with pytest.raises(TypeError), AttentionStore(tmp_path / "a.zarr.zip", a_locus()) as store:
        store.add(broken)
    assert not list(tmp_path.iterdir())


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"a.zarr.zip"):
        AttentionStore(tmp_path / "file" / "a.zarr.zip", a_locus())
