"""The Genomic Interpreter as a whole, at tiny sizes where the sizes do not matter."""

import json
from dataclasses import asdict, replace

import pytest
import torch
from torch import Tensor

from genint.models.base import count_parameters
from genint.models.interpreter import GenomicInterpreter, InterpreterConfig, paper, small

TRACKS = 3


def tiny(**changes: object) -> InterpreterConfig:
    """Two blocks, bins of 4 bp, 64 bp of core and 8 bp of context on each side."""
    config = InterpreterConfig(
        core_bp=64,
        context_bp=8,
        bin_bp=4,
        stem_width=5,
        channels=(8, 12, 16),
        windows=(8, 8),
        heads=(1, 2),
        head_widths=(4, 4),
        hidden=(8, 12),
        feed_forward="conv",
        conv_width=3,
        merge="conv",
        positions="rotary",
        growth=0.0,
        final_layers=2,
        final_heads=2,
        final_head_width=8,
        final_hidden=16,
        final_dilations=(1, 2),
        final_growth=0.0,
        dropout=0.1,
    )
    return replace(config, **changes)  # type: ignore[arg-type]


PLAIN = {"stem_width": 1, "feed_forward": "depthwise", "merge": "linear", "positions": "basis", "final_dilations": ()}


def build(config: InterpreterConfig) -> GenomicInterpreter:
    torch.manual_seed(0)
    return GenomicInterpreter(config, TRACKS).eval()


def dna(batch: int, config: InterpreterConfig) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randint(0, 5, (batch, config.geometry.input_bp), dtype=torch.uint8, generator=generator)


@pytest.mark.parametrize("changes", [{}, PLAIN, PLAIN | {"wrap": "paper"}], ids=["small", "plain", "paper"])
def test_one_value_per_bin_and_track_and_none_negative(changes: dict[str, object]) -> None:
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


@pytest.mark.parametrize("changes", [{}, PLAIN | {"wrap": "paper"}], ids=["small", "paper"])
def test_the_other_windows_of_a_batch_do_not_matter(changes: dict[str, object]) -> None:
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


def test_bfloat16_is_close_to_float32() -> None:
    config = tiny()
    model, tokens = build(config), dna(4, config)
    with torch.no_grad():
        exact = model(tokens)
        with torch.autocast("cpu", torch.bfloat16):
            rough = model(tokens)
    assert rough.dtype == torch.float32
    assert (rough - exact).abs().max() < 0.05 * exact.abs().max()


def test_unknown_letters_all_read_the_same_and_unlike_a_base() -> None:
    config = tiny()
    model, tokens = build(config), dna(1, config)
    other, base = tokens.clone(), tokens.clone()
    other[tokens == 4], base[tokens == 4] = 9, 0
    with torch.no_grad():
        assert torch.equal(model(tokens), model(other))
        assert not torch.allclose(model(tokens), model(base))


def test_training_starts_from_the_means_of_the_tracks() -> None:
    config, means = tiny(growth=0.2, final_growth=1.0), torch.tensor([0.01, 1.0, 20.0])
    model = build(config)
    model.start_at(means)
    with torch.no_grad():
        torch.testing.assert_close(torch.nn.functional.softplus(model.head.bias), means)
    with pytest.raises(ValueError, match=r"means of shape \(2,\), expected \(3,\)"):
        model.start_at(torch.ones(2))


def test_every_parameter_gets_a_gradient() -> None:
    for changes in ({}, PLAIN):
        config = tiny(**changes)
        model = build(config)
        model(dna(2, config)).log().sum().backward()
        silent = [name for name, parameter in model.named_parameters() if parameter.grad is None]
        assert not silent


def test_tokens_of_another_length_are_refused() -> None:
    with pytest.raises(ValueError, match=r"tokens of shape \(1, 79\), expected \(batch, 80\)"):
        build(tiny())(torch.zeros(1, 79, dtype=torch.uint8))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"heads": (1,)}, r"heads=\(1,\) must have one entry per block"),
        ({"channels": (8, 12)}, r"channels=\(8, 12\) must have one entry more"),
        ({"bin_bp": 8}, r"bin_bp=8 must be 2 \*\* 2"),
        ({"context_bp": 6}, "context_bp=6 must be a multiple of bin_bp=4"),
        ({"core_bp": 66}, "core_bp=66 must be a positive multiple of bin_bp=4"),
        ({"stem_width": 4}, "stem_width=4 must be odd"),
        ({"windows": (8, 16)}, r"windows\[1\]=16 must be even and divide the 40 tokens"),
    ],
)
def test_numbers_that_do_not_fit_are_named(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tiny(**changes)


@pytest.mark.parametrize("preset", [small, paper])
def test_a_config_survives_json(preset: object) -> None:
    config = preset()  # type: ignore[operator]
    numbers = json.loads(json.dumps(asdict(config)))
    assert InterpreterConfig(**{name: tuple(v) if isinstance(v, list) else v for name, v in numbers.items()}) == config


@pytest.mark.parametrize(("preset", "tracks", "millions"), [(small, 20, 4.49), (paper, 5313, 57.34)])
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


@pytest.mark.parametrize("changes", [{}, PLAIN, {"wrap": "paper", "core_bp": 56, "context_bp": 12}])
def test_without_final_layers_a_bin_sees_what_its_blocks_reach(changes: dict[str, object]) -> None:
    """One attention window of 8 bins would be the whole tile; the windows of the last block are 8 tokens of 2 bp."""
    config = tiny(final_layers=0, **changes)
    model, seen = build(config), torch.zeros(config.geometry.input_bp)
    letters = torch.nn.functional.one_hot(dna(1, config).long().clamp(max=3), 4).float().requires_grad_()
    model.read = lambda tokens: letters  # type: ignore[method-assign]
    middle = config.geometry.input_bp // config.bin_bp // 2 - config.context_bp // config.bin_bp
    for seed in range(5):  # max-pooling passes the gradient of one token only
        torch.manual_seed(seed)
        for parameter in model.parameters():
            torch.nn.init.normal_(parameter, std=0.5)
        (seen_now,) = torch.autograd.grad(model(dna(1, config))[0, middle].sum(), letters)
        seen += seen_now[0].abs().sum(1)
    found = torch.nonzero(seen).flatten()
    assert int(found.max() - found.min()) + 1 == model.receptive_bp < config.geometry.input_bp
    assert build(tiny(**changes)).receptive_bp == config.geometry.input_bp
