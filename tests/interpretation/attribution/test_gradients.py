import pytest
import torch

from genint.errors import InputError
from genint.interpretation.attribution.gradients import gradient, integrated_gradient, remove_off_simplex
from genint.interpretation.attribution.target import Target
from genint.prediction.workers import Halt, Stopped
from tests.interpretation.attribution.toys import MODELS, make, random_dna

TARGET = Target(slice(1, 6), (0, 1))


@pytest.mark.parametrize("name", MODELS)
def test_gradients_are_those_of_finite_differences(name: str) -> None:
    module = make(name)
    torch.manual_seed(1)
    dna = 0.2 + 0.6 * torch.rand(1, module.geometry.input_bp, 4)
    score, gradients = gradient(module, dna, TARGET)
    torch.testing.assert_close(score, TARGET.score(module, dna))
    direction = torch.randn_like(dna)
    step = 2e-4
    ahead, behind = (TARGET.score(module, dna + sign * step * direction) for sign in (1, -1))
    slope = (ahead - behind) / (2 * step)
    expected = (gradients * direction).sum((1, 2)).double()
    torch.testing.assert_close(slope, expected, rtol=0.03, atol=2e-3)


def test_the_gradient_of_one_window_does_not_depend_on_another() -> None:
    module = make("interpreter")
    windows = module.one_hot(torch.cat([random_dna(module, seed) for seed in (1, 2)]))
    scores, gradients = gradient(module, windows, TARGET)
    for k in (0, 1):
        score, alone = gradient(module, windows[k : k + 1], TARGET)
        torch.testing.assert_close(scores[k : k + 1], score, rtol=1e-5, atol=0)
        # A batch of another size is summed in another order, so small gradients keep the rounding of the largest.
        torch.testing.assert_close(gradients[k : k + 1], alone, rtol=1e-4, atol=1e-4 * float(alone.abs().max()))


def test_no_point_of_a_path_is_computed_once_it_is_halted() -> None:
    module, halt = make("cnn"), Halt()
    halt.set()
    with pytest.raises(Stopped):
        integrated_gradient(module, module.one_hot(random_dna(module)), TARGET, halt=halt)


@pytest.mark.parametrize("name", ["interpreter, early blocks without attention", "enformer"])
def test_integrated_gradients_are_complete(name: str) -> None:
    module = make(name)
    one_hot = module.one_hot(random_dna(module, unknown=5))
    start = one_hot.sum(-1, keepdim=True).expand_as(one_hot) / 4
    mean = integrated_gradient(module, one_hot, TARGET, steps=96)
    contributions = (remove_off_simplex(mean) * one_hot).sum()
    expected = TARGET.score(module, one_hot) - TARGET.score(module, start)
    assert abs(float(expected)) > 1e-4
    torch.testing.assert_close(contributions.double(), expected.squeeze(), rtol=0.02, atol=1e-5)


def test_without_captum_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "captum", None)
    module = make("cnn")
    with pytest.raises(InputError, match="pip install"):
        integrated_gradient(module, module.one_hot(random_dna(module)), TARGET)


def test_a_change_off_the_simplex_is_no_change() -> None:
    torch.manual_seed(0)
    gradients = torch.randn(2, 7, 4)
    corrected = remove_off_simplex(gradients)
    torch.testing.assert_close(corrected.sum(-1), torch.zeros(2, 7), atol=1e-6, rtol=0)
    torch.testing.assert_close(corrected[..., :1] - corrected, gradients[..., :1] - gradients)
