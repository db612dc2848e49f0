"""Deal the chromosomes that are to be predicted to parts, each of which is a job. Writes a row per part: part (its
number and its longest chromosome), chroms, bp (to be predicted)."""

import heapq
import re
import sys
from collections import Counter
from collections.abc import Mapping
from contextlib import redirect_stderr
from pathlib import Path
from typing import Any

import pandas as pd

from genint.errors import UserError
from genint.genome.bed import read_bed
from genint.genome.chromosome_names import reconcile_known
from genint.genome.fasta import Genome
from genint.text import write_tsv


def deal(bp: Mapping[str, int], most: int) -> list[list[str]]:
    """Chromosomes in at most `most` parts that are about equal: the longest first, each to the part that has least."""
    parts: list[tuple[int, int, list[str]]] = [(0, number, []) for number in range(min(most, len(bp)))]
    for chrom in sorted(bp, key=lambda chrom: -bp[chrom]):
        held, number, chroms = parts[0]
        heapq.heapreplace(parts, (held + max(bp[chrom], 1), number, [*chroms, chrom]))
    return [chroms for _, _, chroms in sorted(parts, key=lambda part: part[1])]


def requested_bp(genome: Genome, beds: list[str]) -> Mapping[str, int]:
    """Bases to be predicted of each chromosome: all, or those of rows of a BED, overlaps counted twice."""
    if not beds:
        return genome.sizes
    rows = read_bed(beds[0], genome.sizes)
    names = reconcile_known(
        [row.region.chrom for row in rows], genome.sizes, asked_by=beds[0], known_by=str(genome.path)
    )
    bp: Counter[str] = Counter()
    for row in rows:
        if row.region.chrom in names:
            bp[names[row.region.chrom]] += row.region.end - row.region.start
    if left_out := sum(row.region.chrom not in names for row in rows):
        print(f"{left_out} of {len(rows)} row(s) of {beds[0]} lie on no chromosome of {genome.path}", file=sys.stderr)
    if not bp:
        raise UserError(f"{beds[0]}: no row lies on a chromosome of {genome.path}. Is it of the same assembly?")
    return bp


def table_of_parts(bp: Mapping[str, int], most: int) -> pd.DataFrame:
    parts = deal(bp, most)
    return pd.DataFrame(
        {
            "part": [f"{n}-{re.sub(r'[^A-Za-z0-9_.-]', '_', chroms[0])}" for n, chroms in enumerate(parts, 1)],
            "chroms": [",".join(chroms) for chroms in parts],
            "bp": [sum(bp[chrom] for chrom in chroms) for chroms in parts],
        }
    )


def main(job: Any) -> None:
    """What Snakemake runs; `job` is its description of the rule."""
    with open(job.log[0], "w") as log, redirect_stderr(log):
        try:
            with Genome(job.input.genome) as genome:
                bp = requested_bp(genome, list(job.input.regions))
        except UserError as error:
            log.write(f"{error}\n")
            sys.exit(str(error))
    write_tsv(Path(job.output[0]), table_of_parts(bp, job.params.most))


if __name__ == "__main__":
    main(snakemake)  # type: ignore[name-defined]  # noqa: F821  # Snakemake puts it before the first line
