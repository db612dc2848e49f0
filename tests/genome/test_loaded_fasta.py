"""A FASTA in memory holds what it says, gzipped or not, and what is none is refused with its line."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from genint.errors import InputError
from genint.genome.dna import tokens
from genint.genome.loaded_fasta import LoadedFasta
from tests.genome.fastas import YEAST, fasta, written


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("width", [7, 60])
def test_every_sequence_is_there_plain_and_gzipped(newline: str, width: int, tmp_path: Path) -> None:
    content = fasta(YEAST, width, newline)
    plain, packed = written(tmp_path / "a.fa", content), written(tmp_path / "a.fa.gz", gzip.compress(content))
    for path in (plain, packed):
        loaded = LoadedFasta(path)
        assert loaded.sizes == {name: len(sequence) for name, sequence in YEAST.items()}
        assert all(np.array_equal(loaded.sequences[name], tokens(bases.encode())) for name, bases in YEAST.items())


def test_records_without_bases_are_left_out(tmp_path: Path) -> None:
    assert LoadedFasta(written(tmp_path / "a.fa", b";\n>empty\n>one of two\nAC\nGT\n\n>\tlast\n")).sizes == {"one": 4}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "holds no bases"),
        (b">a\n", "holds no bases"),
        (b"ACGT\n", "line 1: starts with 'ACGT'"),
        (b">a\nACGT\n>a\nACGT\n", "line 3: names a twice"),
        (b">\nACGT\n", "line 1: names no sequence"),
        (b">a\nACGT\nMKLV\n", "line 3: holds the letter"),
    ],
)
def test_what_is_no_fasta_is_refused_with_its_line(content: bytes, words: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=words):
        LoadedFasta(written(tmp_path / "a.fa", content))
