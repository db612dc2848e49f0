"""The worked example that is not DNA, at toy size: its text agrees as it says, and blocks learn it."""

import importlib
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

EXAMPLES = Path(__file__).parent.parent / "examples"


@pytest.fixture(scope="module")
def grammar(characters: ModuleType) -> Any:
    return characters.Grammar()


@pytest.fixture(scope="module")
def characters() -> ModuleType:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(EXAMPLES)
        return importlib.import_module("masked_characters")


def agreement_text() -> ModuleType:
    """The grammar's module, which the fixture `characters` has imported."""
    return importlib.import_module("agreement_text")


@given(seed=st.integers(0, 2**32), length=st.integers(1, 700))
def test_the_letter_at_every_place_agrees_with_the_noun_at_its_distance(grammar: Any, seed: int, length: int) -> None:
    excerpt = grammar.write(length, np.random.default_rng(seed))
    text = str(excerpt)
    assert len(text) == length
    for place, distance in zip(excerpt.places, excerpt.distances, strict=True):
        noun = text[place - distance :].split()[0]
        assert text[place] == agreement_text().ENDINGS[grammar.nouns.index(noun)]
        assert 0 < distance <= agreement_text().LONGEST


def test_everything_between_noun_and_verb_is_the_same_for_all_classes(grammar: Any) -> None:
    assert len(set(grammar.nouns) | set(grammar.stems) | set(grammar.small)) == 4 + 4 + 16
    assert not {noun.lower() for noun in grammar.nouns} & {*grammar.stems, *grammar.small}


def test_the_models_are_of_equal_size(characters: ModuleType) -> None:
    sizes = [characters.count_parameters(make()) for make in characters.MODELS.values()]
    assert max(sizes) / min(sizes) < 1.01


def test_blocks_see_a_whole_excerpt_and_plain_windows_only_themselves(characters: ModuleType) -> None:
    """Whether the guess for character 120 moves with character 5."""
    codes = torch.zeros(1, characters.LENGTH, dtype=torch.long)
    other = codes.clone()
    other[0, 5] = 7
    moved = {}
    for name, make in characters.MODELS.items():
        torch.manual_seed(0)
        model = make().double().eval()
        with torch.no_grad():
            moved[name] = bool((model(codes)[0, 120] != model(other)[0, 120]).any())
    assert moved == {"1D-Swin blocks": True, "plain, windows of 32": False}


def test_agreeing_letters_are_always_masked_and_a_twentieth_of_the_others(characters: ModuleType, grammar: Any) -> None:
    chance = np.random.default_rng(1)
    excerpts = [grammar.write(256, chance) for _ in range(16)]
    codes, true, others, distances = characters.mask(excerpts, chance)
    for row, excerpt in enumerate(excerpts):
        assert (codes[row, excerpt.places] == characters.MASK).all()
        assert distances[row, excerpt.places].tolist() == excerpt.distances.tolist()
    shown = ~others & (distances == 0)
    assert torch.equal(codes[shown], true[shown])
    assert (codes[~shown] == characters.MASK).all()
    assert 0.04 < others.double().mean() < 0.06


def test_blocks_learn_from_text_at_toy_size(characters: ModuleType, grammar: Any) -> None:
    torch.manual_seed(1)
    model = characters.SwinCharacters(channels=32, blocks=2)
    losses = list(characters.train(model, grammar, 80, 1))
    assert np.mean(losses[-10:]) < 0.85 * np.mean(losses[:5])
    scores = characters.score(model.eval(), grammar, excerpts=32)
    assert scores["other characters"] > 0.3, "one letter for all, a space, is right in a fifth"
