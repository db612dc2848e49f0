"""Enformer's attention and positions against their definitions, and its configuration."""

import json
import math
from dataclasses import asdict, replace

import pytest
import torch

from genint.models.enformer import (
    EnformerConfig,
    EnformerLayer,
    RelativeAttention,
    by_column,
    distance_features,
    paper,
    small,
)

LENGTH, CHANNELS, HEADS, FEATURES = 12, 8, 2, 24


def tiny_enformer(**changes: object) -> EnformerConfig:
    """Three stages, bins of 8 bp, 256 bp of core and 64 bp of context on each side."""
    config = EnformerConfig(
        core_bp=256,
        context_bp=64,
        bin_bp=8,
        stem_width=5,
        channels=(6, 8, 8, 12),
        conv_width=3,
        residual_width=1,
        pooling="attention",
        norm="layer",
        dropout=0.1,
        layers=2,
        heads=2,
        key_width=4,
        features=12,
    )
    return replace(config, **changes)  # type: ignore[arg-type]


def attention() -> RelativeAttention:
    torch.manual_seed(0)
    layer = RelativeAttention(CHANNELS, heads=HEADS, key_width=6, features=distance_features(LENGTH, FEATURES))
    for parameter in layer.parameters():  # biases and the output start at zero and must not hide a mistake
        torch.nn.init.normal_(parameter, std=0.5)
    return layer


def test_attention_is_the_sum_over_all_tokens_that_its_docstring_defines() -> None:
    layer, x = attention(), torch.randn(1, LENGTH, CHANNELS)
    q, k, v = (project(x)[0].unflatten(1, (HEADS, -1)) for project in (layer.to_q, layer.to_k, layer.to_v))
    r = layer.to_distance(layer.features).unflatten(1, (HEADS, -1))
    rows = []
    for i in range(LENGTH):
        heads = []
        for head in range(HEADS):
            query = q[i, head] * 6**-0.5
            scores = [
                (query + layer.content_bias[head, 0]) @ k[j, head]
                + (query + layer.distance_bias[head, 0]) @ r[j - i + LENGTH - 1, head]
                for j in range(LENGTH)
            ]
            heads.append(torch.stack(scores).softmax(0) @ v[:, head])
        rows.append(torch.cat(heads))
    torch.testing.assert_close(layer(x)[0], layer.to_out(torch.stack(rows)))


def test_a_column_per_distance_becomes_a_column_per_token() -> None:
    by_distance = torch.arange(-3.0, 4.0).expand(2, 4, 7).contiguous()
    token = torch.arange(4.0)
    assert torch.equal(by_column(by_distance), (token[None, :] - token[:, None]).expand(2, -1, -1))


def test_features_are_decays_masks_and_gamma_densities_then_the_same_with_the_sign() -> None:
    features = distance_features(LENGTH, FEATURES)
    assert features.shape == (2 * LENGTH - 1, FEATURES)
    symmetric, signed = features.chunk(2, dim=1)
    assert torch.equal(symmetric, symmetric.flip(0))
    assert torch.equal(signed, -signed.flip(0))
    assert torch.equal(signed[LENGTH:], symmetric[LENGTH:])
    at_5 = symmetric[LENGTH - 1 + 5]
    torch.testing.assert_close(at_5[[0, 3]], torch.tensor([2 ** (-5 / 8), 2 ** (-5 / LENGTH)]))  # half-lives 8 .. 12
    assert at_5[4:8].tolist() == [0, 0, 1, 1]  # closer than 1, 3, 7, 15


def test_a_gamma_density_peaks_where_its_mode_is() -> None:
    densities = distance_features(400, 24)[399:, 8:12]
    torch.testing.assert_close(densities.amax(0), torch.ones(4))
    for column, mean in enumerate((100.0, 200.0, 300.0, 400.0)):
        mode = mean - 50**2 / mean  # of a gamma distribution with this mean and a deviation of 400 / (2 * 4)
        assert abs(int(densities[:, column].argmax()) - mode) <= 1


def test_enformer_pytorch_scales_the_densities_at_each_distance_instead() -> None:
    densities = distance_features(400, 24, gamma="pytorch")[399:, 8:12]
    torch.testing.assert_close(densities.amax(1), torch.ones(400))
    with pytest.raises(ValueError, match="gamma='both' is not one of tensorflow, pytorch"):
        distance_features(400, 24, gamma="both")  # type: ignore[arg-type]


def test_an_attention_layer_starts_as_what_it_was_given_and_the_feed_forward() -> None:
    layer = EnformerLayer(
        CHANNELS,
        RelativeAttention(CHANNELS, heads=HEADS, key_width=6, features=distance_features(LENGTH, FEATURES)),
        dropout=0.0,
    ).eval()
    x = torch.randn(1, LENGTH, CHANNELS)
    torch.testing.assert_close(layer(x), x + layer.contract(layer.expand(layer.norm(x)).relu()))


@pytest.mark.parametrize("preset", [small, paper])
def test_a_config_survives_json(preset: object) -> None:
    config = preset()  # type: ignore[operator]
    numbers = json.loads(json.dumps(asdict(config)))
    assert EnformerConfig(**{name: tuple(v) if isinstance(v, list) else v for name, v in numbers.items()}) == config


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"heads": 0}, "heads=0 must be at least 1"),
        ({"heads": 5}, r"channels\[-1\]=12 must be a multiple of heads=5"),
        ({"features": 16}, "features=16 must be a multiple of 6"),
    ],
)
def test_numbers_that_do_not_fit_are_named(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tiny_enformer(**changes)


def test_half_lives_reach_from_eight_tokens_to_the_length() -> None:
    decay = distance_features(1024, 24)[1023:, :4]
    halved = [int((column - 0.5).abs().argmin()) for column in decay.T]
    assert halved[0] == 8
    assert halved[-1] == 1023  # of 1024, the farthest there is
    assert math.isclose(halved[1] / halved[0], halved[2] / halved[1], rel_tol=0.1)
