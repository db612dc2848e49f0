"""Hypothetical scores in the form that TF-MoDISco reads.

    modisco motifs -s one_hot.npz -a hypothetical.npz -n 5000 -w 400 -o motifs.h5

Both arrays, `arr_0` of an npz, are (N, 4, L), letters in the order ACGT, L even: with an odd window modisco fails, as
it does on windows with an unknown base, whose column is zero. regions.bed has a row for each of the N, in their order.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from genint.genome.dna import UNKNOWN
from genint.interpretation.attribution.attribution import Attribution

SMALLEST_BP = 100  # of windows in which modisco finds anything


def write_modisco(folder: Path, attributions: Sequence[Attribution], width: int) -> int:
    """Write one_hot.npz, hypothetical.npz and regions.bed of the regions of `width` without unknown bases.

    Returns how many these are; without any, nothing is written. ValueError for an odd width.
    """
    if width % 2:
        raise ValueError(f"width={width} must be even")
    kept = [each for each in attributions if len(each.region) == width and not (each.tokens == UNKNOWN).any()]
    if kept:
        folder.mkdir()
        one_hot = np.stack([np.eye(4, dtype=np.int8)[each.tokens].T for each in kept])  # (N, 4, L)
        scores = np.stack([each.hypothetical.T for each in kept])
        np.savez_compressed(folder / "one_hot.npz", one_hot)
        np.savez_compressed(folder / "hypothetical.npz", scores)
        places = [(each.region.chrom, each.region.start, each.region.end, each.name) for each in kept]
        rows = ("\t".join(map(str, place)) + "\n" for place in places)
        (folder / "regions.bed").write_text("".join(rows), encoding="utf-8")
    return len(kept)
