"""Compare a data set with its genome, base by base, and read every chunk of it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from genint.datasets.dataset import DataSet, Stretch
from genint.errors import InputError
from genint.genome.chromosome_names import reconcile
from genint.genome.fasta import Genome

_PIECE_BP = 1 << 20
_PIECE_VALUES = 1 << 24


@dataclass(frozen=True)
class Finding:
    """What is wrong with a stretch: `line` of stretches.tsv, how many bases differ, and what first."""

    line: int
    chrom: str
    start: int
    end: int
    status: str  # differs, damaged
    bases: int
    note: str


def verify(
    dataset: DataSet,
    genome: Genome,
    *,
    aliases: list[list[str]] | None = None,
    advance: Callable[[int], None] = lambda steps: None,
) -> Iterator[Finding]:
    """Yield a finding for each stretch whose DNA is not the genome's, or that holds a damaged or missing chunk.

    Beyond a chromosome's ends the data set must have unknown DNA. Raises InputError for a chromosome that the genome
    lacks.
    """
    names = reconcile(
        [stretch.chrom for stretch in dataset.stretches],
        genome.sizes,
        asked_by=str(dataset.path / "stretches.tsv"),
        known_by=str(genome.path),
        aliases=aliases,
    )
    for line, stretch in enumerate(dataset.stretches, start=2):
        place = (line, stretch.chrom, stretch.start, stretch.end)
        try:
            bases, note = _compare(dataset, stretch, genome, names[stretch.chrom])
            _read_targets(dataset, stretch)
        except InputError as error:
            yield Finding(*place, "damaged", 0, str(error))
        else:
            if bases:
                yield Finding(*place, "differs", bases, note)
        advance(1)


def _compare(dataset: DataSet, stretch: Stretch, genome: Genome, chrom: str) -> tuple[int, str]:
    """How many bases of the stretch's DNA are not the genome's, and the first of them in words."""
    bases, note = 0, ""
    for start in range(stretch.dna_start, stretch.dna_end, _PIECE_BP):
        end = min(start + _PIECE_BP, stretch.dna_end)
        ours, theirs = dataset.tokens(stretch, start - stretch.start, end - start), genome.tokens(chrom, start, end)
        differ = np.flatnonzero(ours != theirs)
        if len(differ) and not bases:
            at = int(differ[0])
            note = f"first at {chrom}:{start + at + 1:,}: {'ACGTN'[ours[at]]}, the genome has {'ACGTN'[theirs[at]]}"
        bases += len(differ)
    return bases, note


def _read_targets(dataset: DataSet, stretch: Stretch) -> None:
    step = max(_PIECE_VALUES // len(dataset.tracks), 1)
    for first in range(0, stretch.bins(dataset.bin_bp), step):
        dataset.targets(stretch, first, step)
