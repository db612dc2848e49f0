"""What masked bases can be guessed from without a model: their composition, or the bases around them."""

from typing import NamedTuple

import numpy as np

from genint.arrays import F64, I64
from genint.genome.dna import UNKNOWN, Tokens

FLANK = 3  # bases on each side that the stronger baseline knows


class MaskedScore(NamedTuple):
    """How well masked bases are predicted."""

    bases: int
    cross_entropy: float  # in nats; ln 4 = 1.386 when nothing is known
    accuracy: float


class ContextCounts:
    """Frequencies of bases between the `flank` bases on their two sides; with `flank` 0, the composition.

    Those neighbours are the true ones even where they are masked for a model, so this baseline knows more than one.
    """

    def __init__(self, flank: int) -> None:
        self._flank = flank
        self._counts = np.ones((4 ** (2 * flank), 4))  # one of each to begin with, so that none is impossible

    def add(self, tokens: Tokens) -> None:
        """Count the bases of a piece of DNA."""
        contexts, known = self._contexts(tokens)
        cells = contexts[known] * 4 + tokens[known]
        self._counts += np.bincount(cells, minlength=self._counts.size).reshape(self._counts.shape)

    def probabilities(self, tokens: Tokens) -> F64:
        """(L, 4): of each base at each position; the composition where a neighbour is unknown or past the end."""
        contexts, _ = self._contexts(tokens)
        frequencies = self._counts / self._counts.sum(1, keepdims=True)
        composition = self._counts.sum(0) / self._counts.sum()
        found: F64 = np.where((contexts >= 0)[:, None], frequencies[contexts], composition)
        return found

    def _contexts(self, tokens: Tokens) -> tuple[I64, np.ndarray]:
        """(L,) the number of the context, -1 where it holds an unknown base; (L,) where base and context are known."""
        padded = np.pad(tokens.astype(np.int64), self._flank, constant_values=UNKNOWN)
        contexts, length = np.zeros(len(tokens), dtype=np.int64), len(tokens)
        known = np.ones(len(tokens), dtype=bool)
        for offset in range(2 * self._flank + 1):
            if offset != self._flank:
                neighbours = padded[offset : offset + length]
                known &= neighbours != UNKNOWN
                contexts = contexts * 4 + np.minimum(neighbours, 3)
        return np.where(known, contexts, -1), known & (tokens != UNKNOWN)


def score_probabilities(probabilities: F64, targets: Tokens) -> MaskedScore:
    """The score of (N, 4) probabilities of N bases, of which those that are UNKNOWN do not count."""
    asked = targets != UNKNOWN
    chosen, bases = probabilities[asked], targets[asked]
    if not len(bases):
        return MaskedScore(0, float("nan"), float("nan"))
    logs = np.log(chosen[np.arange(len(bases)), bases])
    return MaskedScore(len(bases), float(-logs.mean()), float((chosen.argmax(1) == bases).mean()))
