"""What heads are worth: nothing where they add nothing, and the model stays as it was."""

import pytest
import torch

from genint.interpretation.attention.maps import attending_steps
from genint.interpretation.attention.worth import measure_worth, predictions_without
from genint.models.interpreter import GenomicInterpreter, without_attention
from tests.interpretation.attention.test_maps import KINDS, build, some_dna


@pytest.mark.parametrize("block", KINDS)
def test_the_model_is_left_as_it_was_and_all_off_is_a_model_without_attention(block: dict[str, object]) -> None:
    module = build(block)
    dna, before = some_dna(module), {name: tensor.clone() for name, tensor in module.state_dict().items()}
    runs = list(predictions_without(module, dna))
    assert all(torch.equal(tensor, before[name]) for name, tensor in module.state_dict().items())
    bare = GenomicInterpreter(without_attention(module.config), 3).eval()
    bare.load_state_dict({name: before[name] for name in bare.state_dict()})
    with torch.no_grad():
        torch.testing.assert_close(torch.tensor(runs[0][1]), module(dna)[0], rtol=1e-5, atol=1e-6)
        torch.testing.assert_close(torch.tensor(runs[-1][1]), bare(dna)[0], rtol=1e-5, atol=1e-6)


def test_a_head_that_adds_nothing_is_worth_nothing_and_one_that_does_is_worth_something() -> None:
    module = build({"heads": 2})
    attention = attending_steps(module)[0][2]
    attention.to_out.weight.data[:, : attention.head_width] = 0
    table = measure_worth(module, [(some_dna(module), slice(0, 16))])
    assert table.loc[0, "change"] == pytest.approx(0, abs=1e-6)
    assert table.loc[0, "r"] == pytest.approx(1)
    assert table.loc[1, "change"] > 1e-5
    assert len(table) == 14 * 3 + 2 + 1
    assert tuple(table.iloc[-1][["layer", "head"]]) == ("all", "all")


def test_a_failure_inside_restores_the_weights() -> None:
    module = build({})
    before = attending_steps(module)[0][2].to_out.weight.clone()
    runs = predictions_without(module, some_dna(module))
    next(runs), next(runs)
    runs.close()
    assert torch.equal(attending_steps(module)[0][2].to_out.weight, before)


def test_the_table_of_two_loci_is_that_of_their_bins_together() -> None:
    module, dna = build({}), some_dna(build({}))
    halves = measure_worth(module, [(dna, slice(0, 8)), (dna, slice(8, 16))])
    whole = measure_worth(module, [(dna, slice(0, 16))])
    assert halves.change.tolist() == pytest.approx(whole.change.tolist(), rel=1e-6)
    assert halves.r.tolist() == pytest.approx(whole.r.tolist(), rel=1e-6)
