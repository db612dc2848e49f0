import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genint.evaluation.metrics import BlockPearson, Pearson, bootstrap_means, mean_over_tracks, moments


@given(seed=st.integers(0, 2**32 - 1), offset=st.floats(-1e4, 1e4), pieces=st.integers(1, 5))
def test_streamed_pearson_is_numpy_s_on_the_measured_bins(seed: int, offset: float, pieces: int) -> None:
    draw = np.random.default_rng(seed)
    x = draw.normal(size=(60, 3)) + offset
    y = 0.5 * x + draw.normal(size=x.shape)
    y[draw.random(x.shape) < 0.2] = np.nan
    pearson = Pearson(3)
    for some in np.array_split(np.arange(60), pieces):
        pearson.update(x[some], y[some])
    for track, r in enumerate(pearson.compute()):
        seen = np.isfinite(y[:, track])
        assert r == pytest.approx(np.corrcoef(x[seen, track], y[seen, track])[0, 1], abs=1e-6)
        assert pearson.counts[track] == seen.sum()


def test_a_constant_prediction_scores_zero_and_a_constant_target_cannot_be_scored() -> None:
    pearson = Pearson(3)
    rising = np.arange(10.0)
    pearson.update(
        np.stack([np.ones(10), rising, rising], axis=1), np.stack([rising, np.ones(10), np.full(10, np.nan)], axis=1)
    )
    r = pearson.compute()
    assert r[0] == 0
    assert np.isnan(r[1:]).all()


@given(
    seed=st.integers(0, 2**32 - 1),
    scales=st.tuples(*[st.sampled_from([1e-12, 1e-7, 1e-3, 1e5, 1e10])] * 2),
    batches=st.integers(1, 40),
)
def test_units_decide_neither_r_nor_what_is_constant(seed: int, scales: tuple[float, float], batches: int) -> None:
    draw = np.random.default_rng(seed)
    x, y = draw.normal(size=(2, 100, 1)) + 3
    level = np.full_like(y, np.float32(draw.random() + 0.1))
    pearson = Pearson(3)
    for _ in range(batches):
        predicted = np.concatenate([x, level, x], axis=1) * scales[0]
        pearson.update(predicted, np.concatenate([y, y, level], axis=1) * scales[1])
    r = pearson.compute()
    assert r[0] == pytest.approx(np.corrcoef(x[:, 0], y[:, 0])[0, 1], abs=1e-6)
    assert r[1] == 0
    assert np.isnan(r[2])


def test_the_mean_leaves_out_tracks_that_cannot_be_scored() -> None:
    assert mean_over_tracks(np.array([0.2, np.nan, 0.6])) == pytest.approx(0.4)
    assert np.isnan(mean_over_tracks(np.array([np.nan])))


def test_a_draw_without_a_track_to_score_has_no_mean() -> None:
    rising = np.arange(10.0)[:, None]
    blocks = np.stack([moments(rising, target) for target in (rising, np.ones_like(rising))])
    means = bootstrap_means(blocks[None], 50, seed=1)[:, 0]  # a quarter of the draws has the second block alone
    assert 0 < np.isnan(means).sum() < 50
    assert np.nanmax(means) == 1


def test_a_block_without_measurements_is_not_drawn() -> None:
    blocks = BlockPearson(1)
    for number, target in enumerate((1.0, np.nan, 0.0)):
        blocks.update(("chr1", number), np.ones((4, 1)), np.full((4, 1), target))
    assert list(blocks.sums) == [("chr1", 0), ("chr1", 2)]
