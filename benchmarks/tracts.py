"""Do poly(dA:dT) tracts matter to predictions? Whole tracts replaced, beside stretches without one.

    python benchmarks/tracts.py GENOME TRANSCRIPTS.bed [--model MODEL] [--chroms chrII chrXIII] [--most 150]

Tracts are runs of 10 or more A, or T, in promoters (see promoters.py), `--most` of them drawn at random. A single
substitution leaves most of a tract as it is, so that it is written over as a whole, by 4 draws of random DNA with the
promoters' base composition; so is a stretch as long, without 5 equal letters in a row, in another promoter at the same
distance from its start. Score: the mean change over the draws. Prints AUROC of its size with 95 % intervals of a
bootstrap over pairs, and mean changes, where below 0 means that replacing lowers the signal.
"""

import re
from collections.abc import Sequence

import numpy as np
import torch
from promoters import Start, find_groups, make_parser, read_starts, read_windows, replace_sites, write_auroc, write_mean

from genint.arrays import F64, U8
from genint.genome.dna import to_text
from genint.genome.fasta import Genome
from genint.genome.region import Region
from genint.models.folder import Model, load_model

ASSAYS = ("ATAC", "CAGE", "RNA", "Orc6", "Pol II")
TRACT, RUN = re.compile("A{10,}|T{10,}"), re.compile(r"(.)\1{4}")
REPLACEMENTS = 4


def find_tracts(genome: Genome, starts: Sequence[Start]) -> list[tuple[Region, Start]]:
    """Every tract that lies in a promoter as a whole, once."""
    found: dict[Region, Start] = {}
    for start in starts:
        promoter = start.promoter
        for hit in TRACT.finditer(to_text(genome.tokens(start.chrom, promoter.start, promoter.stop))):
            found.setdefault(Region(start.chrom, promoter.start + hit.start(), promoter.start + hit.end()), start)
    return sorted(found.items(), key=lambda each: (each[0].chrom, each[0].start))


def find_control(
    tract: Region, own: Start, starts: Sequence[Start], genome: Genome, draw: np.random.Generator
) -> Region:
    """A stretch as long as the tract, without a run, as far from another promoter's start as the tract from its own."""
    offset = own.sign * ((tract.start + tract.end) // 2 - own.position)
    while True:
        other = starts[int(draw.integers(len(starts)))]
        middle = other.position + other.sign * (offset + int(draw.integers(-10, 11)))
        first = middle - len(tract) // 2
        inside = first >= 0 and first + len(tract) <= genome.sizes[other.chrom]
        if inside and not RUN.search(to_text(genome.tokens(other.chrom, first, first + len(tract)))):
            return Region(other.chrom, first, first + len(tract))


def base_frequencies(genome: Genome, starts: Sequence[Start]) -> F64:
    """(4,): of the promoters' bases."""
    bases = np.concatenate([genome.tokens(start.chrom, start.promoter.start, start.promoter.stop) for start in starts])
    counts = np.bincount(bases[bases < 4], minlength=4)
    frequencies: F64 = counts / counts.sum()
    return frequencies


def mean_change(model: Model, genome: Genome, sites: Sequence[Region], frequencies: F64) -> F64:
    """(sites, groups): what writing random DNA over each site adds to the scores."""
    draw, groups = np.random.default_rng(1), find_groups(model.tracks, ASSAYS)
    changes = []
    for site, window in zip(sites, read_windows(genome, model, sites), strict=True):
        written: U8 = draw.choice(4, size=(REPLACEMENTS, len(site)), p=frequencies).astype(np.uint8)
        changes.append(replace_sites(model, window, groups, written).mean(0))
    return np.stack(changes)


def main() -> None:
    parser = make_parser(__doc__, most=150)
    options = parser.parse_args()
    torch.set_num_threads(1)
    model, starts = load_model(options.model), read_starts(options.transcripts, options.chroms)
    draw = np.random.default_rng(0)
    with Genome(options.genome) as genome:
        tracts, frequencies = find_tracts(genome, starts), base_frequencies(genome, starts)
        chosen = [tracts[number] for number in sorted(draw.permutation(len(tracts))[: options.most])]
        controls = [find_control(tract, start, starts, genome, draw) for tract, start in chosen]
        own = mean_change(model, genome, [tract for tract, _ in chosen], frequencies)
        others = mean_change(model, genome, controls, frequencies)
    print(f"{len(chosen)} of {len(tracts)} tracts\n\n| assay | AUROC | change: tracts | controls |\n|---|---|---|---|")
    for number, assay in enumerate(ASSAYS):
        size = write_auroc(np.abs(own[:, number]), np.abs(others[:, number]))
        print(f"| {assay} | {size} | {write_mean(own[:, number])} | {write_mean(others[:, number])} |")


if __name__ == "__main__":
    main()
