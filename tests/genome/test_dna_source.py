"""A plain sequence as a genome."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genint.errors import InputError
from genint.genome.dna_source import DnaSource, SequenceSource


def test_a_sequence_is_a_genome_of_one_chromosome() -> None:
    source: DnaSource = SequenceSource("ACGTn")
    assert source.sizes == {"sequence": 5}
    assert source.tokens("sequence", 0, 5).tolist() == [0, 1, 2, 3, 4]
    assert str(SequenceSource("A", name="promoter")) == "promoter"


@given(st.text("ACGTN", min_size=1, max_size=20), st.integers(-30, 30), st.integers(0, 40))
def test_tokens_are_those_of_the_bases_and_unknown_beyond_both_ends(sequence: str, start: int, length: int) -> None:
    found = SequenceSource(sequence).tokens("sequence", start, start + length)
    inside = range(len(sequence))
    assert found.tolist() == [
        "ACGTN".index(sequence[base]) if base in inside else 4 for base in range(start, start + length)
    ]


def test_the_identity_tells_sequences_apart_and_not_their_case() -> None:
    assert SequenceSource("ACGT").identity() == SequenceSource("acgt").identity()
    assert SequenceSource("ACGT").identity() != SequenceSource("ACGA").identity()


def test_an_empty_sequence_and_what_is_no_base_are_refused() -> None:
    with pytest.raises(InputError, match="`sequence`: is empty"):
        SequenceSource("")
    with pytest.raises(InputError, match="`sequence`: holds the letter"):
        SequenceSource("Aé")
    with pytest.raises(InputError, match="`sequence`: holds gaps"):
        SequenceSource("A-")
