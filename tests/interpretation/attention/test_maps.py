"""Attention layer by layer: the same prediction, the right tokens, one layer in memory."""

import gc
import weakref
from typing import Any

import numpy as np
import pytest
import torch

from genint.interpretation.attention.maps import LayerMap, visit_maps
from genint.interpretation.locus import attending_module
from genint.models.folder import load_model
from genint.models.interpreter import GenomicInterpreter
from tests.conftest import tiny_config

KINDS: list[dict[str, Any]] = [
    {},
    {"positions": "bias", "merge": "max"},
    {"positions": "basis", "wrap": "paper", "merge": "linear"},
    {"heads": 0},
    {"hidden": 0, "heads": 2},
]


def build(block: dict[str, Any]) -> GenomicInterpreter:
    torch.manual_seed(0)
    return GenomicInterpreter(tiny_config(block=block), 3).eval()


def some_dna(module: GenomicInterpreter) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randint(0, 4, (1, module.geometry.input_bp), dtype=torch.uint8, generator=generator)


@pytest.mark.parametrize("block", KINDS)
def test_reading_attention_leaves_the_prediction_as_it_is(block: dict[str, Any]) -> None:
    module = build(block)
    dna, maps = some_dna(module), list[LayerMap]()
    with torch.no_grad():
        expected = module(dna)
    torch.testing.assert_close(visit_maps(module, dna, maps.append), expected, rtol=1e-5, atol=1e-6)
    weights = module.attention_maps(dna)[1]
    assert len(maps) == len(weights)
    for ours, theirs in zip(maps, weights, strict=True):
        np.testing.assert_allclose(ours.weights, theirs.weights[0].transpose(0, 1).detach().numpy(), atol=1e-5)
        np.testing.assert_allclose(ours.weights.sum(-1), 1, atol=1e-5)
        assert sorted(ours.starts.ravel()) == list(range(0, module.geometry.input_bp, ours.token_bp))


def test_reading_the_bundled_model_leaves_its_prediction_as_it_is() -> None:
    module = attending_module(load_model())
    dna = some_dna(module)
    with torch.inference_mode():
        expected = module(dna)
        found = visit_maps(module, dna, lambda layer: None)
    assert (found - expected).abs().max() < 1e-5 * expected.abs().max()


def test_no_layer_is_kept_when_the_next_is_read() -> None:
    module, earlier = build({}), list["weakref.ref[Any]"]()
    alive: list[int] = []

    def visit(layer: LayerMap) -> None:
        gc.collect()
        alive.append(sum(each() is not None for each in earlier))
        earlier.append(weakref.ref(layer.weights))

    visit_maps(module, some_dna(module), visit)
    assert alive == 15 * [0]


def test_a_shifted_layer_begins_half_a_window_later_and_names_say_so() -> None:
    maps: list[LayerMap] = []
    module = build({})
    visit_maps(module, some_dna(module), maps.append)
    assert [layer.name for layer in maps[:3]] == ["block 1", "block 1 shifted", "block 2"]
    assert (maps[-1].name, maps[-1].layer, maps[-1].token_bp) == ("final 1", 15, 128)
    assert maps[2].starts[0].tolist() == [0, 2, 4, 6]
    assert maps[3].starts[0].tolist() == [4, 6, 8, 10]
    assert maps[3].starts[-1].tolist() == [2300, 2302, 0, 2]


def test_a_dense_map_holds_every_pair_of_a_window_at_its_place() -> None:
    weights = np.arange(1, 17, dtype=np.float32).reshape(1, 2, 2, 2, 2)[:, :, 0]
    layer = LayerMap(1, "block 1 shifted", 4, np.array([[4, 8], [12, 0]]), weights)
    dense = layer.dense(slice(0, 4))[0]
    (a, b), (c, d) = weights[0, 0]
    (e, f), (g, h) = weights[0, 1]
    assert dense.tolist() == [[h, 0, 0, g], [0, a, b, 0], [0, c, d, 0], [f, 0, 0, e]]
    assert layer.dense(slice(1, 3))[0].tolist() == [[a, b], [c, d]]
