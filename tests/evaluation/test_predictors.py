"""A model behind the interface of what is evaluated: its tiles come back in order, with the engine's outputs."""

from pathlib import Path

import numpy as np
import torch

from genint.datasets.dataset import TrackDataset
from genint.datasets.loader import SplitTiles
from genint.evaluation.predictors import ModelPredictor, read_tiles
from genint.models.folder import load_model


def test_tiles_have_the_dna_and_the_targets_of_their_region(example_dataset: Path, tiny_model: Path) -> None:
    dataset, geometry = TrackDataset(example_dataset), load_model(tiny_model).geometry
    (segment,) = dataset.split("test")
    tiles = list(read_tiles(SplitTiles(dataset, geometry, "test")))
    assert [tile.region.start for tile in tiles] == list(range(0, segment.end, geometry.core_bp))
    for tile in tiles:
        start = tile.region.start
        assert np.array_equal(tile.tokens, dataset.tokens(segment, start - geometry.context_bp, geometry.input_bp))
        expected = dataset.targets(segment, start // 128, geometry.core_bins)
        assert np.array_equal(tile.targets, expected, equal_nan=True)


def test_a_model_predicts_tiles_as_its_module_does(example_dataset: Path, tiny_model: Path) -> None:
    dataset, model = TrackDataset(example_dataset), load_model(tiny_model)
    predictor = ModelPredictor(model, devices=[torch.device("cpu")], threads=1, batch_size=3)
    assert (predictor.name, predictor.geometry) == ("tiny", model.geometry)
    tiles = SplitTiles(dataset, model.geometry, "valid")
    predictions = list(predictor.predict_tiles(read_tiles(tiles)))
    assert [tile.region for tile, _ in predictions] == [tiles.region(position) for position in range(len(tiles))]
    for tile, values in predictions:
        with torch.inference_mode():
            expected = model.module(torch.from_numpy(tile.tokens)[None])[0].numpy()
        np.testing.assert_allclose(values, expected, rtol=1e-5, atol=1e-6)
