"""What every architecture takes and gives: DNA as tokens or one-hot, the start of training, trunk and head."""

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from genint.models.base import ModelConfig, TrackModel
from genint.models.registry import build
from tests.conftest import tiny_config
from tests.models.test_cnn import tiny as tiny_cnn
from tests.models.test_enformer import tiny_enformer

TRACKS = 3
CONFIGS: dict[str, ModelConfig] = {
    "interpreter": tiny_config(),
    "attpool-cnn": tiny_cnn("attpool-cnn"),
    "enformer": tiny_enformer(),
}


def make(architecture: str, n_tracks: int = TRACKS, seed: int = 0) -> TrackModel:
    torch.manual_seed(seed)
    return build(architecture, CONFIGS[architecture], n_tracks).eval()


@pytest.fixture(params=CONFIGS)
def model(request: pytest.FixtureRequest) -> TrackModel:
    return make(request.param)


def dna(model: TrackModel, batch: int = 2) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randint(0, 5, (batch, model.geometry.input_bp), dtype=torch.uint8, generator=generator)


def test_forward_is_the_head_of_the_core_of_the_trunk_of_one_hot_dna(model: TrackModel) -> None:
    tokens, core = dna(model), model.geometry.core_bins
    context = model.geometry.context_bp // model.geometry.bin_bp
    with torch.no_grad():
        bins = model.trunk(model.one_hot(tokens))
        assert bins.shape[:2] == (2, model.geometry.input_bp // model.geometry.bin_bp)
        assert torch.equal(model(tokens), model.output_head(bins[:, context : context + core]))


def test_levels_are_tokens_from_bases_to_the_trunks_bins(model: TrackModel) -> None:
    one_hot = model.one_hot(dna(model))
    with torch.no_grad():
        levels, bins = model.levels(one_hot), model.trunk(one_hot)
    merges = model.config.bin_bp.bit_length() - 1
    assert [level.shape[1] for level in levels] == [model.geometry.input_bp >> number for number in range(merges + 1)]
    assert torch.equal(levels[-1], bins)


def test_levels_without_gradients_are_those_with_them(model: TrackModel) -> None:
    one_hot = model.one_hot(dna(model))
    with torch.no_grad():
        kept = model.levels(one_hot)
    for plain, with_gradients in zip(kept, model.levels(one_hot), strict=True):  # no memory of a level is used again
        torch.testing.assert_close(plain, with_gradients.detach(), rtol=1e-4, atol=1e-5)


def test_one_hot_dna_gives_what_its_tokens_give(model: TrackModel) -> None:
    tokens = dna(model)
    one_hot = nn.functional.one_hot(tokens.long(), 5)[:, :, :4]
    with torch.no_grad():
        for dtype in (torch.float32, torch.float64, torch.bfloat16):
            assert torch.equal(model(one_hot.to(dtype)), model(tokens))


@given(st.integers(0, 255))
def test_a_token_is_one_base_or_none(token: int) -> None:
    model = make("interpreter")
    row = model.one_hot(torch.full((1, model.geometry.input_bp), token, dtype=torch.uint8))[0, 0]
    assert row.tolist() == [float(token == code) for code in range(4)]


def test_an_unknown_base_is_not_like_a_base(model: TrackModel) -> None:
    tokens = dna(model)
    other, base = tokens.clone(), tokens.clone()
    other[tokens == 4], base[tokens == 4] = 9, 0
    for parameter in model.parameters():  # branches that start at zero must not hide a mistake
        if not parameter.any():
            nn.init.normal_(parameter, std=0.5)
    with torch.no_grad():
        assert torch.equal(model(tokens), model(other))
        assert not torch.allclose(model(tokens), model(base))


def test_gradients_reach_fractional_dna_and_agree_with_differences(model: TrackModel) -> None:
    model = model.double()
    one_hot = torch.rand(1, model.geometry.input_bp, 4, dtype=torch.float64) / 2
    bins = model.trunk(one_hot.requires_grad_())
    direction, total = torch.randn(bins.shape, dtype=torch.float64), 0.0
    (gradient,) = torch.autograd.grad((bins * direction).sum(), one_hot)
    change = torch.randn_like(one_hot)
    with torch.no_grad():
        for sign in (1, -1):
            total += sign * float((model.trunk(one_hot + sign * 1e-6 * change) * direction).sum())
    assert total / 2e-6 == pytest.approx(float((gradient * change).sum()), rel=1e-3)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (
            torch.zeros(1, 79, dtype=torch.uint8),
            r"uint8 of shape \(1, 79\), expected uint8 tokens \(batch, 2304\)",
        ),
        (torch.zeros(2304, dtype=torch.uint8), r"of shape \(2304,\)"),
        (torch.zeros(1, 2304, dtype=torch.int64), "torch.int64"),
        (torch.zeros(1, 2304), r"torch.float32 of shape \(1, 2304\)"),
        (torch.zeros(1, 4, 2304), r"of shape \(1, 4, 2304\), .* one-hot floats \(batch, 2304, 4\)"),
        (torch.zeros(1, 2304, 4, dtype=torch.uint8), r"torch.uint8 of shape \(1, 2304, 4\)"),
        (torch.full((1, 2304, 4), 1.5), "between 0 and 1"),
        (torch.full((1, 2304, 4), -0.1), "between 0 and 1"),
        (torch.full((1, 2304, 4), torch.nan), "between 0 and 1"),
        (torch.tensor(1.0), r"of shape \(\)"),
    ],
)
def test_dna_of_another_type_shape_or_value_is_refused(wrong: Tensor, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make("interpreter")(wrong)


def test_training_starts_from_the_means_of_the_tracks(model: TrackModel) -> None:
    means = torch.tensor([0.01, 1.0, 20_000.0])
    model.init_output_bias(means)
    with torch.no_grad():
        torch.testing.assert_close(nn.functional.softplus(model.head.bias), means)
    with pytest.raises(ValueError, match=r"means of shape \(2,\), expected \(3,\)"):
        model.init_output_bias(torch.ones(2))


@pytest.mark.parametrize("architecture", CONFIGS)
def test_a_trunk_goes_to_a_model_of_other_tracks_and_the_head_stays(architecture: str) -> None:
    source, model = make(architecture, n_tracks=5), make(architecture, seed=1)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    model.load_trunk(source.trunk_weights())
    trunk = source.trunk_weights()
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, trunk[name] if name in trunk else before[name])
    assert sorted(before.keys() - trunk.keys()) == ["head.bias", "head.weight"]
    one_hot = model.one_hot(dna(model))
    with torch.no_grad():
        assert torch.equal(model.trunk(one_hot), source.trunk(one_hot))


def test_a_frozen_trunk_leaves_the_linear_layer_per_track_to_learn(model: TrackModel) -> None:
    model.train().freeze_trunk()
    learning = [name for name, parameter in model.named_parameters() if parameter.requires_grad]
    assert sorted(learning) == ["head.bias", "head.weight"]
    assert not any(module.training for name, module in model.named_modules() if name != "head")


@pytest.mark.parametrize("n_tracks", [0, -1])
def test_a_model_without_tracks_is_refused(n_tracks: int) -> None:
    config: Any = tiny_config()
    with pytest.raises(ValueError, match=f"n_tracks={n_tracks} must be at least 1"):
        build("interpreter", config, n_tracks)
