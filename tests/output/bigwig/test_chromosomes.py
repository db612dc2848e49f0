"""Which of a genome's chromosomes a bigWig's are."""

from pathlib import Path

import numpy as np
import pytest

from genint.errors import InputError
from genint.genome.dna_source import SequenceSource
from genint.output.bigwig import BigWigReader, BigWigWriter, match_chromosomes

GENOME = SequenceSource("ACGT" * 64, "chr1")


def reader(path: Path, sizes: dict[str, int]) -> BigWigReader:
    with BigWigWriter(path, sizes, bin_bp=32) as bigwig:
        bigwig.add(next(iter(sizes)), 0, np.ones(4, np.float32))
    return BigWigReader(path)


def test_a_chromosome_may_go_by_another_spelling_and_others_are_left_out(tmp_path: Path) -> None:
    with reader(tmp_path / "a.bw", {"1": 256, "unplaced": 300}) as bigwig:
        assert match_chromosomes(bigwig, GENOME) == {"chr1": "1"}


def test_another_length_is_another_assembly(tmp_path: Path) -> None:
    with (
        reader(tmp_path / "a.bw", {"chr1": 257}) as bigwig,
        pytest.raises(InputError, match=r"a\.bw: chr1 is 257 bp long, in chr1 it is 256 bp.*not of one assembly"),
    ):
        match_chromosomes(bigwig, GENOME)


def test_a_bigwig_without_any_chromosome_of_the_genome_is_refused(tmp_path: Path) -> None:
    with (
        reader(tmp_path / "a.bw", {"scaffold": 256}) as bigwig,
        pytest.raises(InputError, match=r"chromosome\(s\) scaffold not in chr1, which has chr1"),
    ):
        match_chromosomes(bigwig, GENOME)
