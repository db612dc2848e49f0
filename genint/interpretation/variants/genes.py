"""Genes of a BED, or whatever intervals get a sum of their own: which lie in a window, and where behind an indel."""

import hashlib
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from genint.errors import InputError
from genint.genome.bed import read_bed
from genint.genome.chromosome_names import reconcile_known
from genint.genome.dna_source import DnaSource
from genint.genome.region import Region
from genint.interpretation.variants.alleles import Variant


class Gene(NamedTuple):
    """A row of the BED: [start, end), 0-based."""

    start: int
    end: int
    name: str


@dataclass(frozen=True)
class Genes:
    """Genes by chromosome, each ordered by start. Strands make no difference: choose tracks of the strand."""

    by_chrom: Mapping[str, Sequence[Gene]]

    @property
    def digest(self) -> str | None:
        """By which a change of them is noticed; None where there are none."""
        text = "".join(f"{chrom}\t{gene}\n" for chrom, genes in self.by_chrom.items() for gene in genes)
        return hashlib.sha256(text.encode()).hexdigest() if text else None

    def touching(self, region: Region) -> Iterator[Gene]:
        """Those with a base in the region, from left to right."""
        genes = self.by_chrom.get(region.chrom, ())
        for gene in genes[: bisect_left(genes, region.end, key=lambda gene: gene.start)]:
            if gene.end > region.start:
                yield gene


def read_genes(path: Path | str, genome: DnaSource, aliases: list[list[str]] | None = None) -> Genes:
    """Read a BED in the genome's chromosome names; what lies on other chromosomes touches no variant.

    InputError for a file that is no BED, and where no row lies on a chromosome of the genome.
    """
    rows = [row for row in read_bed(path, genome.sizes) if isinstance(row.region, Region)]
    chroms = [row.region.chrom for row in rows]
    names = reconcile_known(chroms, genome.sizes, asked_by=f"`genes` {path}", known_by=str(genome), aliases=aliases)
    if not names:
        raise InputError(
            f"`genes` {path}: none of its {len(rows):,} row(s) lies on a chromosome of {genome}. "
            "Is it of the same assembly? Give another, or `aliases`, a UCSC chromAlias.txt"
        )
    found: dict[str, list[Gene]] = {}
    for row in rows:
        if row.region.chrom in names:
            gene = Gene(row.region.start, row.region.end, row.name)
            found.setdefault(names[row.region.chrom], []).append(gene)
    return Genes({chrom: sorted(genes) for chrom, genes in found.items()})


def behind(variant: Variant, position: int) -> int:
    """Where a base of the reference, by its position, lies in the alternative; a lost one where the allele ends."""
    if position <= variant.start:
        return position
    if position >= variant.end:
        return position - len(variant.ref) + len(variant.alt)
    return variant.start + min(position - variant.start, len(variant.alt))
