"""Make a data set from a genome and bigWigs: bin, transform, mask, split."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from itertools import groupby
from pathlib import Path

import numpy as np

from genint.datasets.dataset import Targets, TrackDatasetWriter, new_dataset
from genint.datasets.splits import Splitter
from genint.errors import InputError
from genint.genome.bed import read_bed
from genint.genome.chromosome_names import reconcile, reconcile_known
from genint.genome.dna import UNKNOWN
from genint.genome.fasta import Genome
from genint.genome.grid import BinMask, bases_per_bin, touched_bins, wanted_bins
from genint.genome.region import Region
from genint.output.bigwig import BigWigReader
from genint.tracks.table import TrackTable, read_tracks

FLANK_BP = 65_536  # DNA beyond a segment inside a chromosome: what a model reads around its bins is then there
BLOCK_BINS = 8_192  # bins held in memory at a time: 8,192 x 5,313 tracks of float64 are 350 MB


def make_dataset(
    genome: Genome,
    tracks_file: Path,
    out: Path,
    *,
    split: Splitter,
    exclude: Sequence[Path] = (),
    bin_bp: int = 128,
    aliases: list[list[str]] | None = None,
    report: Callable[[str], None] = lambda message: None,
) -> None:
    """Write the data set `out` from the bigWigs that `tracks_file` names (paths relative to the table).

    A chromosome absent from a bigWig's header was not measured: its targets are NaN. So are bins that touch a region
    of an `exclude` BED, and bins of which more than half is N. Targets below 0 become 0, as a Poisson mean cannot be
    negative. Chromosomes that no track measured are left out, and so are contigs that the genome lacks. A segment that
    ends inside a chromosome has up to 65,536 bp of the DNA that follows.
    Raises InputError for any table, BED, bigWig or chromosome that does not fit, before anything is written.
    """
    tracks = read_tracks(tracks_file)
    with new_dataset(out) as folder, ExitStack() as stack:
        readers = [stack.enter_context(_open_track(tracks_file, track.identifier, track.file)) for track in tracks]
        columns = [_measured(reader, genome, aliases) for reader in readers]
        sizes = {c: length for c, length in genome.sizes.items() if any(c in names for names in columns)}
        pieces = split.pieces(sizes, bin_bp, aliases, str(genome.path))
        excluded = _excluded_bins(exclude, genome, bin_bp, aliases)
        writer, trains = TrackDatasetWriter(folder, bin_bp=bin_bp, assembly=genome.assembly, tracks=tracks), False
        for chrom, group in groupby(pieces, key=lambda piece: piece[0].chrom):
            own = list(group)
            measured = sum(chrom in names for names in columns)
            splits = ", ".join(dict.fromkeys(label for _, label in own))
            report(f"{chrom}: {splits}, {measured} of {len(tracks)} tracks measured")
            tokens = genome.tokens(chrom, 0, sizes[chrom])
            hidden = bases_per_bin(tokens == UNKNOWN, bin_bp) > bin_bp / 2
            hidden |= excluded.get(chrom, np.zeros(len(hidden), dtype=np.bool_))
            names = [column.get(chrom) for column in columns]
            for region, label in own:
                blocks = _targets(readers, names, tracks, hidden, region, sizes[chrom], bin_bp)
                first, last = max(region.start - FLANK_BP, 0), region.end + FLANK_BP
                writer.add(chrom, region.start, region.end, label, first, [tokens[first:last]], blocks)
                trains |= label == "train" and not hidden[touched_bins(region, bin_bp)].all()
        if not trains:
            raise InputError(
                f"{genome.path}: nothing is left of it to train on: other splits, N and --exclude take every bin"
            )
        writer.close()


def _open_track(tracks_file: Path, identifier: str, file: str) -> BigWigReader:
    if not file:
        raise InputError(f"{tracks_file}: track {identifier} names no file. Fill the column file with its bigWig")
    return BigWigReader(tracks_file.parent / file)


def _measured(reader: BigWigReader, genome: Genome, aliases: list[list[str]] | None) -> dict[str, str]:
    """Genome name -> the bigWig's own name, for the chromosomes in its header. Lengths must agree."""
    names = _known(reader.chroms, str(reader.path), genome, aliases, one_to_one=True)
    for theirs, ours in names.items():
        if reader.chroms[theirs] != genome.sizes[ours]:
            raise InputError(
                f"{reader.path}: {theirs} is {reader.chroms[theirs]:,} bp long, in {genome.path} it is "
                f"{genome.sizes[ours]:,} bp. The two are not of one assembly"
            )
    return {ours: theirs for theirs, ours in names.items()}


def _known(
    chroms: Iterable[str], file: str, genome: Genome, aliases: list[list[str]] | None, *, one_to_one: bool = False
) -> dict[str, str]:
    """The file's chromosomes that the genome has: contigs that a FASTA leaves out are often still in bigWigs and BEDs.

    Raises InputError when it has none of them.
    """
    chroms = list(chroms)
    if known := reconcile_known(
        chroms, genome.sizes, asked_by=file, known_by=str(genome.path), aliases=aliases, one_to_one=one_to_one
    ):
        return known
    return reconcile(chroms, genome.sizes, asked_by=file, known_by=str(genome.path), aliases=aliases)


def _excluded_bins(
    files: Sequence[Path], genome: Genome, bin_bp: int, aliases: list[list[str]] | None
) -> dict[str, BinMask]:
    regions = []
    for file in files:
        rows = read_bed(file, genome.sizes)
        names = _known([row.region.chrom for row in rows], str(file), genome, aliases)
        for row in rows:
            chrom = names.get(row.region.chrom, "")
            end = min(row.region.end, genome.sizes.get(chrom, 0))
            if row.region.start < end:
                regions.append(Region(chrom, row.region.start, end))
    return wanted_bins(regions, genome.sizes, bin_bp)


def _targets(
    readers: Sequence[BigWigReader],
    names: Sequence[str | None],
    tracks: TrackTable,
    hidden: BinMask,
    region: Region,
    chrom_bp: int,
    bin_bp: int,
) -> Iterator[Targets]:
    """Blocks (bins, T) of a region on the model's scale. `names`: its chromosome in each bigWig, None if absent.

    `hidden` is of the whole chromosome.
    """
    transform = tracks.transform(bin_bp)
    bins = touched_bins(region, bin_bp)
    for first in range(bins.start, bins.stop, BLOCK_BINS):
        last = min(first + BLOCK_BINS, bins.stop)
        widths = np.minimum(np.arange(first + 1, last + 1) * bin_bp, chrom_bp) - np.arange(first, last) * bin_bp
        coverage = np.full((last - first, len(tracks)), np.nan)
        for column, (reader, name) in enumerate(zip(readers, names, strict=True)):
            if name is not None:
                coverage[:, column] = reader.bin_sums(name, bin_bp, first, last) / widths
        coverage[hidden[first:last]] = np.nan
        values = np.maximum(transform.apply(coverage), 0)
        if len(large := np.argwhere(values > np.finfo(np.float32).max)):
            index, column = large[0].tolist()
            place = Region(region.chrom, (first + index) * bin_bp, min((first + index + 1) * bin_bp, chrom_bp))
            name = tracks[column].identifier
            raise InputError(
                f"{readers[column].path}: {place} is {coverage[index, column]:g} per base, scaled "
                f"{values[index, column]:g}, which float32 cannot hold. Give {name} a smaller scale, or a clip, "
                "in the track table"
            )
        yield values.astype(np.float32)
