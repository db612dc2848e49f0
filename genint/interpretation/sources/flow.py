"""Attention flow: the most that could pass from DNA to bins through the steps of a model as a network of pipes.

Every step of the model is a layer of edges from a token back to those that it comes from, with the shares of
`operators` as capacities; the flow of a bin and a token is the maximum flow between them, with one unit leaving the
bin (Abnar and Zuidema 2020, arXiv 2005.00928, section 3).

What it says is whether a path is there, not how much is used: it asks what could pass if every other token gave way.
It hardly falls with distance where rollout falls by orders of magnitude, and it saturates: through residuals at one
half nearly every pair of nearby bins has a flow of 1. Read it as reachability, and rollout as what comes from where.
"""

from collections.abc import Callable, Sequence

import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import maximum_flow

from genint.arrays import I64, U8
from genint.choices import Convolutions, RolloutMethod
from genint.errors import InputError
from genint.genome.grid import Geometry
from genint.genome.region import Region
from genint.interpretation.sources.bin_sources import BinSources, check_token_bp, choose_bins
from genint.interpretation.sources.operators import Operator, model_operators
from genint.models.folder import Model

WHOLE = 10**9  # the flow of all bins asked at once, as an integer that int32 holds


class FlowNetwork:
    """Tokens after every step as nodes of `node_bp` bases, larger tokens one each; edges run from the bins to the DNA.

    Where a node holds several tokens their capacities are summed, as if what reaches one of them could leave by
    another: flows are upper bounds then, and exact for `node_bp` 1.
    """

    def __init__(self, operators: Sequence[Operator], geometry: Geometry, node_bp: int) -> None:
        self.n_bins, self.n_ends = geometry.input_bp // geometry.bin_bp, geometry.input_bp // node_bp
        source, first = np.zeros(self.n_bins, np.int64), 1  # node 0 is the source; bins come next, the sink is last
        edges = [(source, first + np.arange(self.n_bins), np.ones(self.n_bins))]
        for operator in reversed(operators):
            after, before = (geometry.input_bp // tokens for tokens in operator.matrix.shape)  # bases of a token
            upper, lower = max(node_bp // after, 1), max(node_bp // before, 1)  # tokens of a node
            matrix, below = operator.matrix.tocoo(), first + operator.matrix.shape[0] // upper
            edges.append((first + matrix.row // upper, below + matrix.col // lower, matrix.data))
            first = below
        self.sink = first + self.n_ends
        edges.append((first + np.arange(self.n_ends), np.full(self.n_ends, self.sink), np.ones(self.n_ends)))
        rows, columns, capacities = (np.concatenate(parts) for parts in zip(*edges, strict=True))
        nodes = self.sink + 1
        # To CSR, edges between the same two nodes become one. The first edges are the source's, the last the sink's.
        self._graph = coo_array((capacities, (rows, columns)), shape=(nodes, nodes)).tocsr()

    def capacities(self, bins: I64, ends: I64) -> csr_array:
        """The network that lets one unit out of each of some bins, and any flow from some nodes of DNA into the sink.

        In whole numbers, rounded down, of which WHOLE is one unit from every bin.
        """
        unit = WHOLE // len(bins)
        scaled = np.minimum(np.floor(self._graph.data * unit), WHOLE).astype(np.int32)
        from_source, to_sink = np.zeros(self.n_bins, np.int32), np.zeros(self.n_ends, np.int32)
        from_source[bins], to_sink[ends] = unit, WHOLE
        scaled[: self.n_bins], scaled[-self.n_ends :] = from_source, to_sink
        return csr_array((scaled, self._graph.indices, self._graph.indptr), shape=self._graph.shape)

    def flow(self, bins: I64, ends: I64) -> float:
        """The maximum flow from some bins to some nodes of DNA, both counted from the first that the model read.

        One unit leaves each bin: it lies between 0 and the number of bins.
        """
        most = maximum_flow(self.capacities(bins, ends), 0, self.sink).flow_value
        return float(most) / (WHOLE // len(bins))


def bin_flow(
    model: Model,
    dna: U8,
    *,
    method: RolloutMethod = "norm",
    convolutions: Convolutions = "count",
    bins: Sequence[int] | None = None,
    region: Region | None = None,
    advance: Callable[[int], None] = lambda bins: None,
) -> BinSources:
    """An upper bound on the flow of each bin and each stretch of DNA as long as a bin: (bins, input_bp / bin_bp).

    Tokens within a bin are one node, see `FlowNetwork`, so it bounds the flow from above; and it saturates, see the
    head of this module: it tells what a bin can be reached from. Values lie between 0 and 1. Parameters and errors are
    those of `attention_rollout`. Every pair is a problem of its own, of some milliseconds: choose bins. `advance` is
    called with 1 after each.
    """
    geometry = model.geometry
    chosen = choose_bins(bins, geometry)
    operators = model_operators(model, dna, method=method, convolutions=convolutions)
    network = FlowNetwork(operators, geometry, geometry.bin_bp)
    context = geometry.context_bp // geometry.bin_bp
    values = np.empty((len(chosen), network.n_ends), np.float32)
    for row, one in enumerate(chosen):
        values[row] = [network.flow(np.array([context + one]), np.array([end])) for end in range(network.n_ends)]
        advance(1)
    return BinSources(
        values=values,
        bins=chosen,
        token_bp=geometry.bin_bp,
        geometry=geometry,
        region=region,
    )


def interval_flow(
    model: Model,
    dna: U8,
    predicted: tuple[int, int],
    read: tuple[int, int],
    *,
    method: RolloutMethod = "norm",
    convolutions: Convolutions = "count",
    node_bp: int | None = None,
) -> float:
    """The flow between all bins with a base in one interval and the bases of another, in units per bin: 0 to 1.

    `predicted` and `read` are [start, end) of the model's DNA, (input_bp,) tokens, 0-based. All those bins feed from
    one source and all those bases end in one sink. `node_bp`, a bin by default, is the resolution: above 1 the flow is
    an upper bound, and `read` is widened to whole nodes; 1 is exact, and takes seconds. Either way it saturates, see
    the head of this module. InputError for intervals without a predicted bin or without a base, a resolution that the
    model does not have, and as `model_operators` raises it.
    """
    geometry = model.geometry
    node_bp = check_token_bp(geometry.bin_bp if node_bp is None else node_bp, geometry, "node_bp")
    context = geometry.context_bp
    bins = _touched("predicted", predicted, context, context + geometry.core_bp, geometry.bin_bp)
    ends = _touched("read", read, 0, geometry.input_bp, node_bp)
    operators = model_operators(model, dna, method=method, convolutions=convolutions)
    return FlowNetwork(operators, geometry, node_bp).flow(bins, ends) / len(bins)


def _touched(name: str, interval: tuple[int, int], first: int, last: int, node_bp: int) -> I64:
    """The nodes that hold bases of an interval, which lies within [first, last)."""
    start, end = interval
    if not first <= start < end <= last:
        raise InputError(f"`{name}` {start:,} to {end:,}: expected {first:,} <= start < end <= {last:,}, in bases")
    return np.arange(start // node_bp, -(-end // node_bp))
