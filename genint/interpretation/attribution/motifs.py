"""Names for what contributes: stretches of strong bases, compared with known motifs by TOMTOM."""

import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from genint.arrays import F64
from genint.errors import InputError
from genint.genome.dna import UNKNOWN
from genint.genome.region import Region
from genint.interpretation.attribution.attribution import Attribution
from genint.prediction.installed import check_extra
from genint.text import read_lines

if TYPE_CHECKING:
    from pandas import DataFrame

SEQLET_BP = 11  # as long as most of the motifs that are known of yeast
STRONG_SD = 2.0  # standard deviations above the mean over the region that a stretch must reach
_MATRIX = "letter-probability matrix"
_EXPECTED = "motifs in MEME's text format"


class Motif(NamedTuple):
    """A known motif: `probabilities` (4, W), a column for each position that sums to 1."""

    identifier: str
    name: str
    probabilities: F64


class _Line(NamedTuple):
    """A line of a file, counted from 1."""

    number: int
    text: str

    @property
    def words(self) -> list[str]:
        """What stands between blanks."""
        return self.text.split()


class Seqlet(NamedTuple):
    """A stretch whose bases contribute much: `contribution` is their sum, `dna` (4, SEQLET_BP) one-hot."""

    region: Region
    contribution: float
    dna: F64


def read_meme(path: Path) -> list[Motif]:
    """Motifs of a file in MEME's text format (meme-suite.org/meme/doc/meme-format.html), of letters ACGT.

    Raises InputError naming file and line for another format, a motif without name or matrix, a row that is not four
    probabilities, another number of rows than the matrix says (w=), and a file without a motif.
    """
    lines = [_Line(number, text) for number, text in enumerate(read_lines(path, _EXPECTED), start=1)]
    if not lines or lines[0].words[:2] != ["MEME", "version"]:
        raise InputError(f"`motifs` {path}, line 1: does not begin with 'MEME version'. Expected {_EXPECTED}")
    starts = [place for place, line in enumerate(lines) if line.words[:1] == ["MOTIF"]]
    if not starts:
        raise InputError(f"`motifs` {path}: holds no motif. Expected {_EXPECTED}")
    return [_read_motif(path, lines[start:end]) for start, end in zip(starts, [*starts[1:], None], strict=True)]


def _read_motif(path: Path, lines: Sequence[_Line]) -> Motif:
    """A motif from its line MOTIF to the next one's."""
    place = f"`motifs` {path}, line {lines[0].number}"
    identifier, *alternative = lines[0].words[1:] or [""]
    if not identifier:
        raise InputError(f"{place}: the motif has no name. Expected MOTIF and a name")
    first = next((n for n, line in enumerate(lines) if line.text.lstrip().startswith(_MATRIX)), None)
    if first is None:
        raise InputError(f"{place}: {identifier} has no {_MATRIX}. Expected {_EXPECTED}")
    rows = [_read_row(f"`motifs` {path}, line {line.number}", line.words) for line in _matrix_lines(lines[first + 1 :])]
    place, width = f"`motifs` {path}, line {lines[first].number}", re.search(r"\bw\s*=\s*(\d+)", lines[first].text)
    if not rows or (width and int(width[1]) != len(rows)):
        said = f", and w= says {width[1]}" if width else ""
        raise InputError(f"{place}: {len(rows)} row(s) follow{said}. Expected one for each position of {identifier}")
    return Motif(identifier, " ".join(alternative) or identifier, np.array(rows).T)


def _matrix_lines(lines: Iterable[_Line]) -> Iterator[_Line]:
    """Lines until one that is no row: rows have four words, or begin with a number. Empty lines are passed over."""
    filled = (line for line in lines if line.words)
    return takewhile(lambda line: len(line.words) == 4 or _number(line.words[0]) is not None, filled)


def _read_row(place: str, words: list[str]) -> list[float]:
    row = [value for word in words if (value := _number(word)) is not None]
    if not (len(row) == len(words) == 4 and min(row) >= 0 and abs(sum(row) - 1) <= 0.05):
        raise InputError(f"{place}: {' '.join(words)} are not four probabilities. Expected those of A, C, G and T")
    return [value / sum(row) for value in row]


def _number(word: str) -> float | None:
    try:
        return float(word)
    except ValueError:
        return None


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
    import torch
    from pandas import DataFrame

    check_extra("memelite", "`motifs`", "explain")
    from memelite import tomtom

    seqlets = [seqlet for attribution in attributions for seqlet in find_seqlets(attribution)]
    columns = ["chrom", "start", "end", "contribution", "motif", "name", "p", "strand"]
    if not seqlets:
        return DataFrame(columns=columns)
    with warnings.catch_warnings():  # of few motifs; docs/attribution.md says what they do to p
        warnings.filterwarnings("ignore", "tomtom was given")
        threads = torch.get_num_threads()  # which numba, by OpenMP, sets to its own
        try:
            p, _, _, _, strands = tomtom(
                [each.dna for each in seqlets], [motif.probabilities for motif in motifs], n_jobs=1
            )
        finally:
            torch.set_num_threads(threads)
    rows = []
    for number, seqlet in enumerate(seqlets):
        best = int(p[number].argmin())
        place = (seqlet.region.chrom, seqlet.region.start, seqlet.region.end, seqlet.contribution)
        found = (motifs[best].identifier, motifs[best].name, float(p[number, best]), "+-"[int(strands[number, best])])
        rows.append((*place, *found))
    return DataFrame(rows, columns=columns)
