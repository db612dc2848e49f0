"""What can be read as DNA: a genome, a changed genome, a plain sequence."""

import hashlib
from collections.abc import Mapping
from typing import Protocol

import numpy as np

from genint.errors import InputError
from genint.genome import dna


class Chromosomes(Protocol):
    """The chromosomes of a genome. `str()` of it names it in messages."""

    @property
    def sizes(self) -> Mapping[str, int]:
        """Chromosome name -> length in bp, in genome order."""


class DnaSource(Chromosomes, Protocol):
    """DNA by coordinates."""

    def tokens(self, chrom: str, start: int, end: int) -> dna.Tokens:
        """Tokens of [start, end), 0-based: a uint8 array of length end - start, UNKNOWN beyond the two ends."""

    def identity(self) -> dict[str, object]:
        """Which DNA this is, as JSON, so that a run does not resume on another."""


class SequenceSource:
    """One sequence as a genome of one chromosome, `name`. Raises InputError where it is empty, or no DNA or RNA."""

    def __init__(self, sequence: str, name: str = "sequence") -> None:
        if not sequence:
            raise InputError("`sequence`: is empty. Expected DNA of at least 1 bp")
        if fault := dna.describe_other_letters(sequence.encode(errors="replace")):
            raise InputError(f"`sequence`: {fault}")
        self._name = name
        self._tokens = dna.tokens(sequence.encode())
        self.sizes = {name: len(sequence)}

    def tokens(self, chrom: str, start: int, end: int) -> dna.Tokens:
        """See DnaSource."""
        tokens = np.full(end - start, dna.UNKNOWN, dtype=np.uint8)
        first, last = max(start, 0), min(end, self.sizes[chrom])
        if first < last:
            tokens[first - start : last - start] = self._tokens[first:last]
        return tokens

    def identity(self) -> dict[str, object]:
        """See DnaSource."""
        return {"name": self._name, "digest": hashlib.sha256(self._tokens.tobytes()).hexdigest()}

    def __str__(self) -> str:
        return self._name
