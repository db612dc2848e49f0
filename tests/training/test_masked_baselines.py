"""Baselines for masked bases, held against counting one base at a time."""

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genint.genome.dna import UNKNOWN, Tokens
from genint.training.masked_baselines import ContextCounts, score_probabilities

dna = st.lists(st.integers(0, 4), min_size=1, max_size=60).map(lambda bases: np.array(bases, dtype=np.uint8))


def count_slowly(pieces: list[Tokens], flank: int) -> Counter[tuple[int, ...]]:
    counted: Counter[tuple[int, ...]] = Counter()
    for piece in pieces:
        for middle in range(flank, len(piece) - flank):
            word = tuple(int(base) for base in piece[middle - flank : middle + flank + 1])
            if UNKNOWN not in word:
                counted[word] += 1
    return counted


@given(st.lists(dna, min_size=1, max_size=3), dna, st.integers(0, 2))
def test_probabilities_are_frequencies_between_the_same_neighbours(
    pieces: list[Tokens], asked: Tokens, flank: int
) -> None:
    counts, counted = ContextCounts(flank), count_slowly(pieces, flank)
    for piece in pieces:
        counts.add(piece)
    found = counts.probabilities(asked)
    composition = [4 ** (2 * flank) + sum(n for word, n in counted.items() if word[flank] == base) for base in range(4)]
    for place in range(len(asked)):
        around = [int(base) for base in asked[max(place - flank, 0) : place + flank + 1]]
        whole = place >= flank and len(around) == 2 * flank + 1
        if whole and UNKNOWN not in around[:flank] + around[flank + 1 :]:
            words = [(*around[:flank], base, *around[flank + 1 :]) for base in range(4)]
            expected = [1 + counted[word] for word in words]
        else:
            expected = composition
        np.testing.assert_allclose(found[place], np.array(expected) / sum(expected))


def test_a_score_counts_known_bases_alone() -> None:
    probabilities = np.array([[0.7, 0.1, 0.1, 0.1], [0.25, 0.25, 0.4, 0.1], [0.1, 0.2, 0.3, 0.4]])
    score = score_probabilities(probabilities, np.array([0, UNKNOWN, 2], dtype=np.uint8))
    assert (score.bases, score.accuracy) == (2, 0.5)
    assert score.cross_entropy == pytest.approx(-(math.log(0.7) + math.log(0.3)) / 2)
    assert score_probabilities(probabilities, np.full(3, UNKNOWN, dtype=np.uint8)).bases == 0
