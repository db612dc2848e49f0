from functools import cache

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from genint.interpretation.attribution.mutants import (
    IncrementalRescorer,
    PlainRescorer,
    Rescorer,
    choose_rescorer,
    score_mutants,
)
from genint.interpretation.attribution.target import Target
from genint.models.base import TrackModel
from genint.prediction.workers import Halt, Stopped
from tests.interpretation.attribution.toys import MODELS, make, random_dna

TARGET = Target(slice(2, 5), (0, 2))


@cache
def prepared(name: str) -> tuple[TrackModel, Tensor, Rescorer]:
    module = make(name)
    one_hot = module.one_hot(random_dna(module, unknown=3))
    return module, one_hot, choose_rescorer(module, one_hot, TARGET)


def score_one(module: TrackModel, one_hot: Tensor, column: int, base: int) -> float:
    """The slow way, with nothing shared: another sequence through the whole model."""
    mutant = one_hot.clone()
    mutant[0, column] = torch.eye(4)[base]
    tracks = module(mutant)[0, TARGET.bins][:, list(TARGET.columns)]
    return float(torch.log1p(tracks.double().sum()))


@pytest.mark.parametrize("name", MODELS)
@settings(max_examples=15)
@given(data=st.data())
def test_incremental_scores_are_those_of_the_whole_model(name: str, data: st.DataObject) -> None:
    module, one_hot, rescorer = prepared(name)
    assert isinstance(rescorer, IncrementalRescorer)
    length = module.geometry.input_bp
    place = st.one_of(st.integers(0, length - 1), st.sampled_from([0, length - 1]))
    mutants = data.draw(st.lists(st.tuples(place, st.integers(0, 3)), min_size=1, max_size=4))
    columns, bases = (np.array(each) for each in zip(*mutants, strict=True))
    scores = score_mutants(rescorer, one_hot, columns, bases, at_once=3)
    expected = [score_one(module, one_hot, *mutant) for mutant in mutants]
    np.testing.assert_allclose(scores, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", MODELS)
def test_some_mutant_of_every_model_changes_the_score(name: str) -> None:
    module, one_hot, rescorer = prepared(name)
    columns = np.arange(400, 440)
    scores = score_mutants(rescorer, one_hot, columns, np.zeros(40, np.int64))
    assert np.ptp(scores) > 1e-6
    plain = score_mutants(PlainRescorer(module, one_hot, TARGET), one_hot, columns, np.zeros(40, np.int64))
    np.testing.assert_allclose(scores, plain, rtol=0, atol=1e-5)


def test_the_order_in_which_mutants_are_given_does_not_matter() -> None:
    _, one_hot, rescorer = prepared("interpreter")
    columns, bases = np.array([700, 3, 701, 90, 702]), np.array([1, 2, 3, 0, 1])
    backwards = score_mutants(rescorer, one_hot, columns[::-1].copy(), bases[::-1].copy())
    np.testing.assert_allclose(score_mutants(rescorer, one_hot, columns, bases), backwards[::-1], atol=1e-7)


def test_the_window_is_left_as_it_was() -> None:
    _, one_hot, rescorer = prepared("interpreter")
    before = one_hot.clone()
    first = score_mutants(rescorer, one_hot, np.array([500]), np.array([1]))
    score_mutants(rescorer, one_hot, np.array([501, 502]), np.array([1, 2]))
    assert torch.equal(before, one_hot)
    np.testing.assert_array_equal(first, score_mutants(rescorer, one_hot, np.array([500]), np.array([1])))


def test_no_mutant_is_scored_once_it_is_halted() -> None:
    _, one_hot, _ = prepared("cnn")
    halt, scored = Halt(), []

    class HaltsAfterOne:
        def score(self, mutants: Tensor, first: int) -> Tensor:
            scored.append(first)
            halt.set()
            return torch.zeros(len(mutants))

    with pytest.raises(Stopped):
        score_mutants(HaltsAfterOne(), one_hot, 20 * np.arange(40), np.zeros(40, np.int64), halt=halt)
    assert scored == [0]


class Unknown(TrackModel):
    """An architecture from outside: bins are the means of their bases, each times its place in the bin."""

    def __init__(self, module: TrackModel) -> None:
        super().__init__(module.config, 3)
        self.make_head(4)

    def trunk(self, one_hot: Tensor) -> Tensor:
        """(B, input_bp, 4) -> (B, bins, 4)."""
        weights = torch.arange(self.geometry.bin_bp, dtype=one_hot.dtype)[:, None]
        return (torch.unflatten(one_hot, 1, (-1, self.geometry.bin_bp)) * weights).mean(2)


def test_an_architecture_from_outside_goes_through_the_whole_model() -> None:
    torch.manual_seed(0)
    module = Unknown(make("cnn")).eval().requires_grad_(False)
    one_hot = module.one_hot(random_dna(module))
    rescorer = choose_rescorer(module, one_hot, TARGET)
    assert isinstance(rescorer, PlainRescorer)
    expected = [score_one(module, one_hot, 600, base) for base in range(4)]
    scores = score_mutants(rescorer, one_hot, np.full(4, 600), np.arange(4))
    np.testing.assert_allclose(scores, expected, atol=1e-6)
