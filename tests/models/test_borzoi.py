"""Borzoi and Flashzoi against a reference of their own, layer by layer in float64 and as a whole, at random weights."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from genint.models.base import count_parameters
from genint.models.borzoi import Borzoi, BorzoiConfig, flashzoi, gelu, nearness_features
from genint.models.borzoi_names import source_names
from genint.models.borzoi_weights import DEFAULTS, borzoi_config
from genint.models.published import Source, rename_tensors
from genint.models.registry import build
from tests.models import borzoi_reference as reference

TOKENS, KEPT = 12, 40  # tokens of the Transformer; bins kept of 48
CHANNELS = {"distance": reference.SMALL, "rotary": (*reference.SMALL[:-1], 288)}  # 144 channels a head, 128 rotate


def pair(positions: str, dtype: torch.dtype) -> tuple[reference.Tensors, Borzoi]:
    """Published tensors and our model of them."""
    channels = CHANNELS[positions]
    weights = reference.made_up(reference.shapes(channels, flashed=positions == "rotary", human=7, mouse=3))
    numbers = {"dim": channels[-1], "depth": 2, "heads": 2, "attn_dim_key": 5, "attn_dim_value": channels[-1] // 2}
    numbers |= {"bins_to_return": KEPT, "flashed": positions == "rotary"}
    source = Source(DEFAULTS | numbers, weights, Path("model.safetensors"))
    config = borzoi_config(source, input_bp=128 * TOKENS)
    ours = Borzoi(config, 7)
    names = source_names(ours.state_dict(), config, "human")
    ours.load_state_dict(
        rename_tensors(source, names, ours.state_dict(), model="Borzoi", other_heads=r"(human|mouse)_head\.")
    )
    return {name: x.to(dtype) if x.is_floating_point() else x for name, x in weights.items()}, ours.to(dtype).eval()


def dna(dtype: torch.dtype = torch.float32) -> Tensor:
    """One-hot DNA (2, L, 4) with some unknown bases."""
    tokens = torch.randint(0, 4, (2, 128 * TOKENS), generator=torch.Generator().manual_seed(1))
    one_hot = torch.nn.functional.one_hot(tokens, 4).to(dtype)
    one_hot[:, 100:200] = 0
    return one_hot


def relative_error(ours: Tensor, theirs: Tensor) -> float:
    assert ours.shape == theirs.shape
    return float((ours - theirs).norm() / theirs.norm())


@pytest.mark.parametrize("positions", ["distance", "rotary"])
def test_every_layer_gives_what_the_reference_does_in_float64(positions: str) -> None:
    weights, ours = pair(positions, torch.float64)
    parts: dict[str, nn.Module] = {"stem": ours.stem, **{f"tower {i}": part for i, part in enumerate(ours.tower)}}
    parts |= {f"layer {i}": part for i, part in enumerate(ours.layers)}
    parts |= {f"up {1 - i}": part for i, part in enumerate(ours.up)}
    found: dict[str, Tensor] = {}
    for name, part in parts.items():
        part.register_forward_hook(lambda _, __, output, name=name: found.update({name: output}))
    with torch.no_grad():
        found["wide"] = gelu(ours.wide(ours.trunk(dna(torch.float64))))
    found["stem"] = found["stem"].squeeze(2).mT  # (B, C, 1, L) -> (B, L, C)
    expected = dict(reference.layers(weights, dna(torch.float64).mT, heads=2, depth=2))
    assert found.keys() == expected.keys()
    errors = {name: relative_error(found[name], expected[name].mT) for name in expected}
    assert max(errors.values()) < 1e-12, errors


@pytest.mark.parametrize("positions", ["distance", "rotary"])
def test_the_prediction_is_the_reference_s(positions: str) -> None:
    weights, ours = pair(positions, torch.float32)
    with torch.no_grad():
        found, expected = ours(dna()), reference.predict(weights, dna().mT, heads=2, depth=2, keep=KEPT)
    assert relative_error(found, expected.mT) < 1e-5
    assert float(expected.std(-1).min()) > 0  # it depends on the DNA


def test_tokens_are_told_apart_by_where_they_are() -> None:
    for positions in ("distance", "rotary"):
        _, ours = pair(positions, torch.float64)
        x = torch.randn(1, TOKENS, CHANNELS[positions][-1], dtype=torch.float64)
        attention = ours.layers[0].attention
        assert isinstance(attention, nn.Module)
        with torch.no_grad():
            assert relative_error(attention(x), attention(x.flip(1)).flip(1)) > 1e-2, positions


def test_the_published_shapes_are_the_defaults() -> None:
    for config, flashed in ((BorzoiConfig(), False), (flashzoi(), True)):
        assert (config.geometry.input_bp, config.geometry.core_bins, config.tokens) == (524_288, 6_144, 4_096)
        with torch.device("meta"):
            ours = build("borzoi", config, 7_611)
        theirs = reference.shapes(
            reference.PUBLISHED, wide=1920, depth=8, heads=8, key=64, flashed=flashed, human=7_611
        )
        found = {name: tuple(tensor.shape) for name, tensor in ours.state_dict().items()}
        names = source_names(found, config, "human")
        assert sorted(names.values()) == sorted(theirs)
        for name, shape in found.items():
            assert [n for n in shape if n > 1] == [n for n in theirs[names[name]] if n > 1]
    assert 170e6 < count_parameters(ours) < 200e6


def test_nearness_reaches_farther_feature_by_feature() -> None:
    features = nearness_features(length=50, features=8, reach=40)
    assert features.shape == (99, 8)
    assert features[49].tolist() == [1, 1, 1, 1, 0, 0, 0, 0]
    assert torch.equal(features[:, :4], features[:, :4].flip(0))
    assert torch.equal(features[:, 4:], -features[:, 4:].flip(0))
    assert features[49:, :4].sum(0).tolist() == [2, 6, 16, 40]  # 41 ** (i / 4) - 1 is 1.5, 5.4, 15.2, 40


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"bin_bp": 64}, "7 channels do not fit bin_bp=64"),
    ({"core_bp": 32}, "must be a multiple of 128"),
    ({"heads": 7}, "must be a multiple of heads=7"),
    ({"features": 3}, "features of 2"),
    ({"wide": 0}, "wide=0 must be at least 1"),
    ({"positions": "none"}, "positions='none' is not one of distance, rotary"),
    ({"positions": "rotary", "rotary_width": 194}, "an even rotary_width of at most 192"),
    ({"positions": "rotary", "heads": 1}, "an even number of heads"),
]


@pytest.mark.parametrize(("changes", "message"), WRONG)
def test_numbers_that_do_not_fit_are_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        BorzoiConfig(**changes)
