import pytest
import torch
from torch import Tensor

from genint.training.losses import LOSSES, TOTAL_WEIGHT, poisson, poisson_multinomial


def mean(parts: tuple[Tensor, Tensor]) -> Tensor:
    return parts[0] / parts[1]


def test_the_poisson_loss_is_that_of_torch_where_everything_was_measured() -> None:
    predicted, target = torch.rand(2, 5, 3) + 0.1, torch.rand(2, 5, 3) * 4
    expected = torch.nn.functional.poisson_nll_loss(predicted, target, log_input=False, eps=1e-6)
    assert float(mean(poisson(predicted, target))) == pytest.approx(float(expected), rel=1e-5)


def test_the_poisson_multinomial_loss_is_its_formula_written_out() -> None:
    predicted, target = torch.rand(2, 5, 3) + 0.1, torch.rand(2, 5, 3) * 4
    expected = 0.0
    for window in range(2):
        for track in range(3):
            y, p = target[window, :, track], predicted[window, :, track]
            expected += float(TOTAL_WEIGHT * (p.sum() - y.sum() * torch.log(p.sum())))
            expected -= sum(float(y[i] * torch.log(p[i] / p.sum())) for i in range(5))
    total, count = poisson_multinomial(predicted, target)
    assert float(total) == pytest.approx(expected, rel=1e-4)
    assert count == 30


@pytest.mark.parametrize("name", LOSSES)
def test_what_was_not_measured_has_no_say_in_loss_and_gradient(name: str) -> None:
    predicted = torch.rand(1, 4, 2, requires_grad=True)
    target = torch.rand(1, 4, 2)
    target[0, 1, 0] = float("nan")
    total, count = LOSSES[name](predicted, target)
    total.backward()
    assert count == 7
    assert predicted.grad is not None
    assert predicted.grad[0, 1, 0] == 0
    assert (predicted.grad != 0).sum() == 7
    with torch.no_grad():
        other = predicted.detach().clone()
        other[0, 1, 0] = 99.0
        assert LOSSES[name](other, target)[0] == pytest.approx(float(total), rel=1e-6)


@pytest.mark.parametrize("name", LOSSES)
def test_a_batch_without_a_measurement_costs_nothing(name: str) -> None:
    total, count = LOSSES[name](torch.ones(1, 2, 2), torch.full((1, 2, 2), float("nan")))
    assert total == 0
    assert count == 0


@pytest.mark.parametrize("name", LOSSES)
def test_the_loss_is_least_where_the_prediction_is_the_target(name: str) -> None:
    target = torch.tensor([1.0, 2.0, 3.0]).reshape(1, 3, 1)
    losses = [float(LOSSES[name](target * scale, target)[0]) for scale in (0.5, 0.9, 1.0, 1.1, 2.0)]
    assert min(losses) == losses[2]
    flat = torch.full((1, 3, 1), 2.0)
    assert LOSSES[name](flat, target)[0] > LOSSES[name](target, target)[0]


@pytest.mark.parametrize("name", LOSSES)
def test_a_weighted_loss_is_the_weighted_sum_of_the_losses_of_single_tracks(name: str) -> None:
    predicted, target, weights = torch.rand(2, 5, 3) + 0.1, torch.rand(2, 5, 3), torch.tensor([0.5, 0.0, 3.0])
    target[0, :2] = float("nan")
    total, count = LOSSES[name](predicted, target, weights)
    alone = [LOSSES[name](predicted[..., [track]], target[..., [track]])[0] for track in range(3)]
    assert float(total) == pytest.approx(float(sum(w * loss for w, loss in zip(weights, alone, strict=True))), rel=1e-5)
    assert count == 24
