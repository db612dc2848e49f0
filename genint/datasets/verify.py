"""Compare a data set with its genome, base by base, and read every chunk of it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from genint.console import Console
from genint.datasets.dataset import Segment, TrackDataset
from genint.errors import InputError
from genint.genome.chromosome_names import Advice, reconcile
from genint.genome.fasta import Genome

_BLOCK_BP = 1 << 20
_BLOCK_VALUES = 1 << 24


@dataclass(frozen=True)
class Finding:
    """What is wrong with a segment: `line` of segments.tsv, how many bases differ, and what first."""

    line: int
    chrom: str
    start: int
    end: int
    status: str  # differs, damaged
    bases: int
    note: str


def verify(
    dataset: TrackDataset,
    genome: Genome,
    *,
    aliases: list[list[str]] | None = None,
    console: Console | None = None,
) -> Iterator[Finding]:
    """Yield a finding for each segment whose DNA is not the genome's, or that holds a damaged or missing chunk.

    Beyond a chromosome's ends the data set must have unknown DNA. Raises InputError for a chromosome that the genome
    lacks.
    """
    names = reconcile(
        [segment.chrom for segment in dataset.segments],
        genome.sizes,
        asked_by=str(dataset.path / "segments.tsv"),
        known_by=str(genome.path),
        aliases=aliases,
        advice=Advice("Give the FASTA that the data set was made of"),
    )
    with (console or Console(quiet=True)).progress("verifying", len(dataset.segments), "segments") as advance:
        for line, segment in enumerate(dataset.segments, start=2):
            place = (line, segment.chrom, segment.start, segment.end)
            try:
                bases, note = _compare(dataset, segment, genome, names[segment.chrom])
                _read_rest(dataset, segment)
            except InputError as error:
                yield Finding(*place, "damaged", 0, str(error))
            else:
                if bases:
                    yield Finding(*place, "differs", bases, note)
            advance(1)


def _compare(dataset: TrackDataset, segment: Segment, genome: Genome, chrom: str) -> tuple[int, str]:
    """How many bases of the segment's DNA are not the genome's, and the first of them in words."""
    bases, note = 0, ""
    for start in range(segment.dna_start, segment.dna_end, _BLOCK_BP):
        end = min(start + _BLOCK_BP, segment.dna_end)
        ours, theirs = dataset.tokens(segment, start - segment.start, end - start), genome.tokens(chrom, start, end)
        differ = np.flatnonzero(ours != theirs)
        if len(differ) and not bases:
            at = int(differ[0])
            note = f"first at {chrom}:{start + at + 1:,}: {'ACGTN'[ours[at]]}, the genome has {'ACGTN'[theirs[at]]}"
        bases += len(differ)
    return bases, note


def _read_rest(dataset: TrackDataset, segment: Segment) -> None:
    """Every chunk of targets and relatives' DNA."""
    for relative in range(len(dataset.relatives)):
        for start in range(segment.dna_start, segment.dna_end, _BLOCK_BP):
            end = min(start + _BLOCK_BP, segment.dna_end)
            dataset.tokens(segment, start - segment.start, end - start, relative)
    step = max(_BLOCK_VALUES // len(dataset.tracks), 1)
    for first in range(0, segment.bins(dataset.bin_bp), step):
        dataset.targets(segment, first, step)
