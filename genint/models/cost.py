"""What a model costs in operations and memory, counted from shapes: nothing is computed and no device is needed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from genint.models.base import TrackModel, count_parameters

# (B, bins, T) predictions and targets -> the sum of the loss, and over how many values
Loss = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]
_COUNTED = SDPBackend.MATH  # attention as matrix products: the counter does not know the fused kernel of CPUs


@dataclass(frozen=True, kw_only=True)
class TrainingStep:
    """One step on `windows` windows: forward, loss, backward. Memory in units of 10^6 bytes.

    `gflop` is for all windows together. `state_mb` is held all through the run, in float32: weights, their gradients,
    AdamW's two moments, the moving average. `saved_mb` is what the forward pass keeps for the backward, with everything
    in float32, and `saved_bfloat16_mb` with bfloat16 autocast. Attention is counted as CPUs train it, with its weights
    kept; fused attention of a GPU keeps less.
    """

    windows: int
    gflop: float
    state_mb: float
    saved_mb: float
    saved_bfloat16_mb: float


def flops_per_tile(model: TrackModel) -> int:
    """Floating-point operations of matrix products and convolutions for one tile, a multiply-add counted as two.

    The model is run once, on the device it is on.
    """
    tokens = torch.zeros(1, model.geometry.input_bp, dtype=torch.uint8, device=model.base_codes.device)
    training = model.training
    model.eval()
    with FlopCounterMode(display=False) as counter, torch.no_grad(), sdpa_kernel(_COUNTED):
        model(tokens)
    model.train(training)
    return int(counter.get_total_flops())


def training_step(make: Callable[[], TrackModel], windows: int, loss: Loss) -> TrainingStep:
    """Count a training step of the model that `make` builds; it is built of tensors that have shapes and no memory."""
    with FakeTensorMode():
        model = make().train()
        flops, saved = _step(model, windows, loss, torch.float32)
        _, saved_bfloat16 = _step(model, windows, loss, torch.bfloat16)
    return TrainingStep(
        windows=windows,
        gflop=flops / 1e9,
        state_mb=5 * 4 * count_parameters(model) / 1e6,
        saved_mb=saved / 1e6,
        saved_bfloat16_mb=saved_bfloat16 / 1e6,
    )


def _step(model: TrackModel, windows: int, loss: Loss, dtype: torch.dtype) -> tuple[int, int]:
    """Operations of a step, and bytes that its forward pass keeps."""
    geometry = model.geometry
    tokens = torch.zeros(windows, geometry.input_bp, dtype=torch.uint8)
    targets = torch.zeros(windows, geometry.core_bins, model.n_tracks)
    own = {tensor.untyped_storage()._cdata for tensor in [*model.parameters(), *model.buffers()]}
    saved: dict[int, Tensor] = {}  # by storage, as views share theirs; holding the tensors keeps the ids apart

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()._cdata
        if storage not in own:
            saved[storage] = tensor
        return tensor

    counter = FlopCounterMode(
        display=False, custom_mapping={torch.ops.aten.convolution_backward: _convolution_backward}
    )
    with counter:
        with (
            torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor),
            torch.autocast("cpu", dtype, enabled=dtype != torch.float32),
            sdpa_kernel(_COUNTED),
        ):
            total, count = loss(model(tokens), targets)
            mean = total / count
        mean.backward()  # type: ignore[no-untyped-call]
    return int(counter.get_total_flops()), sum(tensor.untyped_storage().nbytes() for tensor in saved.values())


def _convolution_backward(gradient: torch.Size, x: torch.Size, weight: torch.Size, *others: Any, **_: Any) -> int:
    """Operations of a convolution's gradients; PyTorch's own formula counts grouped ones as if they were dense.

    Each gradient that is requested, of the input and of the weights, takes as many as the forward pass.
    """
    of_input, of_weights, _of_bias = others[-1]
    return int(2 * gradient.numel() * weight[1:].numel() * (of_input + of_weights))
