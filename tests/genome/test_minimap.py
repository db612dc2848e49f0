"""Pieces of a sequence align where they come from, on either strand; without mappy there is a way out."""

import sys
from pathlib import Path

import pytest

from genint.console import Console
from genint.errors import InputError
from genint.genome.fasta import Genome
from genint.genome.loaded_fasta import LoadedFasta
from genint.genome.minimap import align
from tests.genome.fastas import LARGE, fasta, written
from tests.genome.relatives import reversed_complement


@pytest.mark.parametrize("reverse", [False, True])
def test_blocks_of_every_piece_are_where_the_bases_are_the_same(
    reverse: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("mappy")
    monkeypatch.setattr("genint.genome.minimap.PIECE_BP", 20_000)
    monkeypatch.setattr("genint.genome.minimap.STEP_BP", 15_000)
    copy = LARGE["chr3"][500:33_000] + "A" + LARGE["chr3"][33_010:]
    relative = {"x": reversed_complement(copy) if reverse else copy}
    with Genome(written(tmp_path / "genome.fa", fasta(LARGE))) as genome:
        found = align(genome, LoadedFasta(written(tmp_path / "x.fa", fasta(relative))), Console(quiet=True))
    assert len(found) == 3
    covered = set()
    for alignment in found:
        assert alignment[:3] == ("chr3", "x", reverse)
        for start, first, length in alignment.blocks.tolist():
            same = zip(LARGE["chr3"][start : start + length], copy[first : first + length], strict=True)
            assert sum(a == b for a, b in same) >= length - 2
            covered.update(range(start, start + length))
    assert len(covered) > len(copy) - 100


def test_without_mappy_one_line_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mappy", None)
    path = written(tmp_path / "genome.fa", fasta(LARGE))
    with Genome(path) as genome, pytest.raises(InputError, match=r"mappy.*pip install 'genint\[align\]'.*`alignment`"):
        align(genome, LoadedFasta(path), Console(quiet=True))
