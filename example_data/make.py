"""Make the example data: a synthetic genome of 300 kb and the bigWigs of assays that were simulated on it.

    python example_data/make.py [--out DIR]

`assembly.py` writes the genome, `grammar.py` says where signal is expected, this file draws reads from that
expectation (so the noise is a sequencer's: Poisson counts at a fixed depth) and writes everything. The same files come
out every time and everywhere: random numbers are PCG64's raw output, and all arithmetic before writing is in integers.
"""

import argparse
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyBigWig
from assembly import Dice, chromosome, overwrite
from grammar import (
    MOTIFS,
    TATA,
    TERMINATOR,
    Weights,
    capped_ends,
    find_sites,
    fragment_starts,
    openness,
    read_starts,
    reverse_complement,
    transcripts,
)

Strand = tuple[str, str]  # ("plus", "chr1"); ("", "chr1") where an assay does not tell strands apart

SEED = 128
SIZES = {"chr1": 204_800, "chr2": 60_003, "chr3": 35_073}  # 1600 bins; 468 and 99 bp; 274 and 1 bp
REPEAT_BP = 330

GAP = ("chr2", 20_011, 22_050)  # the N run: neither edge is a bin's border
ODD_LETTERS = {"chr1": {7_777: b"N", 40_960: b"R", 150_016: b"n"}, "chr2": {10_000: b"Y"}, "chr3": {12_345: b"NN"}}

PILE_UP = ("chr1", 90_100, 90_612)  # an artefact of the unstranded assays
PILE_UP_TIMES = 60  # stray reads there, compared with elsewhere
EXCLUDE = ((*PILE_UP, "pile_up"), ("chr3", 34_700, 35_073, "telomere"))

ALIASES = (("# ucsc", "assembly", "refseq"), *((f"chr{n}", str(n), f"SYN_00000{n}.1") for n in (1, 2, 3)))

REGIONS = """\
# Regions to predict: unsorted on purpose, see README.md
track name="example" description="regions of the synthetic genome"
chr2\t18000\t26000\tover_the_N_run
chr1\t120000\t136384\tpromoters
chr1\t0\t2500\tfrom_the_first_base
chr3\t33000\t35073\tto_the_last_base
chr1\t130000\t140001\toverlaps_promoters
chr1\t64000\t64001\tone_base
chr3\t4097\t20480\tnot_on_bin_borders
chr1\t120000\t136384\tpromoters_again
chr2\t59900\t60003\tinto_the_last_bin
chr2\t20100\t21900\tonly_N
chr1\t88000\t94000\tover_an_excluded_stretch
chr1\t180000\t204800\tlong
chr1\t64128\t64256\tone_bin
"""

VARIANTS = """\
##fileformat=VCFv4.3
#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO
chr1\t125180\tbreaks_Reb1\tC\tG\t.\t.\t.
chr1\t124001\tseveral\tA\tC,G,T\t.\t.\t.
chr1\t124204\tnot_left_aligned\tAA\tA\t.\t.\t.
chr1\t126001\tinsertion\tG\tGTTACCCG\t.\t.\t.
chr1\t128001\tnot_the_reference\tA\tT\t.\t.\t.
chr1\t130001\tdeleted_by_another_row\tT\t*\t.\t.\t.
chr2\t20031\tin_the_N_run\tN\tA\t.\t.\t.
"""


@dataclass(frozen=True, kw_only=True)
class Assay:
    """An experiment on the synthetic cells. Its reads are shared between its tracks: one, or one per strand."""

    name: str
    description: str
    reads: int
    read_bp: int  # bases that a read covers
    stray_percent: int  # reads that fall anywhere
    clip: int
    clip_soft: int
    scale: str
    stranded: bool = False
    unmeasured: tuple[str, ...] = ()  # chromosomes that are missing from the bigWig

    @property
    def strands(self) -> tuple[str, ...]:
        """Which strands have a track of their own."""
        return ("plus", "minus") if self.stranded else ("",)

    def identifier(self, strand: str) -> str:
        """The track's name, `cage_plus` or `atac`."""
        return f"{self.name}_{strand}" if strand else self.name


ASSAYS = (
    Assay(name="atac", description="ATAC:Tn5 cut sites, simulated",
          reads=60_000, read_bp=1, stray_percent=20, clip=64, clip_soft=32, scale="0.17"),
    Assay(name="cage", description="CAGE:5' ends of capped RNA, simulated",
          reads=24_000, read_bp=1, stray_percent=4, clip=64, clip_soft=32, scale="3", stranded=True),
    Assay(name="rna", description="RNA:coverage, simulated",
          reads=16_000, read_bp=150, stray_percent=2, clip=64, clip_soft=32, scale="0.01", stranded=True),
    Assay(name="chip_reb1", description="CHIP:Reb1, simulated",
          reads=16_000, read_bp=150, stray_percent=20, clip=64, clip_soft=32, scale="0.006"),
    Assay(name="chip_orc", description="CHIP:origin recognition complex, simulated",
          reads=16_000, read_bp=150, stray_percent=20, clip=64, clip_soft=32, scale="0.006", unmeasured=("chr3",)),
)  # fmt: skip


def assemble(dice: Dice) -> dict[str, bytes]:
    """The genome: chromosome name -> DNA, lower case where it is soft-masked."""
    repeat = dice.dna(REPEAT_BP)
    genome = {chrom: chromosome(dice, length, repeat) for chrom, length in SIZES.items()}
    chrom, start, end = GAP
    genome[chrom] = overwrite(genome[chrom], start, b"N" * (end - start))
    for chrom, letters in ODD_LETTERS.items():
        for start, letter in letters.items():
            genome[chrom] = overwrite(genome[chrom], start, letter)
    return genome


def read_weights(assay: Assay, dna: dict[Strand, bytes]) -> dict[Strand, Weights]:
    """How often reads begin at each base: as the grammar expects, a few anywhere, none where the DNA is unknown."""
    signal = {key: expected(assay, dna[key]) for key in dna}
    mappable = {key: mappable_starts(dna[key], assay.read_bp) for key in dna}
    total, places = (sum(int(array.sum()) for array in arrays.values()) for arrays in (signal, mappable))
    stray = total * assay.stray_percent // ((100 - assay.stray_percent) * places)
    weights = {key: signal[key] + stray for key in dna}
    if not assay.stranded:
        chrom, start, end = PILE_UP
        weights["", chrom][start:end] += PILE_UP_TIMES * stray
    return {key: weights[key] * mappable[key] for key in dna}


def expected(assay: Assay, dna: bytes) -> Weights:
    """Where the assay's reads begin by the grammar alone, on the strand that is given."""
    if assay.name == "atac":
        return openness(dna)
    if assay.name == "cage":
        return capped_ends(dna)
    if assay.name == "rna":
        return read_starts(dna, assay.read_bp)
    return fragment_starts(dna, {"chip_reb1": "Reb1", "chip_orc": "ORC"}[assay.name], assay.read_bp)


def mappable_starts(dna: bytes, read_bp: int) -> Weights:
    """1 where a read fits on the chromosome and touches no run of N (a lone N does not matter), else 0."""
    fits = np.zeros(len(dna), dtype=np.int64)
    fits[: len(dna) - read_bp + 1] = 1
    for run in re.finditer(b"[Nn]{20,}", dna):
        fits[max(run.start() - read_bp + 1, 0) : run.end()] = 0
    return fits


def sequence(dice: Dice, assay: Assay, genome: dict[str, bytes]) -> dict[Strand, Weights]:
    """Draw the assay's reads and count them over every base."""
    if assay.stranded:
        dna = {("plus", chrom): genome[chrom] for chrom in genome}
        dna |= {("minus", chrom): reverse_complement(genome[chrom]) for chrom in genome}
    else:
        dna = {("", chrom): genome[chrom] for chrom in genome}
    cumulative = np.cumsum(np.concatenate(list(read_weights(assay, dna).values())))
    places = np.searchsorted(cumulative, dice.integers(int(cumulative[-1]), assay.reads), side="right")
    begun = np.bincount(places, minlength=len(cumulative))
    borders = np.cumsum([len(letters) for letters in dna.values()])[:-1]
    covered = [cover(starts, assay.read_bp) for starts in np.split(begun, borders)]
    return {key: counts[::-1] if key[0] == "minus" else counts for key, counts in zip(dna, covered, strict=True)}


def cover(starts: Weights, read_bp: int) -> Weights:
    """How many reads lie over each base, from how many begin there."""
    begun: Weights = np.concatenate([np.zeros(read_bp, dtype=np.int64), np.cumsum(starts)])
    return begun[read_bp:] - begun[:-read_bp]


def write_bigwig(path: Path, coverage: dict[str, Weights]) -> None:
    """One interval per run of equal counts; zeros are left uncovered, as in real coverage files."""
    with pyBigWig.open(str(path), "w") as bigwig:
        bigwig.addHeader([(chrom, len(counts)) for chrom, counts in coverage.items()])
        for chrom, counts in coverage.items():
            starts = np.flatnonzero(np.diff(counts, prepend=-1))
            ends = np.append(starts[1:], len(counts))
            seen = counts[starts] > 0
            starts, ends, values = starts[seen], ends[seen], counts[starts[seen]].astype(np.float64)
            bigwig.addEntries([chrom] * len(starts), starts.tolist(), ends=ends.tolist(), values=values.tolist())


def write_table(path: Path, rows: Iterable[Iterable[object]]) -> None:
    """Tab-separated text with \n line ends, whatever the machine's own."""
    path.write_bytes("".join("\t".join(map(str, row)) + "\n" for row in rows).encode())


def write_fasta(path: Path, genome: dict[str, bytes]) -> None:
    """60 letters a line."""
    with path.open("wb") as fasta:
        for chrom, dna in genome.items():
            lines = (dna[start : start + 60] + b"\n" for start in range(0, len(dna), 60))
            fasta.write(f">{chrom} synthetic\n".encode() + b"".join(lines))


def track_rows() -> Iterator[tuple[object, ...]]:
    """tracks.tsv: header, then one row per track."""
    yield "identifier", "file", "clip", "clip_soft", "scale", "sum_stat", "strand_pair", "description"
    for assay in ASSAYS:
        for strand, partner in zip(assay.strands, reversed(assay.strands), strict=True):
            track, side = assay.identifier(strand), f", {strand} strand" if strand else ""
            numbers = assay.clip, assay.clip_soft, assay.scale, "sum_sqrt"
            yield track, f"tracks/{track}.bw", *numbers, assay.identifier(partner), assay.description + side


def site_rows(genome: dict[str, bytes]) -> Iterator[tuple[object, ...]]:
    """sites.bed: every motif that the grammar knows, wherever it occurs."""
    for chrom, dna in genome.items():
        for site in find_sites(dna, [*MOTIFS, TATA, TERMINATOR]):
            yield chrom, site.start, site.end, site.motif, 0, site.strand


def transcript_rows(genome: dict[str, bytes]) -> Iterator[tuple[object, ...]]:
    """transcripts.bed: from the likeliest start site to the end; the score is the promoter's strength."""
    for chrom, dna in genome.items():
        plus = [(found.start, found.end, found.strength, "+") for found in transcripts(dna)]
        turned = [(len(dna) - found.end, len(dna) - found.start, found.strength, "-")
                  for found in transcripts(reverse_complement(dna))]  # fmt: skip
        for number, (start, end, strength, strand) in enumerate(sorted(plus + turned), 1):
            yield chrom, start, end, f"{chrom}_t{number}", strength, strand


def make(out: Path) -> None:
    """Write every file of the example data into a folder."""
    dice = Dice(SEED)
    genome = assemble(dice)
    (out / "tracks").mkdir(parents=True, exist_ok=True)
    write_fasta(out / "genome.fa", genome)
    (out / "regions.bed").write_bytes(REGIONS.encode())
    (out / "variants.vcf").write_bytes(VARIANTS.encode())
    write_table(out / "exclude.bed", EXCLUDE)
    write_table(out / "chromAlias.txt", ALIASES)
    write_table(out / "tracks.tsv", track_rows())
    write_table(out / "sites.bed", site_rows(genome))
    write_table(out / "transcripts.bed", transcript_rows(genome))
    for assay in ASSAYS:
        coverage = sequence(dice, assay, genome)
        for strand in assay.strands:
            measured = {chrom: coverage[strand, chrom] for chrom in genome if chrom not in assay.unmeasured}
            write_bigwig(out / "tracks" / f"{assay.identifier(strand)}.bw", measured)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Make the example data; the same files every time.")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="Folder to write to.")
    make(parser.parse_args().out)
