"""Flow through a model of 64 bp, against another library's, with bounds and conservation."""

from typing import get_args

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse.csgraph import maximum_flow

from genint.choices import Convolutions, RolloutMethod
from genint.errors import InputError
from genint.genome.grid import Geometry
from genint.genome.region import Region
from genint.interpretation.sources.flow import WHOLE, FlowNetwork, bin_flow, interval_flow
from genint.interpretation.sources.operators import Operator, model_operators
from genint.interpretation.sources.sparse_rows import pair_rows, window_rows
from genint.models.folder import Model
from tests.interpretation.sources.small_windows import config_of_64, model_of, random_dna


@pytest.fixture(scope="module")
def model() -> Model:
    return model_of(config_of_64())


def published_flow(operators: list[Operator], node_bp: int, bins: list[int], ends: list[int]) -> float:
    """The flow as networkx finds it in a graph made step by step, in fractions, with one unit out of every bin."""
    graph = nx.DiGraph()
    for level, operator in enumerate(reversed(operators)):
        (after, before) = (64 // tokens for tokens in operator.matrix.shape)
        for (upper, lower), share in np.ndenumerate(operator.matrix.toarray()):
            if share:
                head = (level, upper * after // max(node_bp, after))
                tail = (level + 1, lower * before // max(node_bp, before))
                known = graph.get_edge_data(head, tail, {"capacity": 0.0})["capacity"]
                graph.add_edge(head, tail, capacity=known + share)
    for number in bins:
        graph.add_edge("source", (0, number), capacity=1.0)
    for end in ends:
        graph.add_edge((len(operators), end), "sink")  # without capacity: any flow
    return float(nx.maximum_flow_value(graph, "source", "sink"))


@pytest.mark.parametrize("node_bp", [1, 4, 8])
@pytest.mark.parametrize("method", get_args(RolloutMethod))
def test_flow_is_that_of_networkx_exact_and_contracted(model: Model, method: RolloutMethod, node_bp: int) -> None:
    operators = model_operators(model, random_dna(model), method=method)
    network = FlowNetwork(operators, model.geometry, node_bp)
    for bins, ends in (([3], [0]), ([3], [24 // node_bp]), ([1, 2], [0, 40 // node_bp])):
        expected = published_flow(operators, node_bp, bins, ends)
        assert network.flow(np.array(bins), np.array(ends)) == pytest.approx(expected, abs=1e-6)
        assert expected > 0


def test_eight_tokens_by_hand() -> None:
    """Every token takes half of itself and an eighth of all four; a bin of 2 sends 1/2 to each of its tokens."""
    operators = [
        Operator("attention", 1, 1, window_rows(np.eye(4) * 0.5 + np.full((2, 4, 4), 0.125), 0)),
        Operator("merge", 1, 1, pair_rows(np.full(4, 0.5))),
    ]
    geometry = Geometry(core_bp=8, context_bp=0, bin_bp=2)
    exact, contracted = (FlowNetwork(operators, geometry, node_bp) for node_bp in (1, 2))
    bin_0, token = np.array([0]), np.array
    assert exact.flow(bin_0, token([0])) == pytest.approx(0.5 + 0.125)  # all of token 0's half, an eighth of token 1
    assert exact.flow(bin_0, token([3])) == pytest.approx(0.125 + 0.125)
    assert exact.flow(bin_0, token([2, 3])) == pytest.approx(0.5)
    assert exact.flow(bin_0, token([4])) == 0
    assert contracted.flow(bin_0, token([1])) == pytest.approx(0.5)
    assert contracted.flow(bin_0, token([0])) == pytest.approx(1)


@settings(max_examples=15)
@given(
    seed=st.integers(0, 99),
    method=st.sampled_from(get_args(RolloutMethod)),
    convolutions=st.sampled_from(get_args(Convolutions)),
    node_bp=st.sampled_from([1, 8]),
    number=st.integers(0, 7),
    base=st.integers(0, 63),
)
def test_flow_is_conserved_and_bounded(
    seed: int, method: RolloutMethod, convolutions: Convolutions, node_bp: int, number: int, base: int
) -> None:
    model = model_of(config_of_64(), seed)
    operators = model_operators(model, random_dna(model, seed), method=method, convolutions=convolutions)
    network = FlowNetwork(operators, model.geometry, node_bp)
    bins, ends = np.array([number]), np.array([base // node_bp])
    graph = network.capacities(bins, ends)
    result = maximum_flow(graph, 0, network.sink)
    net = result.flow.sum(1)  # flow into a node is negative there
    assert not net[1:-1].any()
    assert net[0] == -net[-1] == result.flow_value

    flow = network.flow(bins, ends)
    into_end = operators[0].matrix.toarray()[:, node_bp * ends[0] : node_bp * (ends[0] + 1)].sum()
    assert 0 <= flow <= min(1, into_end + 1e-6)
    bound = FlowNetwork(operators, model.geometry, 8).flow(bins, np.array([base // 8]))
    assert flow <= bound + 1e-6


def test_flow_of_bins_has_a_value_for_every_stretch_of_dna(model: Model) -> None:
    dna = random_dna(model)
    flow = bin_flow(model, dna, bins=[0, 3], region=Region("chrI", 48, 96))
    assert flow.values.shape == (2, 8)
    assert flow.token_bp == 8
    network = FlowNetwork(model_operators(model, dna), model.geometry, 8)
    assert flow.values[1, 6] == pytest.approx(network.flow(np.array([4]), np.array([6])))
    assert (flow.values <= 1).all()


def test_flow_between_intervals_is_that_of_the_bins_and_bases_in_them(model: Model) -> None:
    dna = random_dna(model)
    operators = model_operators(model, dna, method="half")
    flow = interval_flow(model, dna, (15, 17), (40, 43), method="half", node_bp=1)
    assert flow == pytest.approx(published_flow(operators, 1, [1, 2], [40, 41, 42]) / 2, abs=1e-6)
    bound = interval_flow(model, dna, (15, 17), (40, 43), method="half")
    assert bound == pytest.approx(published_flow(operators, 8, [1, 2], [5]) / 2, abs=1e-6)
    assert flow <= bound


def test_flow_of_all_bins_at_once_fits_whole_numbers(model: Model) -> None:
    """It is less than one unit from every bin where many attend to the same one, which passes on one."""
    operators, every = model_operators(model, random_dna(model)), np.arange(8)
    network = FlowNetwork(operators, model.geometry, 8)
    expected = published_flow(operators, 8, list(every), list(every))
    assert network.flow(every, every) == pytest.approx(expected, abs=1e-5)
    assert 7 < expected < 8
    assert network.capacities(every, every).data.max() <= WHOLE


@pytest.mark.parametrize(
    ("predicted", "read", "message"),
    [
        ((0, 8), (0, 8), "`predicted` 0 to 8: expected 8 <= start < end <= 56, in bases"),
        ((8, 57), (0, 8), "`predicted` 8 to 57"),
        ((8, 16), (5, 5), "`read` 5 to 5: expected 0 <= start < end <= 64"),
    ],
)
def test_intervals_outside_are_refused(
    model: Model, predicted: tuple[int, int], read: tuple[int, int], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        interval_flow(model, random_dna(model), predicted, read)


def test_a_resolution_that_the_model_does_not_have_is_refused(model: Model) -> None:
    with pytest.raises(InputError, match="`node_bp` 16"):
        interval_flow(model, random_dna(model), (8, 16), (0, 8), node_bp=16)
