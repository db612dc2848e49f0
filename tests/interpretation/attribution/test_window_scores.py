import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from genint.choices import AttributionMethod
from genint.interpretation.attribution.target import Target
from genint.interpretation.attribution.window_scores import choose_top, score_window
from tests.interpretation.attribution.toys import MODELS, make, random_dna

TARGET = Target(slice(2, 5), (0, 2))
POSITIONS = slice(500, 520)


@pytest.mark.parametrize("name", MODELS)
def test_mutagenesis_gives_the_change_that_each_base_makes(name: str) -> None:
    module = make(name)
    tokens = random_dna(module)
    found = score_window(module, tokens, POSITIONS, TARGET, "mutagenesis")
    before = float(TARGET.score(module, tokens))
    assert found.score == pytest.approx(before, abs=1e-6)
    for row in (0, 7, 19):
        for base in range(4):
            mutant = tokens.clone()
            mutant[0, 500 + row] = base
            assert found.effects[row, base] == pytest.approx(float(TARGET.score(module, mutant)) - before, abs=1e-5)
        assert found.effects[row, tokens[0, 500 + row]] == 0
    assert found.exact.all()


def test_screening_computes_the_top_mutants_and_leaves_first_order_to_the_rest() -> None:
    module = make("interpreter")
    tokens = random_dna(module)
    by_method = {}
    methods: list[AttributionMethod] = ["gradient", "screened", "mutagenesis"]
    for method in methods:
        by_method[method] = score_window(module, tokens, POSITIONS, TARGET, method, top=0.25)
    exact = by_method["screened"].exact
    assert exact.sum() == 15
    assert not by_method["gradient"].exact.any()
    effects = {method: found.effects for method, found in by_method.items()}
    np.testing.assert_allclose(effects["screened"][exact], effects["mutagenesis"][exact], atol=1e-6)
    np.testing.assert_array_equal(effects["screened"][~exact], effects["gradient"][~exact])
    assert np.abs(effects["gradient"][exact]).min() >= np.abs(effects["gradient"][~exact]).max()


def test_first_order_effects_are_small_changes_to_first_order() -> None:
    module = make("enformer")
    one_hot = module.one_hot(random_dna(module))
    effects = score_window(module, random_dna(module), POSITIONS, TARGET, "gradient").effects
    step, row, base = 1e-2, 3, int((one_hot[0, 503].argmax() + 1) % 4)
    moved = one_hot.clone()
    moved[0, 503] *= 1 - step
    moved[0, 503, base] = step
    slope = float(TARGET.score(module, moved) - TARGET.score(module, one_hot)) / step
    assert effects[row, base] == pytest.approx(slope, rel=0.05, abs=1e-4)


@pytest.mark.parametrize("method", ["mutagenesis", "screened", "gradient", "integrated"])
def test_unknown_bases_have_no_effect(method: AttributionMethod) -> None:
    module = make("cnn")
    tokens = random_dna(module)
    tokens[0, 505:508] = 4
    found = score_window(module, tokens, POSITIONS, TARGET, method, top=1.0, steps=4)
    assert not found.effects[5:8].any()
    assert not np.signbit(found.effects[5:8]).any()  # 0 in tables, not -0
    assert not found.exact[5:8].any()
    assert found.effects[:5].any()


@given(seed=st.integers(0, 1_000), top=st.floats(0.01, 1))
def test_the_top_are_those_that_no_other_exceeds(seed: int, top: float) -> None:
    draw = np.random.default_rng(seed)
    effects, known = draw.normal(size=(9, 4)), draw.random(9) > 0.3
    effects[np.arange(9), draw.integers(0, 4, 9)] = 0
    chosen = choose_top(effects, known, top)
    assert chosen.sum() == np.ceil(top * 3 * known.sum())
    assert not chosen[~known].any()
    rest = ~chosen & known[:, None]
    assert not chosen.any() or np.abs(effects[chosen]).min() >= np.abs(effects[rest]).max(initial=0)


def test_no_gradient_is_left_behind() -> None:
    module = make("cnn")
    score_window(module, random_dna(module), POSITIONS, TARGET, "screened")
    assert all(parameter.grad is None for parameter in module.parameters())
    assert not torch.is_inference_mode_enabled()
