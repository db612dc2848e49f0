"""Chances follow identities, and substitutions change as many known bases as they should, to other bases."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genint.datasets.variation import Variation
from genint.genome.dna import UNKNOWN
from genint.genome.relatives import RelativeInfo


def infos(*identities: float) -> list[RelativeInfo]:
    return [RelativeInfo(str(number), 1.0, identity) for number, identity in enumerate(identities)]


@given(
    identities=st.lists(st.floats(0.5, 1), min_size=1, max_size=5),
    fraction=st.floats(0, 1),
    power=st.floats(0, 60),
)
def test_relatives_have_their_fraction_and_share_it_by_identity(
    identities: list[float], fraction: float, power: float
) -> None:
    genome, *others = Variation(relatives=fraction, identity_power=power).chances(infos(*identities)).tolist()
    assert genome == pytest.approx(1 - fraction)
    assert sum(others) == pytest.approx(fraction)
    for one, chance in zip(identities, others, strict=True):
        expected = fraction * one**power / sum(other**power for other in identities)
        assert chance == pytest.approx(expected)


def test_the_nearest_relative_is_left_whatever_the_power() -> None:
    assert Variation(relatives=1, identity_power=1e9).chances(infos(0.8, 0.9)).tolist() == [0, 0, 1]


def test_a_data_set_without_relatives_has_the_genome_alone() -> None:
    assert Variation(relatives=0.5).chances(()).tolist() == [1]


@given(seed=st.integers(0, 1_000), rate=st.floats(0.01, 1))
def test_substitutions_are_other_bases_and_unknown_ones_stay(seed: int, rate: float) -> None:
    tokens = np.random.default_rng(seed).integers(0, 5, 2_000).astype(np.uint8)
    before = tokens.copy()
    found = Variation(mutation_rate=rate).mutate(tokens, np.random.default_rng(seed + 1))
    assert np.array_equal(tokens, before)
    assert found.dtype == np.uint8
    assert np.array_equal(found == UNKNOWN, tokens == UNKNOWN)
    assert np.mean(found != tokens) <= rate + 0.05


def test_windows_draw_rates_from_0_to_the_most_and_bases_uniformly() -> None:
    draw, tokens = np.random.default_rng(1), np.zeros(5_000, np.uint8)
    found = np.stack([Variation(mutation_rate=0.2).mutate(tokens, draw) for _ in range(400)])
    rates = (found != tokens).mean(axis=1)
    assert rates.min() < 0.005
    assert 0.19 < rates.max() < 0.22
    assert rates.mean() == pytest.approx(0.1, abs=0.01)
    counts = np.bincount(found[found != 0], minlength=4)[1:]
    assert counts / counts.sum() == pytest.approx([1 / 3] * 3, abs=0.01)


def test_without_a_rate_nothing_is_drawn() -> None:
    draw, tokens = np.random.default_rng(1), np.zeros(10, np.uint8)
    assert Variation().mutate(tokens, draw) is tokens
    assert draw.random() == np.random.default_rng(1).random()


def test_clean_windows_are_the_last_ones() -> None:
    assert [Variation(clean_from=3).is_clean(window) for window in (0, 2, 3, 9)] == [False, False, True, True]
    assert not Variation().is_clean(10**9)
