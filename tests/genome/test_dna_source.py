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


def test_ambiguous_bases_are_unknown_and_u_is_t() -> None:
    assert SequenceSource("ARnu").tokens("sequence", 0, 4).tolist() == [0, 4, 4, 3]


@pytest.mark.parametrize(("sequence", "fault"), [("", "is empty"), ("Aé", "É"), ("A-", "gaps"), ("A\n", "white space")])
def test_what_is_no_sequence_of_bases_is_refused(sequence: str, fault: str) -> None:
    with pytest.raises(InputError, match="`sequence`: ") as caught:
        SequenceSource(sequence)
    assert fault in str(caught.value)
