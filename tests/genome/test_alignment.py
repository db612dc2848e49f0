"""PAFs and chains of one alignment read as the same blocks; what does not fit the two genomes is named."""

import gzip
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genint.errors import InputError
from genint.genome.alignment import Alignment, read_alignments
from tests.genome.relatives import make_relative


class Sizes(NamedTuple):
    sizes: dict[str, int]


def read(path: Path, text: str, target: int, query: int) -> list[Alignment]:
    path.write_text(text)
    return read_alignments(path, Sizes({"t": target}), Sizes({"q": query}))


def pairs(alignment: Alignment) -> list[tuple[int, int]]:
    """Positions that are aligned to each other."""
    return [(start + i, first + i) for start, first, length in alignment.blocks.tolist() for i in range(length)]


@given(seed=st.integers(0, 10**6))
def test_paf_and_chain_of_one_alignment_align_the_same_bases(
    seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    made, path = make_relative(seed), tmp_path_factory.getbasetemp() / "alignment"
    if not made.paf:
        return
    sizes = len(made.reference), len(made.sequence)
    paf, chains = read(path, made.paf, *sizes), read(path, made.chain, *sizes)
    assert [each[:3] for each in paf] == [each[:3] for each in chains]
    assert [pairs(each) for each in paf] == [pairs(each) for each in chains]


PAF = "q\t20\t2\t12\t{}\tt\t30\t5\t16\t9\t12\t60\t{}cg:Z:4=1X2D3M1I1M\n"


def test_the_numbers_of_a_paf_are_those_of_its_blocks(tmp_path: Path) -> None:
    expected = [[5, 2, 4], [9, 6, 1], [12, 7, 3], [15, 11, 1]]
    (forward,) = read(tmp_path / "a", PAF.format("+", ""), 30, 20)
    assert forward.blocks.tolist() == expected
    assert forward.bases == 9
    (reverse,) = read(tmp_path / "a", PAF.format("-", "tp:A:P\t"), 30, 20)
    assert reverse.reverse
    assert reverse.blocks.tolist() == [[a, b + 6, n] for a, b, n in expected]


def test_secondary_alignments_and_comments_are_left_out_and_gzip_is_read(tmp_path: Path) -> None:
    text = "# made up\n" + PAF.format("+", "tp:A:S\t") + "\n" + PAF.format("+", "")
    (tmp_path / "a.paf.gz").write_bytes(gzip.compress(text.encode()))
    (only,) = read_alignments(tmp_path / "a.paf.gz", Sizes({"t": 30}), Sizes({"q": 20}))
    assert np.array_equal(only.blocks, read(tmp_path / "b", text, 30, 20)[0].blocks)


CHAIN = "chain 5 t 30 + 5 16 q 20 + 2 12 1\n5 2 0\n3 0 1\n1\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("\n", "holds no alignment"),
        ("ACGT\n", "line 1: is no line of a PAF. Expected a PAF of minimap2 -c, or a UCSC chain"),
        (PAF.format("+", "").replace("cg:Z:", "cs:Z:"), r"line 1: has no CIGAR \(cg:Z:\).*minimap2 with -c"),
        (PAF.format("+", "").replace("1I1M", "1"), "line 1: has no CIGAR"),
        (PAF.format("+", "").replace("1I1M", "1I"), "line 1: its CIGAR covers 10 bp of the target and 9 of the query"),
        (PAF.format("+", "").replace("\tt\t30", "\tt\t31"), "line 1: its target t is 31 bp long, in .* it is 30 bp"),
        (PAF.format("+", "").replace("\tt\t", "\tchr9\t"), "line 1: its target chr9 is not in .*, which has t"),
        (PAF.format("+", "").replace("q\t20", "q\t21"), "line 1: its query q is 21 bp long"),
        (PAF.format("*", ""), "line 1: is no line of a PAF"),
        (CHAIN.replace("q 20", "other 20"), "line 1: its query other is not in .*, which has q"),
        (CHAIN.replace("t 30", "t 300"), "line 1: its target t is 300 bp long"),
        (CHAIN.replace("\n1\n", "\n"), "line 1: the file ends within this chain"),
        (CHAIN.replace("\n1\n", "\n2\n"), "line 1: the blocks of this chain do not end where its header says"),
        (CHAIN.replace("3 0 1", "3 0"), "line 3: is no block of a chain"),
        (CHAIN + "7 7 7\n", "line 5: is no header of a chain"),
        (CHAIN.replace("t 30 +", "t 30 -"), "line 1: is no header of a chain, whose target is on the"),
    ],
)
def test_what_does_not_fit_is_named_with_its_line(text: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=words):
        read(tmp_path / "bad", text, 30, 20)
