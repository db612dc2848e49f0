"""What a model costs: the counts agree with what really runs, and nothing has to run for them."""

from collections.abc import Callable
from functools import partial

import pytest
import torch
from torch import Tensor

from genint.models.base import ModelConfig, TrackModel, count_parameters
from genint.models.cost import TrainingStep, flops_per_tile, training_step
from genint.models.registry import build
from genint.training.losses import poisson
from tests.conftest import tiny_config
from tests.models.test_enformer import tiny_enformer

TRACKS = 3
CONFIGS: dict[str, tuple[str, ModelConfig]] = {
    "interpreter": ("interpreter", tiny_config(final={"dropout": 0.1})),
    "no attention": ("interpreter", tiny_config(block={"heads": 0}, final={"heads": 0})),
    "depthwise": (
        "interpreter",
        tiny_config(
            block={"feed_forward": "depthwise", "positions": "basis", "merge": "linear"}, final={"positions": "basis"}
        ),
    ),
    "enformer": ("enformer", tiny_enformer()),
}


@pytest.fixture(scope="module", params=CONFIGS)
def make(request: pytest.FixtureRequest) -> Callable[[], TrackModel]:
    architecture, config = CONFIGS[request.param]
    return partial(build, architecture, config, TRACKS)


@pytest.fixture(scope="module")
def step(make: Callable[[], TrackModel]) -> TrainingStep:
    """Of four windows."""
    return training_step(make, 4, poisson)


def saved_by(model: TrackModel, windows: int, dtype: torch.dtype) -> int:
    """Bytes that a real forward pass keeps for the backward, besides the weights."""
    geometry = model.geometry
    saved: list[Tensor] = []
    with (
        torch.autograd.graph.saved_tensors_hooks(lambda tensor: saved.append(tensor) or tensor, lambda tensor: tensor),
        torch.autocast("cpu", dtype, enabled=dtype != torch.float32),
    ):
        predicted = model(torch.zeros(windows, geometry.input_bp, dtype=torch.uint8))
        loss, _ = poisson(predicted, torch.zeros(windows, geometry.core_bins, TRACKS))
    assert loss.requires_grad
    weights = {tensor.data_ptr() for tensor in [*model.parameters(), *model.buffers()]}
    storages = {tensor.untyped_storage().data_ptr(): tensor.untyped_storage().nbytes() for tensor in saved}
    return sum(size for place, size in storages.items() if place not in weights)


def test_flops_count_the_matrix_products_and_leave_the_model_as_it_was(make: Callable[[], TrackModel]) -> None:
    model = make().train()
    assert flops_per_tile(model) > 2 * model.geometry.core_bins * model.head.in_features * TRACKS  # more than the head
    assert model.training


def test_a_step_is_three_forward_passes_but_for_the_gradient_of_the_dna(
    make: Callable[[], TrackModel], step: TrainingStep
) -> None:
    """Also where convolutions are grouped, whose backward pass PyTorch counts as if they were dense."""
    with torch.device("meta"):  # the way that training goes: a CPU without gradients saves some products
        forward = 4 * flops_per_tile(make()) / 1e9
    assert 2.5 * forward < step.gflop <= 3 * forward


def test_memory_is_what_a_real_step_keeps(make: Callable[[], TrackModel], step: TrainingStep) -> None:
    model = make().train()
    assert step.saved_mb == pytest.approx(saved_by(model, 4, torch.float32) / 1e6, rel=0.01)
    # CPUs keep the means of a LayerNorm in float32, its shape function says bfloat16: much in models so narrow.
    assert step.saved_bfloat16_mb == pytest.approx(saved_by(model, 4, torch.bfloat16) / 1e6, rel=0.1)
    assert step.state_mb == pytest.approx(20 * count_parameters(model) / 1e6, abs=0.1)
