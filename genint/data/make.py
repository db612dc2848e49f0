"""Make a data set from a genome and bigWigs: bin, transform, mask, split."""

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from genint.bigwig import BigWigReader
from genint.data.store import DataSetWriter, Targets
from genint.dna import UNKNOWN
from genint.errors import InputError, OutputError
from genint.genome import Genome
from genint.grid import BinMask, bases_per_bin, count_bins, wanted_bins
from genint.regions import Region, read_bed, reconcile
from genint.tracks import TrackTable, read_tracks

BLOCK_BINS = 8_192  # bins held in memory at a time: 8,192 x 5,313 tracks of float64 are 350 MB


@dataclass(frozen=True, kw_only=True)
class Split:
    """Chromosomes for validation and test; every other measured chromosome trains."""

    valid: Sequence[str]
    test: Sequence[str]

    def of(self, chrom: str) -> str:
        return "valid" if chrom in self.valid else "test" if chrom in self.test else "train"


def make_dataset(
    genome: Genome,
    tracks_file: Path,
    out: Path,
    *,
    split: Split,
    exclude: Sequence[Path] = (),
    bin_bp: int = 128,
    aliases: list[list[str]] | None = None,
    report: Callable[[str], None] = lambda message: None,
) -> None:
    """Write the data set `out` from the bigWigs that `tracks_file` names (paths relative to the table).

    A chromosome absent from a bigWig's header was not measured: its targets are NaN. So are bins that touch a region
    of an `exclude` BED, and bins of which more than half is N. Targets below 0 become 0, as a Poisson mean cannot be
    negative. Chromosomes that no track measured are left out.
    Raises InputError for any table, BED, bigWig or chromosome that does not fit, before anything is written.
    """
    if out.exists():
        raise OutputError(f"{out}: is there already. Remove it, or choose another folder with -o")
    tracks = read_tracks(tracks_file)
    with ExitStack() as stack:
        readers = [stack.enter_context(_open_track(tracks_file, track.identifier, track.file)) for track in tracks]
        columns = [_measured(reader, genome, aliases) for reader in readers]
        chroms = [chrom for chrom in genome.sizes if any(chrom in names for names in columns)]
        split = _checked_split(split, chroms, genome, aliases)
        excluded = _excluded_bins(exclude, genome, bin_bp, aliases)
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as folder:
            new = Path(folder) / "dataset"
            writer = DataSetWriter(new, bin_bp=bin_bp, assembly=genome.assembly, tracks=tracks)
            for chrom in chroms:
                measured = sum(chrom in names for names in columns)
                report(f"{chrom}: {split.of(chrom)}, {measured} of {len(tracks)} tracks measured")
                tokens = genome.tokens(chrom, 0, genome.sizes[chrom])
                bins = count_bins(len(tokens), bin_bp)
                hidden = bases_per_bin(tokens == UNKNOWN, bin_bp) > bin_bp / 2
                hidden |= excluded.get(chrom, np.zeros(bins, dtype=np.bool_))
                blocks = _targets(readers, [names.get(chrom) for names in columns], tracks, hidden, len(tokens), bin_bp)
                writer.add(chrom, 0, tokens, split.of(chrom), blocks)
            writer.close()
            os.replace(new, out)


def _open_track(tracks_file: Path, identifier: str, file: str) -> BigWigReader:
    if not file:
        raise InputError(f"{tracks_file}: track {identifier} names no file. Fill the column file with its bigWig")
    return BigWigReader(tracks_file.parent / file)


def _measured(reader: BigWigReader, genome: Genome, aliases: list[list[str]] | None) -> dict[str, str]:
    """Genome name -> the bigWig's own name, for the chromosomes in its header. Lengths must agree."""
    names = reconcile(
        reader.chroms, genome.sizes, asked_by=str(reader.path), known_by=str(genome.path), aliases=aliases
    )
    for theirs, ours in names.items():
        if reader.chroms[theirs] != genome.sizes[ours]:
            raise InputError(
                f"{reader.path}: {theirs} is {reader.chroms[theirs]:,} bp long, in {genome.path} it is "
                f"{genome.sizes[ours]:,} bp. The two are not of one assembly"
            )
    return {ours: theirs for theirs, ours in names.items()}


def _checked_split(split: Split, measured: list[str], genome: Genome, aliases: list[list[str]] | None) -> Split:
    def names(asked: Sequence[str], option: str) -> tuple[str, ...]:
        found = reconcile(asked, genome.sizes, asked_by=option, known_by=str(genome.path), aliases=aliases)
        for chrom in found.values():
            if chrom not in measured:
                raise InputError(f"{option} {chrom}: no track was measured there. Choose among {', '.join(measured)}")
        return tuple(found.values())

    checked = Split(valid=names(split.valid, "--valid"), test=names(split.test, "--test"))
    both = sorted(set(checked.valid) & set(checked.test))
    if both:
        raise InputError(f"--valid and --test: both name {', '.join(both)}. A chromosome belongs to one split")
    if not set(measured) - set(checked.valid) - set(checked.test):
        raise InputError("--valid and --test: leave no chromosome to train on")
    return checked


def _excluded_bins(
    files: Sequence[Path], genome: Genome, bin_bp: int, aliases: list[list[str]] | None
) -> dict[str, BinMask]:
    regions = []
    for file in files:
        rows = read_bed(file)
        chroms = [row.region.chrom for row in rows]
        names = reconcile(chroms, genome.sizes, asked_by=str(file), known_by=str(genome.path), aliases=aliases)
        for row in rows:
            chrom = names[row.region.chrom]
            end = min(row.region.end, genome.sizes[chrom])
            if row.region.start < end:
                regions.append(Region(chrom, row.region.start, end))
    return wanted_bins(regions, genome.sizes, bin_bp)


def _targets(
    readers: Sequence[BigWigReader],
    names: Sequence[str | None],
    tracks: TrackTable,
    hidden: BinMask,
    chrom_bp: int,
    bin_bp: int,
) -> Iterator[Targets]:
    """Blocks (bins, T) of one chromosome on the model's scale. `names`: its name in each bigWig, None if absent."""
    transform = tracks.squash(bin_bp)
    for first in range(0, len(hidden), BLOCK_BINS):
        last = min(first + BLOCK_BINS, len(hidden))
        widths = np.minimum(np.arange(first + 1, last + 1) * bin_bp, chrom_bp) - np.arange(first, last) * bin_bp
        coverage = np.full((last - first, len(tracks)), np.nan)
        for column, (reader, name) in enumerate(zip(readers, names, strict=True)):
            if name is not None:
                coverage[:, column] = reader.bin_sums(name, bin_bp, first, last) / widths
        coverage[hidden[first:last]] = np.nan
        yield np.maximum(transform.apply(coverage), 0).astype(np.float32)
