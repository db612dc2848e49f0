"""Make a data set from a genome and bigWigs: bin, transform, mask, split."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import groupby
from pathlib import Path

import numpy as np

from genint.arrays import F64, I64
from genint.console import Console
from genint.datasets.splits import Splitter, choose_split
from genint.datasets.writer import Targets, create_dataset
from genint.errors import InputError
from genint.genome.bed import read_bed
from genint.genome.chromosome_names import listed, reconcile_some
from genint.genome.dna import UNKNOWN
from genint.genome.fasta import Genome
from genint.genome.grid import BinMask, bases_per_bin, requested_bins, touched_bins
from genint.genome.region import Region
from genint.genome.relatives import Relative, RelativeInfo, measure_relative, open_relatives
from genint.output.bigwig import BigWigReader, match_chromosomes
from genint.tracks.table import TrackTable, read_tracks

FLANK_BP = 65_536  # DNA beyond a segment inside a chromosome: what a model reads around its bins is then there
BLOCK_BINS = 8_192  # bins held in memory at a time: 8,192 x 5,313 tracks of float64 are 350 MB
_MOST_WARNINGS = 8


def make_dataset(
    genome: Genome | Path | str,
    tracks_file: Path | str,
    out: Path | str,
    *,
    valid: str = "",
    test: str = "",
    split: Splitter | Path | str | None = None,
    seed: int = 1,
    exclude: Path | str | Sequence[Path | str] = (),
    bin_bp: int = 128,
    aliases: list[list[str]] | None = None,
    relatives: Path | str | None = None,
    console: Console | None = None,
) -> None:
    """Write the data set `out` from the bigWigs that `tracks_file` names (paths relative to the table).

    A chromosome absent from a bigWig's header was not measured: its targets are NaN. So are bins that touch a region
    of an `exclude` BED, and bins of which more than half is N. Targets below 0 become 0, as a Poisson mean cannot be
    negative; a warning says of how many bins. Chromosomes that no track measured are left out, and so are contigs that
    the genome lacks. `valid`, `test`, `split` and `seed` are those of `choose_split`. A segment that ends inside a
    chromosome has up to 65,536 bp of the DNA that follows. `relatives`: a table of FASTAs on the genome's coordinates,
    as `align_relative` writes them (columns name and file); their DNA at the same places is then there, too.
    Raises InputError for any table, BED, bigWig, chromosome or relative that does not fit.
    """
    console, tracks_file, out = console or Console(quiet=True), Path(tracks_file), Path(out)
    splitter = choose_split(valid, test, split, seed)
    excluded = [Path(exclude)] if isinstance(exclude, Path | str) else [Path(file) for file in exclude]
    with ExitStack() as stack:
        opened = genome if isinstance(genome, Genome) else stack.enter_context(Genome(genome))
        related = stack.enter_context(open_relatives(relatives, opened))
        _write(opened, tracks_file, out, splitter, excluded, bin_bp, aliases, related, console)


def _write(
    genome: Genome,
    tracks_file: Path,
    out: Path,
    splitter: Splitter,
    exclude: Sequence[Path],
    bin_bp: int,
    aliases: list[list[str]] | None,
    relatives: Sequence[Relative],
    console: Console,
) -> None:
    tracks = read_tracks(tracks_file)
    infos = [_measure(relative, genome, console) for relative in relatives]
    create = create_dataset(out, bin_bp=bin_bp, assembly=genome.assembly, tracks=tracks, relatives=infos)
    with create as writer, ExitStack() as stack:
        readers = [stack.enter_context(_open_track(tracks_file, track.identifier, track.file)) for track in tracks]
        columns = [match_chromosomes(reader, genome, aliases) for reader in readers]
        _note_absent(readers, columns, genome, console)
        sizes = {c: length for c, length in genome.sizes.items() if any(c in names for names in columns)}
        parts = splitter.assign(sizes, bin_bp, aliases, str(genome.path))
        excluded = _find_excluded_bins(exclude, genome, bin_bp, aliases)
        binned, trains = _BinnedTracks(readers, tracks, bin_bp), False
        for chrom, group in groupby(parts, key=lambda part: part[0].chrom):
            own = list(group)
            measured = sum(chrom in names for names in columns)
            splits = ", ".join(dict.fromkeys(label for _, label in own))
            console.say(f"{chrom}: {splits}, {measured} of {len(tracks)} tracks measured")
            tokens = genome.tokens(chrom, 0, sizes[chrom])
            masked = bases_per_bin(tokens == UNKNOWN, bin_bp) > bin_bp / 2
            masked |= excluded.get(chrom, np.zeros(len(masked), dtype=np.bool_))
            names = [column.get(chrom) for column in columns]
            for region, label in own:
                first, last = max(region.start - FLANK_BP, 0), min(region.end + FLANK_BP, sizes[chrom])
                writer.add(
                    region,
                    label,
                    dna_start=first,
                    tokens=[tokens[first:last]],
                    targets=binned.read(names, region, sizes[chrom], masked),
                    relatives=(relative.genome.tokens(chrom, first, last) for relative in relatives),
                )
                trains |= label == "train" and not masked[touched_bins(region, bin_bp)].all()
        if not trains:
            raise InputError(
                f"{genome.path}: nothing is left of it to train on: other splits, N and `exclude` take every bin"
            )
    _warn_of_negatives(tracks_file, tracks, binned, console)


def _measure(relative: Relative, genome: Genome, console: Console) -> RelativeInfo:
    info = measure_relative(relative, genome)
    console.say(f"{info.name}: {info.aligned:.1%} aligned, {info.identity:.1%} of that identical")
    return info


def _open_track(tracks_file: Path, identifier: str, file: str) -> BigWigReader:
    if not file:
        raise InputError(f"{tracks_file}: track {identifier} names no file. Fill the column file with its bigWig")
    return BigWigReader(tracks_file.parent / file)


def _note_absent(
    readers: Sequence[BigWigReader], columns: Sequence[dict[str, str]], genome: Genome, console: Console
) -> None:
    """Print a line per bigWig without some of the genome's chromosomes, with the names that may stand for them."""
    short = [(reader, names) for reader, names in zip(readers, columns, strict=True) if len(names) < len(genome.sizes)]
    for reader, names in short[:_MOST_WARNINGS]:
        others = set(reader.chroms).difference(names.values())
        has = (
            f". It has {listed(others)}, which the genome lacks: give `aliases` if they are the same" if others else ""
        )
        absent = listed(set(genome.sizes).difference(names))
        console.say(f"{reader.path}: has no {absent}, so its track is masked there{has}")
    if len(short) > _MOST_WARNINGS:
        console.say(f"{len(short) - _MOST_WARNINGS} more bigWigs lack some of the genome's chromosomes: masked there")


def _find_excluded_bins(
    files: Sequence[Path], genome: Genome, bin_bp: int, aliases: list[list[str]] | None
) -> dict[str, BinMask]:
    regions = []
    for file in files:
        rows = read_bed(file, genome.sizes)
        names = reconcile_some(
            [row.region.chrom for row in rows],
            genome.sizes,
            asked_by=str(file),
            known_by=str(genome),
            aliases=aliases,
        )
        for row in rows:
            chrom = names.get(row.region.chrom, "")
            end = min(row.region.end, genome.sizes.get(chrom, 0))
            if row.region.start < end:
                regions.append(Region(chrom, row.region.start, end))
    return requested_bins(regions, genome.sizes, bin_bp)


class _BinnedTracks:
    """Tracks binned and on the model's scale, and how many of their bins were measured and below 0 there."""

    def __init__(self, readers: Sequence[BigWigReader], tracks: TrackTable, bin_bp: int) -> None:
        self._readers, self._tracks, self._bin_bp = readers, tracks, bin_bp
        self._transform = tracks.transform(bin_bp)
        self.measured: I64 = np.zeros(len(tracks), dtype=np.int64)
        self.negative: I64 = np.zeros(len(tracks), dtype=np.int64)

    def read(self, names: Sequence[str | None], region: Region, chrom_bp: int, masked: BinMask) -> Iterator[Targets]:
        """Blocks (bins, T) of a region. `names`: its chromosome in each bigWig, None if absent.

        `masked` is of the whole chromosome, `chrom_bp` bases long.
        """
        bins = touched_bins(region, self._bin_bp)
        for first in range(bins.start, bins.stop, BLOCK_BINS):
            last = min(first + BLOCK_BINS, bins.stop)
            coverage = self._read_coverage(names, first, last, chrom_bp)
            coverage[masked[first:last]] = np.nan
            scaled = self._transform.apply(coverage)
            self.measured += np.isfinite(scaled).sum(axis=0)
            self.negative += (scaled < 0).sum(axis=0)
            values = np.maximum(scaled, 0)
            if len(large := np.argwhere(values > np.finfo(np.float32).max)):
                self._refuse(region.chrom, first, chrom_bp, coverage, values, large[0].tolist())
            yield values.astype(np.float32)

    def _read_coverage(self, names: Sequence[str | None], first: int, last: int, chrom_bp: int) -> F64:
        """(bins, T): mean per base, NaN where the chromosome is absent."""
        edges = np.minimum(np.arange(first, last + 1) * self._bin_bp, chrom_bp)
        coverage = np.full((last - first, len(self._tracks)), np.nan)
        for column, (reader, name) in enumerate(zip(self._readers, names, strict=True)):
            if name is not None:
                coverage[:, column] = reader.bin_sums(name, self._bin_bp, first, last) / np.diff(edges)
        return coverage

    def _refuse(
        self, chrom: str, first: int, chrom_bp: int, coverage: F64, values: F64, place: tuple[int, int]
    ) -> None:
        index, column = place
        start = (first + index) * self._bin_bp
        region, name = Region(chrom, start, min(start + self._bin_bp, chrom_bp)), self._tracks[column].identifier
        raise InputError(
            f"{self._readers[column].path}: {region} is {coverage[index, column]:g} per base, scaled "
            f"{values[index, column]:g}, which float32 cannot hold. Give {name} a smaller scale, or a clip, "
            "in the track table"
        )


def _warn_of_negatives(tracks_file: Path, tracks: TrackTable, binned: _BinnedTracks, console: Console) -> None:
    """A line per track with bins below 0: of a minus strand that is stored negative, nothing else is left."""
    columns = np.flatnonzero(binned.negative).tolist()
    for column in columns[:_MOST_WARNINGS]:
        fraction = binned.negative[column] / binned.measured[column]
        console.warn(
            f"{tracks_file}: {tracks[column].identifier} is below 0 in {fraction:.1%} of its measured bins, which were "
            "set to 0. A strand that is stored negative needs a negative scale, as -1, in the track table"
        )
    if len(columns) > _MOST_WARNINGS:
        console.warn(f"{tracks_file}: {len(columns) - _MOST_WARNINGS} more tracks are below 0 in some of their bins")
