"""The decoder: a prediction for every base, from every level, with gradients into the trunk and not into the head."""

import pytest
import torch

from genint.genome.dna import UNKNOWN
from genint.models.registry import build
from genint.training.masked_decoder import make_decoder
from tests.conftest import tiny_config
from tests.models.test_architecture_from_outside import Composition, CompositionConfig
from tests.models.test_base import CONFIGS, dna, make


@pytest.mark.parametrize("architecture", CONFIGS)
def test_gradients_of_masked_bases_reach_every_parameter_of_the_trunk_and_no_other(architecture: str) -> None:
    model = make(architecture)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3)  # branches start at zero, and would let no gradient through
    decoder, tokens = make_decoder(model), dna(model)
    logits = decoder.classify(decoder(model.levels(model.one_hot(tokens))))
    assert logits.shape == (*tokens.shape, 4)
    asked = tokens != UNKNOWN
    torch.nn.functional.cross_entropy(logits[asked], tokens[asked].long()).backward()  # type: ignore[no-untyped-call]
    without = {name for name, parameter in model.named_parameters() if parameter.grad is None}
    assert without == {"norm.weight", "norm.bias", "head.weight", "head.bias"}
    assert {name for name, parameter in model.named_parameters() if not parameter.requires_grad} == without
    assert all(parameter.grad is not None and parameter.grad.any() for parameter in decoder.parameters())


def test_a_prediction_depends_on_bases_around_it_and_on_none_that_is_hidden() -> None:
    model = build("interpreter", tiny_config(), 1).eval()
    decoder = make_decoder(model)
    tokens = dna(model, 1)
    tokens[0, 100] = UNKNOWN
    with torch.no_grad():
        before = decoder(model.levels(model.one_hot(tokens)))[0, 100]
        tokens[0, 101] = (tokens[0, 101] + 1) % 4
        after = decoder(model.levels(model.one_hot(tokens)))[0, 100]
    assert not torch.equal(before, after)


def test_bins_alone_are_levels_enough_for_an_architecture_without_others() -> None:
    torch.manual_seed(0)
    model = Composition(CompositionConfig(), 1)
    decoder = make_decoder(model)
    levels = model.levels(model.one_hot(dna(model, 1)))
    assert len(levels) == 1
    assert decoder(levels).shape[:2] == (1, model.geometry.input_bp)
