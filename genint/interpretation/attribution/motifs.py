"""Names for what contributes: stretches of strong bases, compared with known motifs by TOMTOM."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from genint.arrays import F64
from genint.errors import InputError
from genint.genome.dna import UNKNOWN
from genint.genome.region import Region
from genint.interpretation.attribution.attribution import Attribution
from genint.text import read_lines

if TYPE_CHECKING:
    from pandas import DataFrame

SEQLET_BP = 11  # as long as most of the motifs that are known of yeast
STRONG_SD = 2.0  # standard deviations above the mean over the region that a stretch must reach
_EXPECTED = "motifs in MEME's text format"


class Motif(NamedTuple):
    """A known motif: `probabilities` (4, W), a column for each position that sums to 1."""

    identifier: str
    name: str
    probabilities: F64


class Seqlet(NamedTuple):
    """A stretch whose bases contribute much: `contribution` is their sum, `dna` (4, SEQLET_BP) one-hot."""

    region: Region
    contribution: float
    dna: F64


def read_meme(path: Path) -> list[Motif]:
    """Motifs of a file in MEME's text format (meme-suite.org/meme/doc/meme-format.html), of letters ACGT.

    Raises InputError naming file and line for another format, rows that are not four probabilities, and no motif.
    """
    motifs: list[Motif] = []
    name = ""
    rows: list[list[float]] = []
    lines = enumerate(read_lines(path, _EXPECTED), start=1)
    for number, line in lines:
        words = line.split()
        if number == 1 and words[:2] != ["MEME", "version"]:
            raise InputError(f"`motifs` {path}, line 1: does not begin with 'MEME version'. Expected {_EXPECTED}")
        if words[:1] == ["MOTIF"] and len(words) > 1:
            motifs += _complete(name, rows)
            name, rows = " ".join(words[1:]), []
        elif name and len(words) == 4 and words[0][0] in "01.":
            rows.append(_read_row(f"`motifs` {path}, line {number}", words))
    motifs += _complete(name, rows)
    if not motifs:
        raise InputError(f"`motifs` {path}: holds no motif. Expected {_EXPECTED}")
    return motifs


def _complete(name: str, rows: list[list[float]]) -> list[Motif]:
    identifier, _, alternative = name.partition(" ")
    return [Motif(identifier, alternative or identifier, np.array(rows).T)] if rows else []


def _read_row(place: str, words: list[str]) -> list[float]:
    try:
        row = [float(word) for word in words]
    except ValueError:
        row = []
    if not row or min(row) < 0 or abs(sum(row) - 1) > 0.05:
        raise InputError(f"{place}: {' '.join(words)} are not four probabilities. Expected those of A, C, G and T")
    return [value / sum(row) for value in row]


def find_seqlets(attribution: Attribution) -> Iterator[Seqlet]:
    """Stretches of SEQLET_BP that do not overlap, the strongest first, by the sum of the sizes of contributions."""
    sizes = np.abs(attribution.contributions.astype(np.float64))
    if len(sizes) < SEQLET_BP:
        return
    sums = np.convolve(sizes, np.ones(SEQLET_BP), "valid")
    sums[np.convolve(attribution.tokens == UNKNOWN, np.ones(SEQLET_BP), "valid") > 0] = 0
    threshold = sums.mean() + STRONG_SD * sums.std()
    while (first := int(sums.argmax())) >= 0 and sums[first] > threshold:
        stretch = slice(first, first + SEQLET_BP)
        start = attribution.region.start + first
        place = Region(attribution.region.chrom, start, start + SEQLET_BP)
        dna: F64 = np.eye(4)[attribution.tokens[stretch]].T
        yield Seqlet(place, float(attribution.contributions[stretch].sum()), dna)
        sums[max(first - SEQLET_BP + 1, 0) : first + SEQLET_BP] = 0


def name_seqlets(attributions: Iterable[Attribution], motifs: Sequence[Motif]) -> "DataFrame":
    """A row per seqlet and region: chrom, start, end, contribution, the nearest motif, its p-value and strand.

    The p-value is TOMTOM's (Gupta et al. 2007, Genome Biology 8, R24) by memelite, of the best of all motifs, for the
    seqlet's own DNA; it is not corrected for their number. Raises InputError without memelite.
    """
    from pandas import DataFrame

    try:
        from memelite import tomtom
    except ImportError:
        raise InputError("`motifs`: needs memelite. Run pip install 'genint[explain]'") from None
    seqlets = [seqlet for attribution in attributions for seqlet in find_seqlets(attribution)]
    columns = ["chrom", "start", "end", "contribution", "motif", "name", "p", "strand"]
    if not seqlets:
        return DataFrame(columns=columns)
    p, _, _, _, strands = tomtom([each.dna for each in seqlets], [motif.probabilities for motif in motifs], n_jobs=1)
    rows = []
    for number, seqlet in enumerate(seqlets):
        best = int(p[number].argmin())
        place = (seqlet.region.chrom, seqlet.region.start, seqlet.region.end, seqlet.contribution)
        found = (motifs[best].identifier, motifs[best].name, float(p[number, best]), "+-"[int(strands[number, best])])
        rows.append((*place, *found))
    return DataFrame(rows, columns=columns)
