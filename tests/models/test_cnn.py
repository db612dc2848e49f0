"""The convolutional systems: what they see, that they pool as they say, and that they compare fairly."""

import json
from dataclasses import asdict, replace

import pytest
import torch
from torch import Tensor, nn

from genint.models.base import ModelConfig, TrackModel
from genint.models.cnn import SYSTEMS, Cnn, CnnConfig, System, paper, small
from genint.models.describe import describe
from genint.models.registry import ARCHITECTURES, build
from tests.models.test_enformer import tiny_enformer

TRACKS = 3


def tiny(system: str = "maxpool-cnn", **changes: object) -> CnnConfig:
    """Three stages, bins of 8 bp, 256 bp of core and 64 bp of context on each side."""
    config = CnnConfig(
        core_bp=256,
        context_bp=64,
        bin_bp=8,
        stem_width=5,
        channels=(6, 8, 8, 10),
        conv_width=3,
        residual_width=1,
        pooling=SYSTEMS[system].pooling,
        norm="layer",
        dropout=0.1,
        final_width=3,
        final_hidden=12,
        final_dilations=(1, 2, 4) if SYSTEMS[system].dilated else (1, 1),
    )
    return replace(config, **changes)  # type: ignore[arg-type]


SMALL_PARTS = {"norm": "standardized", "residual_width": 0}
CONFIGS: dict[str, tuple[str, ModelConfig]] = {
    **{name: (name, tiny(name)) for name in SYSTEMS},
    **{f"{name}, standardized": (name, tiny(name, **SMALL_PARTS)) for name in SYSTEMS},
    "enformer": ("enformer", tiny_enformer()),
    "enformer, standardized": ("enformer", tiny_enformer(**SMALL_PARTS)),
}


@pytest.fixture(params=CONFIGS)
def model(request: pytest.FixtureRequest) -> TrackModel:
    torch.manual_seed(0)
    architecture, config = CONFIGS[request.param]
    return build(architecture, config, TRACKS).eval()


def dna(batch: int, model: TrackModel) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randint(0, 5, (batch, model.geometry.input_bp), dtype=torch.uint8, generator=generator)


def wake(model: nn.Module) -> None:
    """Branches that start at zero must not hide a mistake."""
    for parameter in model.parameters():
        if not parameter.any():
            nn.init.normal_(parameter, std=0.5)


def bases_seen(model: TrackModel, position: int) -> list[int]:
    """The bases that change bin `position` of the prediction, read off the gradient of one-hot DNA."""
    one_hot = nn.functional.one_hot(dna(1, model).long().clamp(max=3), 4).float().requires_grad_()
    model(one_hot)[0, position].sum().backward()
    assert one_hot.grad is not None
    return torch.nonzero(one_hot.grad[0].abs().sum(1)).flatten().tolist()


def test_one_value_per_bin_and_track_and_none_negative(model: TrackModel) -> None:
    prediction = model(dna(2, model))
    assert prediction.shape == (2, model.geometry.core_bins, TRACKS)
    assert prediction.dtype == torch.float32
    assert (prediction >= 0).all()


def test_a_bin_sees_as_many_bases_as_its_receptive_field_says(model: TrackModel) -> None:
    """Max-pooling passes the gradient of one token only, so the bins of a few random models are put together."""
    wake(model)
    middle, seen = model.geometry.core_bins // 2, set()
    for seed in range(20):
        torch.manual_seed(seed)
        for layer in model.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.normal_(layer.weight)
        seen |= set(bases_seen(model, middle))
    assert max(seen) - min(seen) + 1 == model.receptive_field_bp


def test_every_parameter_gets_a_gradient(model: TrackModel) -> None:
    wake(model)
    model.train()(dna(2, model)).log().sum().backward()
    assert not [name for name, parameter in model.named_parameters() if parameter.grad is None]


def test_the_other_windows_of_a_batch_do_not_matter(model: TrackModel) -> None:
    wake(model)
    tokens = dna(4, model)
    with torch.no_grad():
        torch.testing.assert_close(model(tokens)[2:3], model(tokens[2:3]), atol=1e-6, rtol=1e-5)


def test_bfloat16_is_close_to_float32(model: TrackModel) -> None:
    tokens = dna(4, model)
    with torch.no_grad():
        exact = model(tokens)
        with torch.autocast("cpu", torch.bfloat16):
            rough = model(tokens)
    assert rough.dtype == torch.float32
    assert (rough - exact).abs().max() < 0.05 * exact.abs().max()


def test_a_few_steps_lower_the_loss(model: TrackModel) -> None:
    torch.manual_seed(0)
    tokens, targets = dna(4, model), torch.rand(4, model.geometry.core_bins, TRACKS)
    optimizer, losses = torch.optim.Adam(model.parameters(), 1e-2), []
    for _ in range(8):
        loss = nn.functional.poisson_nll_loss(model(tokens), targets, log_input=False)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]


@pytest.mark.parametrize(("preset", "tracks"), [("small", 20), ("paper", 5_313)])
@pytest.mark.parametrize("architecture", [*SYSTEMS, "enformer"])
def test_a_preset_has_the_interpreters_parameters_and_geometry(architecture: str, preset: str, tracks: int) -> None:
    ours, theirs = describe(f"interpreter:{preset}", tracks), describe(f"{architecture}:{preset}", tracks)
    assert theirs["parameters"] == pytest.approx(ours["parameters"], rel=0.11)
    assert theirs["input_bp"] == 17_408
    assert (theirs["bins_per_tile"], theirs["bin_bp"]) == (128, 128)
    assert theirs["gflop_per_tile"] < 1.11 * ours["gflop_per_tile"]


def test_dilation_is_what_lets_attpooldilate_see_further() -> None:
    reach = {name: describe(f"{name}:small", 20)["receptive_field_bp"] for name in [*SYSTEMS, "enformer"]}
    assert reach["maxpool-cnn"] == reach["attpool-cnn"] < reach["attpool-dilate"] < reach["enformer"] == 17_408


@pytest.mark.parametrize("preset", [small, paper])
@pytest.mark.parametrize("system", SYSTEMS.values())
def test_a_config_survives_json(preset: object, system: System) -> None:
    config = preset(system)  # type: ignore[operator]
    numbers = json.loads(json.dumps(asdict(config)))
    assert CnnConfig(**{name: tuple(v) if isinstance(v, list) else v for name, v in numbers.items()}) == config


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"pooling": "mean"}, "pooling='mean' is not one of max, attention"),
        ({"norm": "batch"}, "norm='batch' is not one of layer, standardized"),
        ({"channels": (8, 12)}, "make 1 stages, bin_bp=8 needs"),
        ({"stem_width": 4}, "stem_width=4 must be odd"),
        ({"conv_width": 2}, "conv_width=2 must be odd"),
        ({"residual_width": 2}, "residual_width=2 must be odd"),
        ({"final_width": 2}, "final_width=2 must be odd"),
        ({"context_bp": 6}, "context_bp=6 must be a multiple of bin_bp=8"),
    ],
)
def test_numbers_that_do_not_fit_are_named(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        tiny(**changes)


def test_a_system_by_name_has_the_pooling_and_dilation_of_its_name() -> None:
    for name, system in SYSTEMS.items():
        config = ARCHITECTURES[name].presets["small"]()
        assert isinstance(config, CnnConfig)
        assert (config.pooling, len(set(config.final_dilations)) > 1) == system
        assert isinstance(build(name, tiny(name), 1), Cnn)
