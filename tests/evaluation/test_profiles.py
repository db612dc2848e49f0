"""Measured and predicted values along a locus."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from genint.datasets.dataset import TrackDataset
from genint.datasets.loader import SplitTiles
from genint.errors import InputError
from genint.evaluation.profiles import predict_profiles
from genint.genome.region import Region
from genint.models.folder import load_model


def test_profiles_are_the_predictions_and_targets_of_the_region(example_dataset: Path, tiny_model: Path) -> None:
    dataset, model = TrackDataset(example_dataset), load_model(tiny_model)
    region = Region("chr3", 5_000, 9_001)
    start, measured, predicted = predict_profiles(dataset, [model], region, batch_size=1)
    assert start == 39 * 128
    first, last = 5_000 // 128, -(-9_001 // 128)
    segment = dataset.split("valid")[0]
    assert np.array_equal(measured, dataset.targets(segment, first, last - first), equal_nan=True)
    tiles = SplitTiles(dataset, model.geometry, "valid")
    with torch.inference_mode():
        whole = np.concatenate([model.module(tokens[None])[0].numpy() for tokens, _ in tiles])
    np.testing.assert_allclose(predicted["tiny"], whole[first:last], rtol=1e-5)
    with pytest.raises(InputError, match="chr9"):
        predict_profiles(dataset, [model], Region("chr9", 0, 5))


def test_profiles_begin_where_their_first_bin_does(example_dataset: Path, tiny_model: Path, tmp_path: Path) -> None:
    shutil.copytree(example_dataset, tmp_path / "ds")
    table = tmp_path / "ds" / "segments.tsv"  # of an imported data set, chr2's begins anywhere
    moved = table.read_text().replace("chr2\t0\t60003\ttest\t0\t60003", "chr2\t1037\t61040\ttest\t1037\t61040")
    table.write_text(moved)
    drawn = predict_profiles(
        TrackDataset(tmp_path / "ds"), [load_model(tiny_model)], Region("chr2", 9_000, 19_000), batch_size=2
    )
    assert drawn.start == 1_037 + 62 * 128
    assert len(drawn.measured) == len(drawn.predicted["tiny"]) == 79
