"""Flow against networkx, and the bounds that it keeps."""

import networkx
import numpy as np
import pytest
import torch

from genint.interpretation.flow import flow_between
from genint.interpretation.rollout import Rollout, trace_rollout
from tests.models.test_interpreter import build, dna, tiny


@pytest.fixture(scope="module")
def rollout() -> Rollout:
    config = tiny()
    return trace_rollout(build(config), torch.as_tensor(dna(1, config)))


def by_networkx(rollout: Rollout, bins: slice, bases: slice, group_bp: int) -> float:
    graph, input_bp = networkx.DiGraph(), rollout.operators[0].shape[1]

    def node(level: int, token: int, tokens: int) -> tuple[int, int]:
        width = input_bp // tokens
        return level, token * width // max(group_bp, width)

    def add(tail: object, head: object, capacity: float) -> None:
        known = graph.edges[tail, head]["capacity"] if graph.has_edge(tail, head) else 0
        graph.add_edge(tail, head, capacity=known + capacity)

    for level, operator in enumerate(rollout.operators):
        edges = operator.tocoo()
        for upper, lower, share in zip(*edges.coords, edges.data, strict=True):
            tail = node(level + 1, int(upper), operator.shape[0])
            add(tail, node(level, int(lower), operator.shape[1]), float(share))
    top = rollout.operators[-1].shape[0]
    for each in range(bins.start, bins.stop):
        add("source", node(len(rollout.operators), each + rollout.core.start, top), 1)
    for token in {node(0, each, input_bp) for each in range(bases.start, bases.stop)}:
        graph.add_edge(token, "sink")  # of any capacity
    return float(networkx.maximum_flow_value(graph, "source", "sink")) / (bins.stop - bins.start)


@pytest.mark.parametrize(
    ("bins", "bases", "group_bp"),
    [(slice(0, 1), slice(8, 12), 1), (slice(3, 5), slice(40, 41), 1), (slice(7, 8), slice(0, 30), 4)],
)
def test_flow_is_what_networkx_finds(rollout: Rollout, bins: slice, bases: slice, group_bp: int) -> None:
    found = flow_between(rollout, bins, bases, group_bp=group_bp)
    assert found == pytest.approx(by_networkx(rollout, bins, bases, group_bp), abs=1e-5)


def test_flow_is_at_most_one_at_least_the_rollout_and_more_between_groups(rollout: Rollout) -> None:
    for first in range(0, 80, 20):
        bases = slice(first, first + 4)
        exact = flow_between(rollout, slice(5, 6), bases)
        assert rollout.shares(slice(5, 6))[0, bases].sum() - 1e-6 <= exact <= 1
        assert exact <= flow_between(rollout, slice(5, 6), bases, group_bp=4) + 1e-6
    assert flow_between(rollout, slice(5, 6), slice(0, 80)) == pytest.approx(1, abs=1e-5)
    assert np.isfinite(exact)
