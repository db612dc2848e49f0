"""Genes in a window, and where they lie behind an indel."""

from pathlib import Path

import pytest

from genint.errors import InputError
from genint.genome.dna_source import SequenceSource
from genint.genome.region import Region
from genint.interpretation.variants.alleles import Variant
from genint.interpretation.variants.genes import Gene, Genes, behind, read_genes

SOURCE = SequenceSource("ACGT" * 100, "chr1")


def test_genes_come_in_the_genome_s_names_and_in_order(tmp_path: Path) -> None:
    (tmp_path / "genes.bed").write_text("1\t50\t90\tb\nchr1\t10\t20\ta\nchr9\t1\t2\tc\n")
    genes = read_genes(tmp_path / "genes.bed", SOURCE)
    assert genes.by_chrom == {"chr1": [Gene(10, 20, "a"), Gene(50, 90, "b")]}
    assert [gene.name for gene in genes.touching(Region("chr1", 19, 50))] == ["a"]
    assert [gene.name for gene in genes.touching(Region("chr1", 20, 51))] == ["b"]
    assert not list(genes.touching(Region("chr2", 0, 99)))


def test_a_change_of_the_genes_is_noticed() -> None:
    one, other = Genes({"chr1": [Gene(1, 2, "a")]}), Genes({"chr1": [Gene(1, 3, "a")]})
    assert one.digest != other.digest
    assert Genes({}).digest is None


def test_genes_of_another_genome_are_refused(tmp_path: Path) -> None:
    (tmp_path / "genes.bed").write_text("chr9\t1\t2\tc\n")
    with pytest.raises(InputError, match=r"genes.bed: none of its 1 row\(s\) lies on a chromosome"):
        read_genes(tmp_path / "genes.bed", SOURCE)


@pytest.mark.parametrize(
    ("variant", "moved"),
    [
        (Variant("chr1", 10, "AC", ""), [9, 10, 10, 10, 11]),
        (Variant("chr1", 10, "", "AC"), [9, 10, 13, 14, 15]),
        (Variant("chr1", 10, "ACG", "T"), [9, 10, 11, 11, 11]),
    ],
)
def test_what_lies_behind_an_indel_moves(variant: Variant, moved: list[int]) -> None:
    assert [behind(variant, position) for position in range(9, 14)] == moved
