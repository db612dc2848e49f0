"""Attention flow (Abnar and Zuidema 2020): the most that can pass from bases to bins through the edges of a rollout.

Every edge carries at most its share. Read it as an upper bound and as reachability, not as importance: flow takes every
way there is, and saturates, so that a bin far away reaches about as much as its neighbour.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import maximum_flow

from genint.interpretation.rollout import Rollout

_TOTAL = 1 << 30  # capacity of all sources together, as an int32


def flow_between(rollout: Rollout, bins: slice, bases: slice, *, group_bp: int = 1) -> float:
    """The largest share of some bins of the core, 0 to 1, that can come from some bases of the input.

    `group_bp` joins the tokens of every `group_bp` into one node, whose capacities are sums: faster, and an upper bound
    on the flow between tokens.
    """
    input_bp = rollout.operators[0].shape[1]
    n_bins = bins.stop - bins.start
    levels = [rollout.operators[0].shape[1], *(operator.shape[0] for operator in rollout.operators)]
    groups = [np.arange(n) * (input_bp // n) // max(group_bp, input_bp // n) for n in levels]
    sizes = [int(group[-1]) + 1 for group in groups]
    first = np.concatenate([[0], np.cumsum(sizes)])  # node of each level's first group
    source, sink = int(first[-1]), int(first[-1]) + 1
    rows, columns, capacities = [], [], []

    def add(tails: NDArray[Any], heads: NDArray[Any], values: NDArray[Any]) -> None:
        rows.append(tails), columns.append(heads), capacities.append(values)

    for level, operator in enumerate(rollout.operators):
        edges = operator.tocoo()
        upper, lower = groups[level + 1][edges.coords[0]], groups[level][edges.coords[1]]
        add(first[level + 1] + upper, first[level] + lower, edges.data)
    top = groups[-1][np.arange(bins.start, bins.stop) + rollout.core.start]
    add(np.full(n_bins, source), first[-2] + top, np.ones(n_bins))
    bottom = np.unique(groups[0][bases])
    add(bottom, np.full(len(bottom), sink), np.full(len(bottom), float(n_bins)))
    graph = sparse.coo_array((np.concatenate(capacities), (np.concatenate(rows), np.concatenate(columns))))
    graph.sum_duplicates()
    unit = _TOTAL // n_bins
    whole = np.minimum(np.rint(graph.data * unit), _TOTAL).astype(np.int32)
    network = sparse.csr_matrix((whole, graph.coords), shape=(sink + 1, sink + 1))
    return float(maximum_flow(network, source, sink).flow_value / (unit * n_bins))
