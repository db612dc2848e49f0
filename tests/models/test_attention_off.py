"""A model with its attention left out: the same weights, the residual sums alone."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from genint.models.attention_off import turn_attention_off
from genint.models.folder import Model, load_model
from genint.models.registry import build
from genint.models.window_attention import WindowAttention
from tests.conftest import tiny_config


@pytest.fixture
def model(tiny_model: Path) -> Model:
    return load_model(tiny_model)


def tokens(model: Model) -> torch.Tensor:
    return torch.randint(0, 4, (2, model.geometry.input_bp), dtype=torch.uint8)


@pytest.mark.parametrize("gradients", [False, True], ids=["in chunks", "explicit"])
def test_without_attention_a_model_predicts_as_with_attention_that_adds_nothing(model: Model, gradients: bool) -> None:
    off, dna = turn_attention_off(model), tokens(model)
    assert off is not None
    with torch.set_grad_enabled(gradients):
        before = model.module(dna)
        assert not torch.allclose(off.module(dna), before, rtol=1e-2)
        for part in model.module.modules():
            if isinstance(part, WindowAttention):
                torch.nn.init.zeros_(part.to_out.weight)
                torch.nn.init.zeros_(part.to_out.bias)
        torch.testing.assert_close(off.module(dna), model.module(dna), rtol=1e-5, atol=1e-6)


def test_the_model_itself_stays_as_it_was(model: Model) -> None:
    dna = tokens(model)
    before = model.module(dna)
    off = turn_attention_off(model)
    assert off is not None
    assert torch.equal(model.module(dna), before)
    assert (model.name, off.name) == ("tiny", "tiny, attention off")
    assert off.config == tiny_config(block={"heads": 0}, final={"heads": 0})
    assert not off.module.training
    assert not any(parameter.requires_grad for parameter in off.module.parameters())


def test_a_model_that_has_no_attention_to_leave_out_has_no_such_copy(model: Model) -> None:
    off = turn_attention_off(model)
    assert off is not None
    assert turn_attention_off(off) is None
    config = replace(model.config)
    assert turn_attention_off(replace(model, architecture="enformer", config=config)) is None


def test_attention_in_some_layers_is_enough(model: Model) -> None:
    config = tiny_config(block={"heads": 0})
    module = build("interpreter", config, len(model.tracks)).eval()
    off = turn_attention_off(replace(model, config=config, module=module))
    assert off is not None
    assert off.config == tiny_config(block={"heads": 0}, final={"heads": 0})
