"""The Genomic Interpreter as a whole, at tiny sizes where the sizes do not matter."""

import json
from dataclasses import asdict, replace
from typing import Any

import pytest
import torch
from torch import Tensor

from genint.models.base import count_parameters
from genint.models.config_file import from_json
from genint.models.interpreter import GenomicInterpreter, InterpreterConfig, paper, plain, small
from genint.models.swin1d import BlockConfig, LayerConfig

TRACKS = 3


def tiny(
    *, blocks: dict[str, Any] | None = None, final: dict[str, Any] | None = None, **changes: Any
) -> InterpreterConfig:
    """Two blocks, bins of 4 bp, 64 bp of core and 8 bp of context on each side.

    `blocks` and `final` change numbers of every block and of every final layer.
    """
    of_blocks: dict[str, Any] = {"window": 8, "head_width": 4, "feed_forward": "conv", "conv_width": 3, "merge": "conv"}
    of_blocks |= blocks or {}
    of_final: dict[str, Any] = {"heads": 2, "head_width": 8, "hidden": 16, "dropout": 0.1}
    of_final |= {"feed_forward": "conv", "conv_width": 3} | (final or {})
    numbers: dict[str, Any] = {
        "core_bp": 64,
        "context_bp": 8,
        "bin_bp": 4,
        "stem_width": 5,
        "blocks": (
            BlockConfig(**{"channels": 8, "heads": 1, "hidden": 8} | of_blocks),
            BlockConfig(**{"channels": 12, "heads": 2, "hidden": 12} | of_blocks),
        ),
        "bin_channels": 16,
        "final": (LayerConfig(dilation=1, **of_final), LayerConfig(dilation=2, **of_final)),
    }
    return InterpreterConfig(**numbers | changes)


BASIS: dict[str, Any] = {"positions": "basis", "feed_forward": "depthwise", "merge": "linear"}
PLAIN: dict[str, Any] = {
    "stem_width": 1,
    "blocks": BASIS,
    "final": {"positions": "basis", "feed_forward": "plain", "conv_width": 1},
}
PAPER: dict[str, Any] = PLAIN | {"blocks": BASIS | {"wrap": "paper"}}


def build(config: InterpreterConfig) -> GenomicInterpreter:
    torch.manual_seed(0)
    return GenomicInterpreter(config, TRACKS).eval()


def dna(batch: int, config: InterpreterConfig) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randint(0, 5, (batch, config.geometry.input_bp), dtype=torch.uint8, generator=generator)


@pytest.mark.parametrize("changes", [{}, PLAIN, PAPER], ids=["small", "plain", "paper"])
def test_one_value_per_bin_and_track_and_none_negative(changes: dict[str, Any]) -> None:
    config = tiny(**changes)
    prediction = build(config)(dna(2, config))
    assert prediction.shape == (2, 16, TRACKS)
    assert prediction.dtype == torch.float32
    assert (prediction >= 0).all()


def test_batch_size_and_order_do_not_change_a_prediction_by_one_bit() -> None:
    """At the size of the preset: very small matrices are another code path of the CPU's matrix library."""
    model, tokens = build(small()), dna(3, small())
    with torch.no_grad():
        together = model(tokens)
        assert torch.equal(together[1:2], model(tokens[1:2]))
        assert torch.equal(together.flip(0), model(tokens.flip(0)))


@pytest.mark.parametrize("changes", [{}, PAPER], ids=["small", "paper"])
def test_the_other_windows_of_a_batch_do_not_matter(changes: dict[str, Any]) -> None:
    config = tiny(**changes)
    model, tokens = build(config), dna(8, config)
    with torch.no_grad():
        torch.testing.assert_close(model(tokens)[5:6], model(tokens[5:6]), atol=1e-6, rtol=1e-5)


def test_the_seed_decides_the_weights() -> None:
    first, second = build(tiny()).state_dict(), build(tiny()).state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_attention_maps_come_with_the_same_prediction_and_say_where_they_belong() -> None:
    config = tiny()
    model, tokens = build(config), dna(2, config)
    with torch.no_grad():
        prediction, maps = model.attention_maps(tokens)
        torch.testing.assert_close(prediction, model(tokens), atol=1e-5, rtol=1e-5)
    assert [(entry.stage, entry.shifted, entry.token_bp) for entry in maps] == [
        (1, False, 1),
        (1, True, 1),
        (2, False, 2),
        (2, True, 2),
        (3, False, 4),
        (4, False, 4),
    ]
    assert [entry.weights.shape for entry in maps] == [
        *[(2, 10, 1, 8, 8)] * 2,
        *[(2, 5, 2, 8, 8)] * 2,
        *[(2, 1, 2, 20, 20)] * 2,
    ]
    for entry in maps:
        torch.testing.assert_close(entry.weights.sum(-1), torch.ones(entry.weights.shape[:-1]))


def test_layers_without_attention_have_no_map_and_the_others_keep_their_stage() -> None:
    config = tiny()
    silent = [replace(layer, heads=0) for layer in (config.blocks[0], config.final[0])]
    config = replace(config, blocks=(silent[0], config.blocks[1]), final=(silent[1], config.final[1]))
    model, tokens = build(config), dna(2, config)
    with torch.no_grad():
        prediction, maps = model.attention_maps(tokens)
        torch.testing.assert_close(prediction, model(tokens), atol=1e-5, rtol=1e-5)
    assert [(entry.stage, entry.shifted, entry.token_bp) for entry in maps] == [
        (2, False, 2),
        (2, True, 2),
        (4, False, 4),
    ]
    assert [entry.weights.shape[-1] for entry in maps] == [8, 8, 20]


def test_windows_need_not_divide_the_tokens_of_a_block_without_attention() -> None:
    config = tiny(blocks={"window": 16, "heads": 0})
    assert build(config)(dna(2, config)).shape == (2, 16, TRACKS)


def test_bfloat16_is_close_to_float32() -> None:
    config = tiny()
    model, tokens = build(config), dna(4, config)
    with torch.no_grad():
        exact = model(tokens)
        with torch.autocast("cpu", torch.bfloat16):
            rough = model(tokens)
    assert rough.dtype == torch.float32
    assert (rough - exact).abs().max() < 0.05 * exact.abs().max()


def test_every_parameter_gets_a_gradient() -> None:
    for changes in ({}, PLAIN, {"blocks": {"heads": 0}, "final": {"hidden": 0}}):
        config = tiny(**changes)
        model = build(config)
        model(dna(2, config)).log().sum().backward()
        silent = [name for name, parameter in model.named_parameters() if parameter.grad is None]
        assert not silent


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"bin_bp": 8}, r"bin_bp=8 must be 2 \*\* 2"),
        ({"context_bp": 6}, "context_bp=6 must be a multiple of bin_bp=4"),
        ({"core_bp": 66}, "core_bp=66 must be a positive multiple of bin_bp=4"),
        ({"stem_width": 4}, "stem_width=4 must be odd"),
        ({"bin_channels": 0}, "bin_channels=0 must be at least 1"),
        ({"blocks": {"window": 16}}, r"blocks\[1\].window=16 must divide the 40 tokens"),
        ({"blocks": {"window": 5}}, "window=5 must be even"),
        ({"blocks": {"merge": "max"}}, r"blocks\[0\].merge='max' makes tokens of 8 channels, not 12"),
        ({"blocks": {"channels": 0}}, "channels=0 must be at least 1"),
        ({"final": {"dropout": 1.0}}, "dropout=1.0 must be at least 0 and below 1"),
    ],
)
def test_numbers_that_do_not_fit_are_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tiny(**changes)


@pytest.mark.parametrize("preset", [small, paper])
def test_a_config_survives_json(preset: object) -> None:
    config = preset()  # type: ignore[operator]
    assert from_json(InterpreterConfig, json.loads(json.dumps(asdict(config))), "config") == config


@pytest.mark.parametrize(("preset", "tracks", "millions"), [(small, 20, 4.61), (plain, 20, 3.60), (paper, 5313, 57.34)])
def test_the_presets_have_the_stated_size(preset: object, tracks: int, millions: float) -> None:
    with torch.device("meta"):
        model = GenomicInterpreter(preset(), tracks)  # type: ignore[operator]
    assert count_parameters(model) / 1e6 == pytest.approx(millions, abs=0.01)


def test_the_names_of_the_weights_are_those_of_the_models_there_are() -> None:
    names = [name for name in build(tiny()).state_dict() if not name.startswith(("blocks.1", "final.1"))]
    part = ("norm.weight", "norm.bias", "to_qkv.weight", "to_qkv.bias", "to_out.weight", "to_out.bias")
    conv = ("expand.weight", "expand.bias", "expand.gain", "contract.weight", "contract.bias")
    assert names == [
        *(f"stem.{name}" for name in ("weight", "bias", "gain")),
        *(f"blocks.0.regular.attention.{name}" for name in part),
        *(f"blocks.0.regular.feed_forward.{name}" for name in conv),
        *(f"blocks.0.shifted.attention.{name}" for name in part),
        *(f"blocks.0.shifted.feed_forward.{name}" for name in conv),
        *(f"blocks.0.merge.conv.{name}" for name in ("weight", "bias", "gain")),
        *(f"final.0.attention.{name}" for name in part),
        *(f"final.0.feed_forward.{name}" for name in conv),
        *("norm.weight", "norm.bias", "head.weight", "head.bias"),
    ]


NO_FINAL: dict[str, Any] = {"final_layers": 0}
NO_HEADS: dict[str, Any] = {"final": {"heads": 0}}


@pytest.mark.parametrize(
    "changes",
    [
        NO_FINAL,
        NO_FINAL | PLAIN,
        NO_FINAL | {"blocks": {"wrap": "paper"}, "core_bp": 56, "context_bp": 12},
        NO_HEADS | {"core_bp": 128},
        NO_HEADS | {"core_bp": 128, "blocks": {"hidden": 0}},
        NO_HEADS | {"blocks": {"heads": 0}},
        {"final": {"heads": 0, "hidden": 0}, "blocks": {"heads": 0, "hidden": 0}},
    ],
)
def test_without_attention_over_bins_a_bin_sees_what_the_layers_reach(changes: dict[str, Any]) -> None:
    """One attention window of 8 bins would be all of the DNA; the windows of the last block are 8 tokens of 2 bp."""
    changes = dict(changes)
    layers = changes.pop("final_layers", 2)
    config = tiny(**changes)
    config = replace(config, final=config.final[:layers])
    model, seen = build(config), torch.zeros(config.geometry.input_bp)
    one_hot = torch.nn.functional.one_hot(dna(1, config).long().clamp(max=3), 4).float().requires_grad_()
    middle = config.geometry.input_bp // config.bin_bp // 2 - config.context_bp // config.bin_bp
    for seed in range(5):  # max-pooling passes the gradient of one token only
        torch.manual_seed(seed)
        for parameter in model.parameters():
            torch.nn.init.normal_(parameter, std=0.5)
        (seen_now,) = torch.autograd.grad(model(one_hot)[0, middle].sum(), one_hot)
        seen += seen_now[0].abs().sum(1)
    found = torch.nonzero(seen).flatten()
    assert int(found.max() - found.min()) + 1 == model.receptive_field_bp < config.geometry.input_bp


def test_with_attention_over_bins_a_bin_sees_all_of_the_input() -> None:
    assert build(tiny()).receptive_field_bp == tiny().geometry.input_bp
    assert build(tiny(blocks={"heads": 0})).receptive_field_bp == tiny().geometry.input_bp
