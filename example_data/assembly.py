"""A small genome with a yeast's proportions, assembled letter by letter from random numbers and the grammar's motifs.

Genes are open reading frames of 360-1,000 bp on both strands. Between two genes there is, as in yeast, a tandem
promoter of about 400 bp, a divergent one that serves both, or two terminators face to face. Every promoter is built
from a nucleus (factor and activator sites, often a poly(dA:dT) tract) and one core per gene (TATA box, room for the
start site). A few lack the factor or the TATA box and are silent: the negative controls.
"""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from grammar import IUPAC, reverse_complement

T = TypeVar("T")

TELOMERE_BP = 300
FACTORS = ("TTACCCG",) * 6 + ("RTCRYBNNNNACG",) * 2 + ("RMACCCANNCAYY",) * 2
ACTIVATORS = ("CGGNNNNNNNNNNNCCG", "TGASTCA", "CACGTG")
ORIGIN = "WTTTAYRTTTW"
INTERGENIC = b"A" * 32 + b"C" * 18 + b"G" * 18 + b"T" * 32  # 36 % GC
CODING = b"A" * 33 + b"C" * 18 + b"G" * 20 + b"T" * 29  # 38 % GC
STOPS = (b"TAA", b"TAG", b"TGA")


class Dice:
    """Random integers made from PCG64's raw output alone, the one stream that numpy promises never to change."""

    def __init__(self, seed: int) -> None:
        self._bits = np.random.PCG64(seed)

    def integers(self, below: int, count: int) -> npt.NDArray[np.int64]:
        """`count` integers from 0 to `below` - 1."""
        return (self._bits.random_raw(count) % np.uint64(below)).astype(np.int64)

    def between(self, least: int, most: int) -> int:
        """One integer, both ends included."""
        return least + int(self.integers(most - least + 1, 1)[0])

    def chance(self, percent: int) -> bool:
        """True in `percent` of 100 throws."""
        return self.between(1, 100) <= percent

    def pick(self, items: Sequence[T]) -> T:
        """One of the items."""
        return items[self.between(0, len(items) - 1)]

    def shuffle(self, items: Sequence[T]) -> list[T]:
        """The items in random order."""
        keys = self._bits.random_raw(len(items))
        return [items[i] for i in np.argsort(keys, kind="stable")]

    def dna(self, length: int, letters: bytes = INTERGENIC) -> bytes:
        """Random DNA with the composition of `letters`."""
        return np.frombuffer(letters, dtype=np.uint8)[self.integers(len(letters), length)].tobytes()

    def site(self, consensus: str) -> bytes:
        """A sequence that matches an IUPAC consensus, on either strand."""
        dna = "".join(self.pick(IUPAC[letter].strip("[]")) for letter in consensus).encode()
        return self.pick([dna, reverse_complement(dna)])


def chromosome(dice: Dice, length: int, repeat: bytes) -> bytes:
    """Telomere, genes, telomere. `repeat` is the family whose diverged copies lie soft-masked between genes."""
    parts = [_telomere(dice).lower()]
    room = length - 2 * TELOMERE_BP
    strand = "+"
    while True:
        following = dice.pick("+-")
        gene = _between(dice, strand, following, repeat) + _reading_frame(dice, following)
        if len(gene) > room:
            break
        parts.append(gene)
        room -= len(gene)
        strand = following
    return b"".join([*parts, dice.dna(room), reverse_complement(_telomere(dice)).lower()])


def overwrite(dna: bytes, start: int, letters: bytes) -> bytes:
    """The same DNA with other letters from `start` on."""
    return dna[:start] + letters + dna[start + len(letters) :]


def _between(dice: Dice, left: str, right: str, repeat: bytes) -> bytes:
    """What lies between a gene on strand `left` and the next, on strand `right`: tandem, divergent or convergent."""
    before = _terminator(dice) if left == "+" else reverse_complement(_core(dice))
    after = _core(dice) if right == "+" else reverse_complement(_terminator(dice))
    if (left, right) == ("-", "+"):
        return before + _nucleus(dice) + after
    spacer = dice.dna(dice.between(40, 90))
    if dice.chance(10):
        spacer += _repeat_copy(dice, repeat)
    elif dice.chance(20):
        spacer += dice.site(ORIGIN) + dice.dna(40)
    if (left, right) == ("+", "-"):
        return before + spacer + after
    return before + (spacer + _nucleus(dice) if left == "+" else _nucleus(dice) + spacer) + after


def _nucleus(dice: Dice) -> bytes:
    """The heart of a promoter: one to three factor sites (or none: silent), up to two activators, often poly(dA:dT)."""
    elements = [dice.site(dice.pick(FACTORS)) for _ in range(dice.pick([0, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3]))]
    elements += [dice.site(dice.pick(ACTIVATORS)) for _ in range(dice.pick([0, 0, 1, 1, 2]))]
    if dice.chance(60):
        elements.append(dice.pick([b"A", b"T"]) * dice.between(12, 20))
    spaced = (dice.dna(dice.between(10, 18)) + element for element in dice.shuffle(elements))
    return b"".join(spaced) + dice.dna(12)


def _core(dice: Dice) -> bytes:
    """TATA box (one in twelve lacks it: silent), start sites, 5' UTR; the reading frame comes next."""
    tata = b"TATA" + dice.pick([b"AAAG", b"TAAG", b"AAAA", b"AATA", b"TATA", b"TAAA"])
    box = dice.dna(8) if dice.chance(8) else tata
    return dice.dna(dice.between(20, 35)) + box + dice.dna(dice.between(125, 150))


def _terminator(dice: Dice) -> bytes:
    """3' UTR with both signals that end a transcript."""
    signals = b"TATATA" + dice.dna(dice.between(8, 18)) + b"AATAAA"
    return dice.dna(dice.between(25, 50)) + signals + dice.dna(dice.between(25, 40))


def _reading_frame(dice: Dice, strand: str) -> bytes:
    """ATG, 120-330 codons, a stop codon."""
    letters = dice.dna(3 * dice.between(120, 330), CODING)
    codons = (letters[i : i + 3] for i in range(0, len(letters), 3))
    frame = b"ATG" + b"".join(codon[:2] + b"C" if codon in STOPS else codon for codon in codons) + dice.pick(STOPS)
    return frame if strand == "+" else reverse_complement(frame)


def _repeat_copy(dice: Dice, repeat: bytes) -> bytes:
    """A soft-masked copy, about one letter in twenty changed, in either direction."""
    kept = dice.integers(20, len(repeat)) > 0
    copy = np.where(kept, np.frombuffer(repeat, dtype=np.uint8), np.frombuffer(dice.dna(len(repeat)), dtype=np.uint8))
    return dice.pick([copy.tobytes(), reverse_complement(copy.tobytes())]).lower()


def _telomere(dice: Dice) -> bytes:
    """The left end's irregular C(1-3)A repeats."""
    repeats = b"".join(dice.pick([b"CA", b"CCA", b"CCCA"]) for _ in range(TELOMERE_BP))
    return repeats[:TELOMERE_BP]
