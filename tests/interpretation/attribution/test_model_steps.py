import pytest
import torch

from genint.interpretation.attribution.model_steps import list_steps
from genint.interpretation.attribution.steps import Span
from tests.interpretation.attribution.toys import MODELS, make, random_dna


@pytest.mark.parametrize("name", MODELS)
@torch.inference_mode()
def test_the_steps_of_a_model_are_its_trunk(name: str) -> None:
    module = make(name)
    x = one_hot = module.one_hot(random_dna(module))
    for step in list_steps(module) or []:
        whole = Span(0, x.shape[1])
        x = step.run(x, whole, step.changes(whole, x.shape[1]), x.shape[1])
    torch.testing.assert_close(x, module.trunk(one_hot.clone()))
