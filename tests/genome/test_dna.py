"""Bases become numbers, and the other strand is the same DNA read backwards."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from genint.genome.dna import UNKNOWN, Tokens, reverse_complement, tokens

DNA = hnp.arrays(np.uint8, hnp.array_shapes(max_dims=3, max_side=20), elements=st.integers(0, UNKNOWN))


def test_a_c_g_t_are_0_1_2_3_and_the_rest_is_unknown() -> None:
    assert tokens(b"ACGTN-RYU*").tolist() == [0, 1, 2, 3, *[UNKNOWN] * 6]


def test_every_byte_is_a_token_and_only_eight_of_them_are_bases() -> None:
    every_byte = bytes(range(256))
    known = tokens(every_byte) != UNKNOWN
    assert bytes(np.frombuffer(every_byte, np.uint8)[known]) == b"ACGTacgt"


@given(st.binary(max_size=100))
def test_soft_masked_repeats_read_the_same_as_upper_case(sequence: bytes) -> None:
    np.testing.assert_array_equal(tokens(sequence.lower()), tokens(sequence.upper()))


def test_no_dna_is_no_tokens() -> None:
    assert tokens(b"").shape == (0,)


def test_the_other_strand_pairs_a_with_t_and_c_with_g_and_is_read_backwards() -> None:
    np.testing.assert_array_equal(reverse_complement(tokens(b"AACGN")), tokens(b"NCGTT"))


def test_each_sequence_of_a_batch_is_turned_by_itself() -> None:
    batch = np.stack([tokens(b"AACC"), tokens(b"GATN")])
    np.testing.assert_array_equal(reverse_complement(batch), np.stack([tokens(b"GGTT"), tokens(b"NATC")]))


@given(DNA)
def test_the_other_strand_of_the_other_strand_is_the_first(dna: Tokens) -> None:
    np.testing.assert_array_equal(reverse_complement(reverse_complement(dna)), dna)


def test_turning_dna_leaves_the_original_alone() -> None:
    dna = tokens(b"AACG").copy()
    reverse_complement(dna)[:] = UNKNOWN
    np.testing.assert_array_equal(dna, tokens(b"AACG"))
