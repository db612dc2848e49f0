"""Coverage becomes what the model learns by the field's recipe, and comes back the same."""

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from genint.tracks.transforms import STATISTICS, Transform, collect_transform

BIN_BP = 128
NO_CLIP = math.inf
Values = npt.NDArray[np.float64]

scales = st.floats(0.01, 100)
clip_softs = st.just(NO_CLIP) | st.floats(1, 500)
coverages = hnp.arrays(np.float64, (20, 1), elements=st.floats(0, 10_000))


def one(stat: str, scale: float = 1, clip_soft: float = NO_CLIP, clip: float = NO_CLIP) -> Transform:
    return collect_transform([stat], [scale], [clip_soft], [clip], BIN_BP)


def longhand(per_base: list[float], stat: str, scale: float, clip_soft: float, clip: float) -> float:
    """The recipe as basenji_data_read and hound write it, base by base."""
    scaled = [scale * value for value in per_base]
    total, mean = sum(scaled), sum(scaled) / len(scaled)
    y = {
        "sum": total,
        "mean": mean,
        "avg": mean,
        "sum_sqrt": -1 + math.sqrt(1 + total),
        "mean_sqrt": -1 + math.sqrt(1 + mean),
        "avg_sqrt": -1 + math.sqrt(1 + mean),
        "sum_exp75": -1 + (1 + total) ** 0.75,
    }[stat]
    if y > clip_soft:
        y = clip_soft - 1 + math.sqrt(y - clip_soft + 1)
    return min(max(y, -clip), clip)


@pytest.mark.parametrize("stat", STATISTICS)
@given(st.integers(0, 2**32 - 1), st.floats(0, 1_000), scales, clip_softs, st.just(NO_CLIP) | st.floats(1, 1_000))
def test_every_statistic_is_the_recipe_written_out(
    stat: str, seed: int, height: float, scale: float, clip_soft: float, clip: float
) -> None:
    per_base = np.random.default_rng(seed).uniform(0, height, BIN_BP)
    squashed = one(stat, scale, clip_soft, clip).apply(np.array([per_base.mean()]))
    np.testing.assert_allclose(
        squashed, [longhand(per_base.tolist(), stat, scale, clip_soft, clip)], rtol=1e-9, atol=1e-9
    )


@pytest.mark.parametrize("stat", STATISTICS)
@given(coverages, scales, clip_softs)
def test_coverage_below_the_clip_comes_back(stat: str, coverage: Values, scale: float, clip_soft: float) -> None:
    there = one(stat, scale, clip_soft)
    np.testing.assert_allclose(there.invert(there.apply(coverage)), coverage, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("stat", STATISTICS)
@given(coverages, scales, clip_softs, st.just(NO_CLIP) | st.floats(1, 1_000))
def test_more_coverage_is_never_less_for_the_model_nor_on_the_way_back(
    stat: str, coverage: Values, scale: float, clip_soft: float, clip: float
) -> None:
    there = one(stat, scale, clip_soft, clip)
    squashed = there.apply(np.sort(coverage, axis=0))
    assert (np.diff(squashed, axis=0) >= -1e-9).all()
    assert (np.diff(there.invert(squashed), axis=0) >= -1e-6).all()


@pytest.mark.parametrize("stat", STATISTICS)
def test_a_bin_without_measurement_stays_one(stat: str) -> None:
    there = one(stat, 2, 10, 20)
    squashed = there.apply(np.array([[math.nan], [1.0], [1_000.0]]))
    assert np.isnan(squashed[:, 0]).tolist() == [True, False, False]
    assert np.isnan(there.invert(squashed)[:, 0]).tolist() == [True, False, False]


@pytest.mark.parametrize("stat", STATISTICS)
def test_no_coverage_is_zero_for_the_model(stat: str) -> None:
    assert one(stat, 3, 10, 20).apply(np.zeros(1)) == [0]
    assert one(stat, 3, 10, 20).invert(np.zeros(1)) == [0]


def test_the_hard_clip_holds_on_both_sides_of_zero() -> None:
    assert one("mean", clip=32).apply(np.array([[33.0], [-33.0], [31.0]])).tolist() == [[32.0], [-32.0], [31.0]]


def test_what_was_clipped_comes_back_as_the_clip_and_not_as_infinity() -> None:
    there = one("mean", clip=32)
    assert there.invert(there.apply(np.array([1e9]))) == [32]


def test_the_soft_clip_begins_where_it_says_without_a_jump() -> None:
    there = one("mean", clip_soft=32)
    assert there.apply(np.array([[32.0], [33.0], [47.0]]))[:, 0] == pytest.approx([32, 31 + math.sqrt(2), 35])


def test_a_sum_counts_the_whole_bin_and_a_mean_one_base() -> None:
    assert one("sum").apply(np.array([0.5])) == [0.5 * BIN_BP]
    assert one("mean").apply(np.array([0.5])) == [0.5]


def test_coverage_below_zero_has_no_root_and_counts_as_minus_one() -> None:
    assert one("mean_sqrt").apply(np.array([[-1.0], [-5.0]])).tolist() == [[-1], [-1]]
    assert one("mean").apply(np.array([-5.0])) == [-5]


def test_each_track_has_its_own_transform() -> None:
    stats, coverage = ["mean", "sum_sqrt", "sum"], np.full((2, 5, 3), 7.0)
    together = collect_transform(stats, [1, 2, 3], [NO_CLIP, 4, NO_CLIP], [NO_CLIP, NO_CLIP, 64], BIN_BP).apply(
        coverage
    )
    alone = [one("mean"), one("sum_sqrt", 2, 4), one("sum", 3, clip=64)]
    for column, there in enumerate(alone):
        np.testing.assert_array_equal(together[..., [column]], there.apply(coverage[..., [column]]))


def old(stat: str, scale: float = 1, clip_soft: float = NO_CLIP, clip: float = NO_CLIP) -> Transform:
    return collect_transform([stat], [scale], [clip_soft], [clip], BIN_BP, ["old"])


def old_longhand(per_base: list[float], stat: str, scale: float, clip_soft: float, clip: float) -> float:
    """The recipe of hound's --transform_old: pool, power, clip, and only then scale."""
    y = sum(per_base) if stat.startswith("sum") else sum(per_base) / len(per_base)
    if stat.endswith(("_sqrt", "_exp75")):
        y = y**0.75
    if y > clip_soft:
        y = clip_soft + math.sqrt(y - clip_soft)
    return min(max(y, -clip), clip) * scale


@pytest.mark.parametrize("stat", STATISTICS)
@given(st.integers(0, 2**32 - 1), st.floats(0, 1_000), scales, clip_softs, st.just(NO_CLIP) | st.floats(1, 1_000))
def test_the_old_recipe_is_as_written_out_too(
    stat: str, seed: int, height: float, scale: float, clip_soft: float, clip: float
) -> None:
    per_base = np.random.default_rng(seed).uniform(0, height, BIN_BP)
    squashed = old(stat, scale, clip_soft, clip).apply(np.array([per_base.mean()]))
    expected = old_longhand(per_base.tolist(), stat, scale, clip_soft, clip)
    np.testing.assert_allclose(squashed, [expected], rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("stat", STATISTICS)
@given(coverages, scales, clip_softs)
def test_coverage_comes_back_from_the_old_recipe(stat: str, coverage: Values, scale: float, clip_soft: float) -> None:
    there = old(stat, scale, clip_soft)
    np.testing.assert_allclose(there.invert(there.apply(coverage)), coverage, rtol=1e-8, atol=1e-8)


def test_the_two_recipes_live_side_by_side_in_one_table() -> None:
    both = collect_transform(["sum_sqrt"] * 2, [0.3] * 2, [5] * 2, [NO_CLIP] * 2, BIN_BP, ["old", "new"])
    coverage = np.linspace(0, 100, 50)[:, None]
    for column, alone in enumerate([old("sum_sqrt", 0.3, 5), one("sum_sqrt", 0.3, 5)]):
        np.testing.assert_allclose(both.apply(coverage)[:, [column]], alone.apply(coverage), rtol=1e-12)
    assert (both.apply(coverage[1:])[:, 0] != both.apply(coverage[1:])[:, 1]).all()


@pytest.mark.parametrize("recipe", [one, old])
@pytest.mark.parametrize("stat", STATISTICS)
@given(coverages, scales, clip_softs, st.just(NO_CLIP) | st.floats(1, 1_000))
def test_a_negative_scale_is_the_positive_one_on_the_other_side_of_zero(
    recipe: Callable[..., Transform], stat: str, coverage: Values, scale: float, clip_soft: float, clip: float
) -> None:
    plus, minus = recipe(stat, scale, clip_soft, clip), recipe(stat, -scale, clip_soft, clip)
    scaled = minus.apply(-coverage)
    np.testing.assert_array_equal(scaled, plus.apply(coverage))
    np.testing.assert_array_equal(minus.invert(scaled), -plus.invert(scaled))
    assert not (np.signbit(minus.invert(scaled)) & (scaled == 0)).any()
