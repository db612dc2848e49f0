"""Facts about models: of presets and of folders, without a forward pass of real numbers."""

import json
from pathlib import Path

import pytest

from genint.errors import InputError
from genint.models.base import count_parameters
from genint.models.cost import flops_per_tile
from genint.models.describe import describe, describe_training_step
from genint.models.folder import load_model
from genint.models.registry import build
from genint.training.losses import poisson
from tests.conftest import save_copy, tiny_config


def test_a_folder_is_described_as_the_model_in_it_is(tiny_model: Path) -> None:
    facts, model = describe(str(tiny_model), 99), load_model(tiny_model)
    assert facts["name"] == "tiny"
    assert facts["tracks"] == 7  # its own, whatever the number for presets
    assert facts["parameters"] == count_parameters(model.module.requires_grad_(True))
    assert facts["gflop_per_tile"] == pytest.approx(flops_per_tile(model.module) / 1e9, abs=2e-3)
    assert (facts["input_bp"], facts["core_bp"], facts["bin_bp"]) == (2_304, 2_048, 128)
    assert facts["bins_per_tile"] * facts["bin_bp"] == facts["core_bp"]
    assert facts["assembly"] == "genome"


@pytest.mark.parametrize("tracks", [1, 20])
def test_a_preset_has_as_many_tracks_as_requested(tracks: int) -> None:
    facts = describe("interpreter:small", tracks)
    bins = facts["config"]["bin_channels"]
    assert facts["parameters"] == describe("interpreter:small", 3)["parameters"] + (tracks - 3) * (bins + 1)


def test_facts_are_json(tiny_model: Path) -> None:
    facts = describe(str(tiny_model), 7)
    assert json.loads(json.dumps(facts, allow_nan=False))["architecture"] == "interpreter"


def test_a_step_on_twice_the_windows_takes_twice_the_operations(tiny_model: Path, tmp_path: Path) -> None:
    source = load_model(tiny_model)
    module = build("interpreter", tiny_config(block={"heads": 0, "hidden": 0}), len(source.tracks))  # few layers: fast
    folder = save_copy(tmp_path / "model", source, module=module)
    one, two = (describe_training_step(str(folder), 7, windows, poisson) for windows in (1, 2))
    assert two["gflop"] == pytest.approx(2 * one["gflop"], rel=0.05)
    assert two["state_mb"] == one["state_mb"]


@pytest.mark.parametrize(
    ("model", "message"),
    [("interpreter:huge", "no such preset. interpreter has small, plain, paper"), ("nobody", "no such model folder")],
)
def test_what_is_no_model_is_named(model: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        describe(model, 7)
