"""The grammar of the example data: expected signal as a pure function of DNA.

Nothing else decides where signal is: not a gene list, not a random number. Change a letter, call the functions again,
and you have the true effect of the change. Motifs count wherever they occur, planted or by chance.

1. Every motif with `opens` makes a nucleosome-depleted region: a plateau of 100 bp around its centre with 50 bp
   ramps, so about 150 bp wide at half height. Heights add up, to at most 24. ATAC follows it.
2. A TATA box is used if the centre of a general regulatory factor's site (Reb1, Rap1, Abf1) lies 20-220 bp
   upstream of it. Its strength is the summed `opens` of those sites times (1 + the summed `activates` of the
   activator sites 20-350 bp upstream). Sites work on either strand, the TATA box on its own strand only.
3. Transcription starts 40-120 bp downstream of the TATA box, best at 80, at a purine that follows a pyrimidine. CAGE.
4. The transcript runs to the first terminator (TATATA, 4-24 bp, AATAAA), ends 15 bp behind it, and is 4,000 bp at most.
   RNA coverage is level from start to end: a promoter is heard kilobases away.
5. ChIP fragments lie over the factor's sites, all equally.

Consensus sequences are IUPAC; README.md says who found them. All coordinates are 0-based, half-open. Weights are int64,
so results are the same on every machine. Functions of one strand read the DNA they are given from left to right:
for the minus strand pass `reverse_complement(dna)` and turn the answer round.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Weights = npt.NDArray[np.int64]  # one number per base

IUPAC = {"A": "A", "C": "C", "G": "G", "T": "T", "R": "[AG]", "Y": "[CT]", "S": "[CG]", "W": "[AT]",
         "M": "[AC]", "B": "[CGT]", "N": "[ACGT]"}  # fmt: skip
_COMPLEMENT = bytes.maketrans(b"ACGTRYSWMKBVDHNacgtryswmkbvdhn", b"TGCAYRSWMKVBHDNtgcayrswmkvbhdn")

UNIT = 1_000  # strength 1 in integer weights
OPEN_PLATEAU_BP, OPEN_RAMP_BP, OPEN_MOST = 50, 50, 24
FACTOR_UPSTREAM_BP, ACTIVATOR_UPSTREAM_BP = (20, 220), (20, 350)
START_FIRST_BP, START_BEST_BP, START_LAST_BP = 40, 80, 120
TAIL_BP, TRANSCRIPT_MOST_BP = 15, 4_000


@dataclass(frozen=True, kw_only=True)
class Motif:
    """A word of the grammar and what it does."""

    name: str
    consensus: str
    pattern: str = ""  # a regular expression where IUPAC letters do not suffice
    opens: int = 0  # height of the nucleosome-depleted region it makes
    factor: bool = False  # a general regulatory factor: lets TATA boxes near it work
    activates: int = 0  # makes promoters stronger

    @property
    def regex(self) -> re.Pattern[bytes]:
        """Matches every occurrence on one strand, overlapping ones too."""
        letters = self.pattern or "".join(IUPAC[letter] for letter in self.consensus)
        return re.compile(f"(?=({letters}))".encode())

    @property
    def palindromic(self) -> bool:
        """Whether the consensus reads the same on both strands, so that one site matches twice."""
        return reverse_complement(self.consensus.encode()).decode() == self.consensus


MOTIFS = (
    Motif(name="Reb1", consensus="TTACCCG", opens=12, factor=True),
    Motif(name="Abf1", consensus="RTCRYBNNNNACG", opens=10, factor=True),
    Motif(name="Rap1", consensus="RMACCCANNCAYY", opens=10, factor=True),
    Motif(name="ORC", consensus="WTTTAYRTTTW", opens=6),
    Motif(name="poly(dA:dT)", consensus="AAAAAAAAAA", pattern="(?<!A)A{10,}", opens=4),
    Motif(name="Gal4", consensus="CGGNNNNNNNNNNNCCG", activates=5),
    Motif(name="Gcn4", consensus="TGASTCA", activates=3),
    Motif(name="Cbf1", consensus="CACGTG", activates=2),
)
_OPENS = {motif.name: motif.opens for motif in MOTIFS if motif.factor}
_ACTIVATES = {motif.name: motif.activates for motif in MOTIFS if motif.activates}
TATA = Motif(name="TATA", consensus="TATAWAWR")
TERMINATOR = Motif(name="terminator", consensus="TATATANNNNAATAAA", pattern="TATATA[ACGT]{4,24}?AATAAA")


@dataclass(frozen=True, order=True)
class Site:
    """One occurrence of a motif; `strand` is "." for a palindrome."""

    start: int
    end: int
    motif: str
    strand: str

    @property
    def centre(self) -> int:
        """The base in the middle."""
        return (self.start + self.end) // 2


@dataclass(frozen=True)
class Transcript:
    """What one TATA box makes, in coordinates of the strand that was read."""

    tata: int  # first base of the TATA box
    start: int  # the likeliest start site
    end: int
    strength: int


def reverse_complement(dna: bytes) -> bytes:
    """The other strand, 5' to 3'; case is kept."""
    return dna.translate(_COMPLEMENT)[::-1]


def find_sites(dna: bytes, motifs: Iterable[Motif] = MOTIFS) -> list[Site]:
    """Every occurrence of the motifs on both strands, sorted. Lower case counts; N and other codes match nothing."""
    plus = dna.upper()
    minus = reverse_complement(plus)
    sites = []
    for motif in motifs:
        strand = "." if motif.palindromic else "+"
        sites += [Site(*match.span(1), motif.name, strand) for match in motif.regex.finditer(plus)]
        if not motif.palindromic:
            spans = (match.span(1) for match in motif.regex.finditer(minus))
            sites += [Site(len(dna) - end, len(dna) - start, motif.name, "-") for start, end in spans]
    return sorted(sites)


def openness(dna: bytes) -> Weights:
    """Height of the nucleosome-depleted regions at every base, 0 to 24."""
    height = np.zeros(len(dna), dtype=np.int64)
    opens = {motif.name: motif.opens for motif in MOTIFS if motif.opens}
    for site in find_sites(dna, [motif for motif in MOTIFS if motif.opens]):
        _add_bump(height, site.centre, opens[site.motif] * UNIT)
    return np.minimum(height, OPEN_MOST * UNIT)


def transcripts(dna: bytes) -> list[Transcript]:
    """What is transcribed from left to right, in order of the TATA boxes. Rules 2 to 4."""
    upper = dna.upper()
    sites = find_sites(upper)
    ends = [match.end(1) + TAIL_BP for match in TERMINATOR.regex.finditer(upper)]
    found = []
    for tata in _tata_boxes(upper):
        strength, starts = _strength(tata, sites), start_weights(upper, tata)
        if strength and starts.any():
            start = tata + START_FIRST_BP + int(starts.argmax())
            first_end = next((end for end in ends if end > start + TAIL_BP), len(dna))
            found.append(Transcript(tata, start, min(first_end, start + TRANSCRIPT_MOST_BP, len(dna)), strength))
    return found


def start_weights(dna: bytes, tata: int) -> Weights:
    """How often transcription starts at each of the bases 40 to 120 behind the TATA box. Rule 3."""
    bases = np.frombuffer(dna[tata + START_FIRST_BP - 1 : tata + START_LAST_BP + 1], dtype=np.uint8)
    if not len(bases):
        return np.zeros(0, dtype=np.int64)
    initiates = np.isin(bases[:-1], list(b"CT")) & np.isin(bases[1:], list(b"AG"))
    distance = np.abs(START_FIRST_BP + np.arange(len(initiates)) - START_BEST_BP)
    return np.where(initiates, START_LAST_BP - START_BEST_BP + 1 - distance, 0).astype(np.int64)


def capped_ends(dna: bytes) -> Weights:
    """Where CAGE tags begin on this strand."""
    weights = np.zeros(len(dna), dtype=np.int64)
    for transcript in transcripts(dna):
        shares = start_weights(dna.upper(), transcript.tata)
        first = transcript.tata + START_FIRST_BP
        weights[first : first + len(shares)] += shares * (transcript.strength * UNIT) // shares.sum()
    return weights


def read_starts(dna: bytes, read_bp: int) -> Weights:
    """Where RNA reads of this length begin on this strand: anywhere inside a transcript, as often as it is strong."""
    weights = np.zeros(len(dna), dtype=np.int64)
    for transcript in transcripts(dna):
        weights[transcript.start : max(transcript.end - read_bp, transcript.start) + 1] += transcript.strength * UNIT
    return weights


def fragment_starts(dna: bytes, motif: str, fragment_bp: int) -> Weights:
    """Where ChIP fragments of this length begin, so that they cover the middle of one of the motif's sites."""
    weights = np.zeros(len(dna), dtype=np.int64)
    for site in find_sites(dna, [word for word in MOTIFS if word.name == motif]):
        weights[max(site.centre - fragment_bp + 1, 0) : site.centre + 1] += UNIT
    return weights


def _add_bump(height: Weights, centre: int, top: int) -> None:
    reach = OPEN_PLATEAU_BP + OPEN_RAMP_BP
    first, last = max(centre - reach, 0), min(centre + reach + 1, len(height))
    distance = np.abs(np.arange(first, last) - centre)
    height[first:last] += top * np.minimum(reach - distance, OPEN_RAMP_BP) // OPEN_RAMP_BP


def _tata_boxes(dna: bytes) -> Iterator[int]:
    """Starts of TATA boxes; of overlapping ones only the first."""
    free = 0
    for match in TATA.regex.finditer(dna):
        if match.start() >= free:
            free = match.end(1)
            yield match.start()


def _strength(tata: int, sites: list[Site]) -> int:
    factors = _summed_upstream(tata, sites, _OPENS, FACTOR_UPSTREAM_BP)
    return factors * (1 + _summed_upstream(tata, sites, _ACTIVATES, ACTIVATOR_UPSTREAM_BP)) if factors else 0


def _summed_upstream(tata: int, sites: list[Site], values: dict[str, int], within: tuple[int, int]) -> int:
    nearest, farthest = within
    return sum(values.get(site.motif, 0) for site in sites if nearest <= tata - site.centre <= farthest)
