"""The data set gives back what was put in, wherever a window begins."""

from pathlib import Path

import numpy as np
import pytest

from genint.datasets.dataset import TrackDataset
from tests.datasets.made_up import BIN, BINS, FLANK, contents, written


@pytest.mark.parametrize("blocks", [1, 3])
def test_what_was_put_in_comes_out_wherever_a_window_begins(blocks: int, tmp_path: Path) -> None:
    dataset = TrackDataset(written(tmp_path / "dataset", blocks=blocks))
    for n, segment in enumerate(dataset.segments):
        tokens, targets = contents(n)
        padded = np.pad(tokens, 50, constant_values=4)
        for start in (-FLANK - 50, -FLANK - 1, -FLANK, -3, 0, 7, BINS * BIN + FLANK - 2):
            found = dataset.tokens(segment, start, 30)
            assert np.array_equal(found, padded[start + FLANK + 50 :][:30])
        assert np.array_equal(dataset.targets(segment, 2, 3), targets[2:5].astype(np.float32))
        beyond = dataset.targets(segment, 4, 5)
        assert np.array_equal(beyond[:2], targets[4:].astype(np.float32))
        assert np.isnan(beyond[2:]).all()
        assert dataset.tokens(segment, 10_000, 5).tolist() == [4] * 5
