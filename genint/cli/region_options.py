"""Where to predict and where not, as typed: turned into rows and intervals in the genome's own chromosome names."""

from collections.abc import Callable, Container
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from genint.errors import InputError

if TYPE_CHECKING:
    from genint.genome.bed import BedRow
    from genint.genome.fasta import Genome
    from genint.genome.region import Region

_LEAVE_OUT = "Leave them out"


@dataclass(frozen=True)
class RegionOptions:
    """What the user requested. typer.BadParameter for a choice that names nothing, or everything and something."""

    bed: Path | None
    regions: list[str]
    chroms: str
    whole_genome: bool
    aliases: Path | None
    blacklists: list[Path]

    def __post_init__(self) -> None:
        if not (self.bed or self.regions or self.chroms or self.whole_genome):
            raise typer.BadParameter("give a BED file, --region, --chroms or --whole-genome", param_hint="REGIONS")
        if self.whole_genome and (self.bed or self.regions or self.chroms):
            raise typer.BadParameter(
                "is everything; leave out REGIONS, --region and --chroms", param_hint="--whole-genome"
            )
        if self.chroms and not self.chroms.replace(",", "").strip():
            raise typer.BadParameter(f"{self.chroms!r} names no chromosome", param_hint="--chroms")

    def rows(self, genome: "Genome", say: Callable[[str], None]) -> "list[BedRow]":
        """What to predict."""
        from genint.genome.bed import BedRow, read_bed
        from genint.genome.region import Region

        if self.bed:
            rows = self._bed_rows(read_bed(self.bed, genome.sizes), genome, say)
        else:
            source = "--whole-genome" if self.whole_genome else "--chroms"
            chroms = genome.sizes if self.whole_genome else self._requested_chroms(genome)
            rows = [BedRow(source, Region(chrom, 0, genome.sizes[chrom]), chrom) for chrom in chroms]
        return rows + [self._region(text, genome) for text in self.regions]

    def blacklist(self, genome: "Genome", say: Callable[[str], None]) -> "list[Region]":
        """What not to predict. Rows on chromosomes that the genome does not have are left out with a note."""
        from genint.genome.bed import read_bed
        from genint.genome.chromosome_names import reconcile_known
        from genint.genome.region import Region

        found: list[Region] = []
        for path in self.blacklists:
            regions = [row.region for row in read_bed(path, genome.sizes) if isinstance(row.region, Region)]
            names = reconcile_known(
                [region.chrom for region in regions],
                genome.sizes,
                asked_by=f"`blacklist` {path}",
                known_by=str(genome.path),
                aliases=self._aliases,
            )
            kept = [replace(region, chrom=names[region.chrom]) for region in regions if region.chrom in names]
            if not kept:
                raise InputError(
                    f"`blacklist` {path}: none of its {len(regions):,} row(s) lies on a chromosome of {genome.path}. "
                    "Is it of the same assembly? Give another, or `aliases`, a UCSC chromAlias.txt"
                )
            if len(kept) < len(regions):
                say(f"{len(regions) - len(kept):,} of {len(regions):,} row(s) of {path} lie on no chromosome here")
            found += kept
        return found

    @cached_property
    def _aliases(self) -> list[list[str]] | None:
        from genint.genome.chromosome_names import read_aliases

        return read_aliases(self.aliases) if self.aliases else None

    def _reconcile(self, names: list[str], genome: "Genome", asked_by: str, advice: str) -> dict[str, str]:
        from genint.genome.chromosome_names import Advice, reconcile

        known_by, aliases = str(genome.path), self._aliases
        return reconcile(
            names, genome.sizes, asked_by=asked_by, known_by=known_by, aliases=aliases, advice=Advice(advice)
        )

    def _requested_chroms(self, genome: "Genome") -> list[str]:
        requested = _split_names(self.chroms, genome.sizes)
        return list(dict.fromkeys(self._reconcile(requested, genome, "`chroms`", _LEAVE_OUT).values()))

    def _bed_rows(self, rows: "list[BedRow]", genome: "Genome", say: Callable[[str], None]) -> "list[BedRow]":
        """The rows in the genome's names, unknown ones as they are; with --chroms, those there alone."""
        from genint.genome.chromosome_names import reconcile_known

        names = reconcile_known(
            [row.region.chrom for row in rows],
            genome.sizes,
            asked_by=str(self.bed),
            known_by=str(genome.path),
            aliases=self._aliases,
        )
        if not self.chroms and not names:
            chroms = [row.region.chrom for row in rows]
            self._reconcile(chroms, genome, str(self.bed), "Drop those rows")  # says what is there
        renamed = [
            row._replace(region=row.region.rename(names.get(row.region.chrom, row.region.chrom))) for row in rows
        ]
        if not self.chroms:
            return renamed
        chroms = self._requested_chroms(genome)
        kept = [row for row in renamed if row.region.chrom in chroms]
        self._report_left_out(len(rows), len(kept), say)
        return kept

    def _report_left_out(self, n_rows: int, n_kept: int, say: Callable[[str], None]) -> None:
        if not n_kept:
            raise InputError(
                f"`chroms` {self.chroms}: no row of {self.bed} lies there. Leave out `chroms`, or {self.bed}"
            )
        say(f"{n_rows - n_kept:,} of {n_rows:,} row(s) of {self.bed} are left out by --chroms")

    def _region(self, text: str, genome: "Genome") -> "BedRow":
        from genint.genome.bed import BedRow
        from genint.genome.region import parse_region, split_region

        names = self._reconcile([split_region(text, genome.sizes)[0]], genome, f"`region` {text}", _LEAVE_OUT)
        found = parse_region(text, {theirs: genome.sizes[ours] for theirs, ours in names.items()})
        return BedRow(f"--region {text}", replace(found, chrom=names[found.chrom]), ".")


def _split_names(text: str, known: Container[str]) -> list[str]:
    """The names in A,B. One that is known stays whole, whatever its commas (gi|1,2)."""
    words, names = [word.strip() for word in text.split(",")], list[str]()
    while words:
        n_words = next((n for n in range(len(words), 1, -1) if ",".join(words[:n]) in known), 1)
        names.append(",".join(words[:n_words]))
        words = words[n_words:]
    return [name for name in names if name]
