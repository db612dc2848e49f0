"""How the DNA of a training window may differ from the genome's: a relative's bases, and random substitutions."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from genint.arrays import F64
from genint.genome import dna
from genint.genome.relatives import RelativeInfo


@dataclass(frozen=True, kw_only=True)
class Variation:
    """None, unless asked for.

    `relatives`: fraction of the windows whose DNA is a relative's. `identity_power`: a relative is drawn with a chance
    that grows as its identity to this power. `mutation_rate`: the most of a window's known bases that random other
    bases replace; each window draws its own fraction, uniformly from 0 to this. `clean_from`: number of the window from
    which on there is none of this; None: there is no such.
    """

    relatives: float = 0.0
    identity_power: float = 0.0
    mutation_rate: float = 0.0
    clean_from: int | None = None

    def is_clean(self, window: int) -> bool:
        """Whether the window of this number has the genome's own DNA."""
        return self.clean_from is not None and window >= self.clean_from

    def chances(self, relatives: Sequence[RelativeInfo]) -> F64:
        """(R + 1,): of the genome itself, then of each relative."""
        if not relatives:
            return np.ones(1)
        identities = np.array([info.identity for info in relatives])
        weights = (identities / identities.max()) ** self.identity_power  # so that no power makes all of them 0
        return np.concatenate([[1 - self.relatives], self.relatives * weights / weights.sum()])

    def mutate(self, tokens: dna.Tokens, draw: np.random.Generator) -> dna.Tokens:
        """A copy with substitutions; nothing is drawn where `mutation_rate` is 0."""
        if not self.mutation_rate:
            return tokens
        replaced = draw.random(len(tokens)) < draw.uniform(0, self.mutation_rate)
        others = (tokens + draw.integers(1, 4, len(tokens), dtype=np.uint8)) % 4
        return np.where(replaced & (tokens != dna.UNKNOWN), others, tokens)
