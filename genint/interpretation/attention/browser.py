"""Attention for genome browsers: numbers along the DNA, and the strongest pairs as arcs.

Arcs are UCSC interact files of 18 columns (https://genome.ucsc.edu/goldenPath/help/interact.html), directed from the
token that attends (source) to the one attended to (target), and BEDPE (bedtools) of 10 columns.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from genint.arrays import F32
from genint.interpretation.attention.maps import LayerMap
from genint.interpretation.locus import Locus
from genint.output.bigwig import BigWigWriter


class Arc(NamedTuple):
    """One token attends to another in a head. First bases on the chromosome, 0-based."""

    weight: float
    query: int
    key: int
    token_bp: int
    name: str

    def ends(self, chrom_bp: int) -> list[tuple[int, int]]:
        """[start, end) of the query and of the key; a chromosome's last token may be shorter than the others."""
        return [(start, min(start + self.token_bp, chrom_bp)) for start in (self.query, self.key)]


def received(layer: LayerMap) -> F32:
    """(L,): attention that each token of the input receives from all queries, mean over heads; on average 1."""
    total = np.zeros(layer.starts.size, np.float32)
    total[layer.starts.ravel() // layer.token_bp] = layer.weights.mean(0).sum(1).ravel()
    return total


def write_tokens(path: Path, values: F32, token_bp: int, locus: Locus, sizes: dict[str, int]) -> None:
    """A bigWig of values (tokens,) of the locus' input, where they lie on the chromosome."""
    first, last = locus.start // token_bp, -(-locus.chrom_bp // token_bp)
    with BigWigWriter(path, sizes, bin_bp=token_bp) as bigwig:
        bigwig.add(locus.region.chrom, max(first, 0), values[max(-first, 0) : last - first])


def strongest_pairs(layer: LayerMap, locus: Locus, heads: Sequence[int], most: int) -> tuple[list[Arc], int]:
    """The `most` pairs of different tokens with the largest weight in any of the heads (0, 1, ...), and how many are.

    The query holds a base of the region, the key one of the chromosome.
    """
    starts = layer.starts + locus.start
    queries, places = locus.tokens(layer.token_bp), layer.starts // layer.token_bp
    known = (starts >= 0) & (starts < locus.chrom_bp)
    asked = (places >= queries.start) & (places < queries.stop) & known
    apart = ~np.eye(starts.shape[1], dtype=bool)
    weights = layer.weights[list(heads)]  # (A, N, W, W)
    found = np.nonzero(asked[:, :, None] & known[:, None, :] & apart & (weights > 0))
    strengths = weights[found]
    arcs = [
        Arc(
            float(strengths[i]),
            int(starts[window, row]),
            int(starts[window, column]),
            layer.token_bp,
            f"{layer.name}_head_{heads[head] + 1}".replace(" ", "_"),
        )
        for i in np.argsort(-strengths, kind="stable")[:most]
        for head, window, row, column in [[axis[i] for axis in found]]
    ]
    return arcs, len(strengths)


def write_interact(path: Path, arcs: Iterable[Arc], locus: Locus) -> None:
    """Arcs of a locus as a UCSC custom track of type interact; the score is 1,000 times the weight."""
    chrom = locus.region.chrom
    with path.open("w", encoding="utf-8") as file:
        file.write('track type=interact interactDirectional=true name="attention" description="strongest attention"\n')
        for arc in sorted(arcs, key=lambda arc: min(arc.query, arc.key)):
            ends = arc.ends(locus.chrom_bp)
            columns: list[object] = [chrom, min(ends)[0], max(ends)[1], arc.name, round(1000 * arc.weight)]
            columns += [f"{arc.weight:.6g}", arc.name, 0]
            for (start, end), side in zip(ends, ("query", "key"), strict=True):
                columns += [chrom, start, end, side, "."]
            file.write("\t".join(str(column) for column in columns) + "\n")


def write_bedpe(path: Path, arcs: Iterable[Arc], locus: Locus) -> None:
    """Arcs of a locus as BEDPE: the query, the key, layer and head, the weight as score, no strands."""
    with path.open("w", encoding="utf-8") as file:
        for arc in arcs:
            places = [cell for end in arc.ends(locus.chrom_bp) for cell in (locus.region.chrom, *end)]
            columns = [*places, arc.name, f"{arc.weight:.6g}", ".", "."]
            file.write("\t".join(str(column) for column in columns) + "\n")
