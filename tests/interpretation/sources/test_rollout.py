"""Rollout of small models, against dense products, models without attention, and gradients."""

from typing import get_args

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from genint.choices import Convolutions, RolloutMethod
from genint.errors import InputError
from genint.genome.region import Region
from genint.interpretation.sources.operators import Operator, model_operators
from genint.interpretation.sources.rollout import attention_rollout, roll_out
from genint.interpretation.sources.sparse_rows import pair_rows, window_rows
from genint.models.attention_off import turn_attention_off
from genint.models.folder import Model, load_model
from genint.models.window_attention import WindowAttention, Wrap
from tests.interpretation.sources.small_windows import config_of_64, model_of, random_dna

METHODS = get_args(RolloutMethod)


@settings(max_examples=20)
@given(st.sampled_from(METHODS), st.sampled_from(get_args(Convolutions)), st.integers(0, 99))
def test_rollout_is_the_product_of_the_dense_matrices(
    method: RolloutMethod, convolutions: Convolutions, seed: int
) -> None:
    model = model_of(config_of_64(), seed)
    dna = random_dna(model, seed)
    dense = np.eye(64)
    for operator in model_operators(model, dna, method=method, convolutions=convolutions):
        dense = operator.matrix.toarray() @ dense
    rollout = attention_rollout(model, dna, method=method, convolutions=convolutions)
    assert rollout.values == pytest.approx(dense[1:7].astype(np.float32), abs=1e-7)
    assert rollout.values.sum(1) == pytest.approx(1, abs=1e-6)


def test_eight_tokens_and_a_merge_by_hand() -> None:
    even = np.full((2, 4, 4), 0.25)
    operators = [
        Operator("attention", 1, 1, window_rows(0.5 * np.eye(4) + 0.5 * even, 0)),
        Operator("merge", 1, 1, pair_rows(np.full(4, 0.5))),
    ]
    near, far = (0.625 + 0.125) / 2, 0.125
    assert roll_out(operators, np.array([2, 0])).tolist() == [
        [0, 0, 0, 0, near, near, far, far],
        [near, near, far, far, 0, 0, 0, 0],
    ]


def test_half_without_convolutions_is_the_published_rollout() -> None:
    """(A + I) / 2 of every layer, heads averaged, multiplied; merges take halves."""
    model = model_of(config_of_64(block={"wrap": "paper"}))
    dna = random_dna(model)
    with torch.no_grad():
        _, maps = model.module.attention_maps(torch.from_numpy(dna)[None])  # type: ignore[operator]
    expected = np.eye(64)
    for step in maps:
        if len(expected) > 64 // step.token_bp:
            expected = (expected[::2] + expected[1::2]) / 2
        mean = step.weights[0].mean(1).double().numpy()  # (N, W, W)
        tokens = np.arange(len(expected)).reshape(mean.shape[:2])
        attention = np.zeros((len(expected), len(expected)))
        for of_window, weights in zip((tokens + step.shifted * 2) % len(expected), mean, strict=True):
            attention[np.ix_(of_window, of_window)] = weights
        expected = (attention + np.eye(len(expected))) / 2 @ expected
    rollout = attention_rollout(model, dna, method="half", convolutions="ignore")
    assert rollout.values == pytest.approx(expected[1:7].astype(np.float32), abs=1e-6)


@pytest.mark.parametrize("wrap", get_args(Wrap))
@pytest.mark.parametrize("method", METHODS)
def test_only_the_papers_windows_carry_from_one_end_to_the_other(method: RolloutMethod, wrap: Wrap) -> None:
    """Without attention over all bins, of which the first takes from the last bases if the windows are circular."""
    model = model_of(config_of_64(block={"wrap": wrap}, context_bp=0, core_bp=256, final={"heads": 0}))
    values = attention_rollout(model, random_dna(model), method=method, bins=[0, 31]).values
    assert bool(values[0, -8:].any()) == bool(values[1, :8].any()) == (wrap == "paper")


@pytest.mark.parametrize("method", METHODS)
def test_bins_take_from_the_bases_that_can_change_them(method: RolloutMethod) -> None:
    model = model_of(config_of_64(final={"heads": 0}, block={"merge": "linear"}))
    dna = random_dna(model)
    one_hot = model.module.one_hot(torch.from_numpy(dna)[None]).requires_grad_()
    bins = model.module.crop(model.module.trunk(one_hot))[0]
    values = attention_rollout(model, dna, method=method).values
    for number, values_of_bin in enumerate(values):
        (gradient,) = torch.autograd.grad(bins[number].square().sum(), one_hot, retain_graph=True)
        changes = gradient[0].abs().sum(1).numpy() > 0
        assert not (changes & (values_of_bin == 0)).any()
        if method != "raw":  # which takes nothing through the residual sum
            assert (changes == (values_of_bin > 0)).all()


@pytest.mark.parametrize("method", METHODS)
def test_attention_that_adds_nothing_leaves_the_convolutions_by_norms_alone(method: RolloutMethod) -> None:
    model = model_of(config_of_64())
    for part in model.module.modules():
        if isinstance(part, WindowAttention):
            torch.nn.init.zeros_(part.to_out.weight)
            torch.nn.init.zeros_(part.to_out.bias)
    dna, off = random_dna(model), turn_attention_off(model)
    assert off is not None
    kinds = {operator.kind for operator in model_operators(off, dna)}
    assert kinds == {"stem", "feed-forward", "merge"}
    on, without = (attention_rollout(one, dna, method=method).values for one in (model, off))
    assert (np.abs(on - without).max() < 1e-6) == (method == "norm")


def test_bins_and_levels_are_parts_of_the_whole() -> None:
    model = model_of(config_of_64())
    dna = random_dna(model)
    whole = attention_rollout(model, dna)
    some = attention_rollout(model, dna, bins=[4, 1], region=Region("chrI", 48, 96))
    assert some.values.tolist() == whole.values[[4, 1]].tolist()
    assert some.bins.tolist() == [4, 1]
    assert some.start == 40
    operators = model_operators(model, dna)
    for token_bp in (1, 2, 4, 8):
        upper = attention_rollout(model, dna, token_bp=token_bp)
        assert upper.values.shape == (6, 64 // token_bp)
        lower = upper.values.astype(np.float64)
        for operator in reversed(operators):
            if operator.token_bp < token_bp:
                lower = lower @ operator.matrix
        assert lower == pytest.approx(whole.values, abs=1e-6)


def test_bins_and_tokens_that_are_not_there_are_refused() -> None:
    model = model_of(config_of_64())
    with pytest.raises(InputError, match="`bins` 6: the model predicts bins 0 to 5"):
        attention_rollout(model, random_dna(model), bins=[0, 6])
    with pytest.raises(InputError, match=r"`token_bp` 16: .+ Expected one of 1, 2, 4, 8"):
        attention_rollout(model, random_dna(model), token_bp=16)


def test_the_bundled_model_is_traced_back_to_its_bases() -> None:
    model: Model = load_model()
    rollout = attention_rollout(model, random_dna(model), bins=[0, 127])
    assert rollout.values.shape == (2, model.geometry.input_bp)
    assert rollout.values.sum(1, dtype=np.float64) == pytest.approx(1, abs=1e-6)
    starts = rollout.bin_starts
    within = [row[max(start - 1024, 0) : start + 1152].sum() for row, start in zip(rollout.values, starts, strict=True)]
    assert min(within) > 2 * 2176 / model.geometry.input_bp  # more than twice what even rows would have there
