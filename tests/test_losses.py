import pytest
import torch

from genint.losses import poisson


def test_the_poisson_loss_is_that_of_torch_where_everything_was_measured() -> None:
    predicted, target = torch.rand(2, 5, 3) + 0.1, torch.rand(2, 5, 3) * 4
    expected = torch.nn.functional.poisson_nll_loss(predicted, target, log_input=False, eps=1e-6)
    assert poisson(predicted, target) == pytest.approx(float(expected), rel=1e-5)


def test_what_was_not_measured_has_no_say_in_loss_and_gradient() -> None:
    predicted = torch.rand(1, 4, 2, requires_grad=True)
    target = torch.rand(1, 4, 2)
    target[0, 1, 0] = float("nan")
    loss = poisson(predicted, target)
    loss.backward()
    assert torch.isfinite(loss)
    assert predicted.grad is not None
    assert predicted.grad[0, 1, 0] == 0
    assert (predicted.grad != 0).sum() == 7
    measured = ~torch.isnan(target)
    assert loss.item() == pytest.approx(poisson(predicted[measured], target[measured]).item(), rel=1e-6)


def test_a_batch_without_a_measurement_costs_nothing() -> None:
    assert poisson(torch.ones(1, 2, 2), torch.full((1, 2, 2), float("nan"))) == 0


def test_the_loss_is_least_where_the_prediction_is_the_target() -> None:
    target = torch.full((1, 1, 1), 2.0)
    losses = [float(poisson(torch.full((1, 1, 1), value), target)) for value in (1.0, 1.9, 2.0, 2.1, 4.0)]
    assert min(losses) == losses[2]
