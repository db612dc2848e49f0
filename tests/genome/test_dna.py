"""Bases become numbers, and the other strand is the same DNA read backwards."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from genint.genome.dna import UNKNOWN, Tokens, describe_other_letters, reverse_complement, to_text, tokens

DNA = hnp.arrays(np.uint8, hnp.array_shapes(max_dims=3, max_side=20), elements=st.integers(0, UNKNOWN))


def test_a_c_g_t_are_0_1_2_3_and_the_rest_is_unknown() -> None:
    assert tokens(b"ACGTN-RY*").tolist() == [0, 1, 2, 3, *[UNKNOWN] * 5]


def test_every_byte_is_a_token_and_only_ten_of_them_are_bases() -> None:
    every_byte = bytes(range(256))
    known = tokens(every_byte) != UNKNOWN
    assert bytes(np.frombuffer(every_byte, np.uint8)[known]) == b"ACGTUacgtu"


@given(st.text("ACGTNacgtn"))
def test_rna_is_the_dna_it_was_read_from(sequence: str) -> None:
    rna = sequence.replace("T", "U").replace("t", "u")
    np.testing.assert_array_equal(tokens(rna.encode()), tokens(sequence.encode()))


@pytest.mark.parametrize(
    ("sequence", "words"),
    [
        (b"ACGTUNXRYSWKMBDHVacgtunxryswkmbdhv", ""),
        (b"", ""),
        (b"MKVLAAGIVGLPEF*", "holds the letter(s) E, F, I, L, P, which are no bases. Is it protein?"),
        (b"        1 gatcctccat atacaacggt", "holds numbers, as GenBank's files do"),
        (b"ACGT*", "holds '*', a stop of a protein or the end mark of a record"),
        (b"AC--GT", "holds gaps ('-' or '.')"),
        (b"AC..GT", "holds gaps ('-' or '.')"),
        (b"ACGT ", "holds white space (' ')"),
        (b"ACGT\t", "holds white space ('\\t')"),
        (b"AC\x0cGT", "holds white space ('\\x0c')"),
        (b"AC\xc2\xa0GT", "holds white space ('\\xa0')"),
        (b"AC\rGT", "holds white space ('\\r')"),
        (b"AC;GT", "holds ';', which is no base"),
        (b"AC\xffGT", "which is no base"),
    ],
)
def test_what_is_no_base_is_described_by_what_it_is(sequence: bytes, words: str) -> None:
    found = describe_other_letters(sequence)
    assert found.startswith(words) if words.startswith("holds") or not words else words in found
    assert bool(found) == bool(words)


@given(st.binary(max_size=100))
def test_soft_masked_repeats_read_the_same_as_upper_case(sequence: bytes) -> None:
    np.testing.assert_array_equal(tokens(sequence.lower()), tokens(sequence.upper()))


@given(st.text("ACGTN"))
def test_tokens_are_written_as_the_letters_they_were_read_from(sequence: str) -> None:
    assert to_text(tokens(sequence.encode())) == sequence


def test_no_dna_is_no_tokens() -> None:
    assert tokens(b"").shape == (0,)


def test_the_other_strand_pairs_a_with_t_and_c_with_g_and_is_read_backwards() -> None:
    np.testing.assert_array_equal(reverse_complement(tokens(b"AACGN")), tokens(b"NCGTT"))


def test_each_sequence_of_a_batch_is_reverse_complemented_by_itself() -> None:
    batch = np.stack([tokens(b"AACC"), tokens(b"GATN")])
    np.testing.assert_array_equal(reverse_complement(batch), np.stack([tokens(b"GGTT"), tokens(b"NATC")]))


@given(DNA)
def test_the_other_strand_of_the_other_strand_is_the_first(dna: Tokens) -> None:
    np.testing.assert_array_equal(reverse_complement(reverse_complement(dna)), dna)


def test_reverse_complementing_leaves_the_original_alone() -> None:
    dna = tokens(b"AACG").copy()
    reverse_complement(dna)[:] = UNKNOWN
    np.testing.assert_array_equal(dna, tokens(b"AACG"))
