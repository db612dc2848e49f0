"""The scores of a model, against NumPy's on all bins at once."""

from pathlib import Path

import numpy as np
import pytest
import torch

from genint.datasets.dataset import TrackDataset
from genint.datasets.loader import SplitTiles
from genint.evaluation.predictors import read_tiles
from genint.evaluation.scorer import Scorer
from genint.models.folder import load_model


def test_scores_are_numpy_s_correlation_of_all_measured_bins(example_dataset: Path, tiny_model: Path) -> None:
    dataset, model = TrackDataset(example_dataset), load_model(tiny_model)
    tiles, scorer = list(read_tiles(SplitTiles(dataset, model.geometry, "test"))), Scorer("tiny", dataset)
    with torch.inference_mode():
        outputs = model.module(torch.from_numpy(np.stack([tile.tokens for tile in tiles])))
    x, y = outputs.numpy().astype(np.float64), np.stack([tile.targets for tile in tiles]).astype(np.float64)
    for first in range(0, len(tiles), 3):
        batch = slice(first, first + 3)
        scorer.update(tiles[batch], x[batch], y[batch])
    result = scorer.compute()
    predicted, measured = np.concatenate(x), np.concatenate(y)
    transform = dataset.tracks.transform(128)
    for column, score in enumerate(result.scores):
        seen = np.isfinite(measured[:, column])
        assert score.bins == seen.sum()
        r = np.corrcoef(predicted[seen, column], measured[seen, column])[0, 1]
        assert score.pearson == pytest.approx(r, abs=1e-6)
        logs = [np.log1p(transform.invert(side) * 128)[seen, column] for side in (predicted, measured)]
        assert score.pearson_log1p == pytest.approx(np.corrcoef(*logs)[0, 1], abs=1e-6)
        per_window = []
        for tile_x, tile_y in zip(x[..., column], y[..., column], strict=True):
            kept = np.isfinite(tile_y)
            if kept.sum() > 1 and tile_y[kept].std() > 1e-6:
                per_window.append(np.corrcoef(tile_x[kept], tile_y[kept])[0, 1])
        assert score.pearson_windows == pytest.approx(np.mean(per_window), abs=1e-5)
    complete = np.isfinite(measured).all(axis=1) & (measured.std(axis=1) > 1e-6)
    across = [np.corrcoef(a, b)[0, 1] for a, b in zip(predicted[complete], measured[complete], strict=True)]
    assert result.across_tracks == pytest.approx(np.mean(across), abs=1e-4)
    np.testing.assert_array_equal(sum(result.blocks.values())[0], [score.bins for score in result.scores])
