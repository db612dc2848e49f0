"""Measured bigWigs beside a run's predictions, in its bins."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np

from genint.arrays import F64, I64
from genint.errors import InputError
from genint.genome.dna_source import Chromosomes
from genint.output.bigwig import BigWigReader, match_chromosomes
from genint.tracks.table import Track, TrackTable, read_tracks

_GAP = 1_000  # bins that are read for nothing rather than one more call made


class Observed:
    """The measured bigWig of a track, in the bins of a run."""

    def __init__(self, track: Track, reader: BigWigReader, genome: Chromosomes, bin_bp: int) -> None:
        self.track, self._reader, self._bin_bp, self._sizes = track, reader, bin_bp, genome.sizes
        self._names = match_chromosomes(reader, genome, takes_aliases=False)

    def read(self, chrom: str, bins: I64) -> F64:
        """(N,) mean per base of ascending bins, NaN where the chromosome was not measured."""
        values = np.full(len(bins), np.nan)
        if chrom in self._names and len(bins):
            for part in np.split(np.arange(len(bins)), np.flatnonzero(np.diff(bins) > _GAP) + 1):
                values[part] = self._read_stretch(chrom, bins[part])
        return values

    def _read_stretch(self, chrom: str, bins: I64) -> F64:
        first, last = int(bins[0]), int(bins[-1]) + 1
        sums = self._reader.bin_sums(self._names[chrom], self._bin_bp, first, last)
        bases = np.minimum((bins + 1) * self._bin_bp, self._sizes[chrom]) - bins * self._bin_bp
        means: F64 = sums[bins - first] / bases
        return means


@contextmanager
def open_observed(
    sources: Sequence[str], tracks: TrackTable, genome: Chromosomes, bin_bp: int
) -> Iterator[dict[str, Observed]]:
    """Open what was measured, by identifier of the run's track: `sources` are track tables or IDENTIFIER=BIGWIG.

    Raises InputError for a table that names no file of a track of the run, for an identifier that is none or is
    given twice, and for what is no bigWig or of another assembly.
    """
    by_name = {track.identifier: track for track in tracks}
    files: dict[str, Path] = {}
    for source in sources:
        for identifier, file in _files(source, by_name):
            if identifier in files:
                raise InputError(
                    f"`observed` {source}: {identifier} has {files[identifier]} already. Give one of the two"
                )
            files[identifier] = file
    with ExitStack() as stack:
        yield {
            identifier: Observed(by_name[identifier], stack.enter_context(BigWigReader(file)), genome, bin_bp)
            for identifier, file in files.items()
        }


def _files(source: str, tracks: dict[str, Track]) -> Iterator[tuple[str, Path]]:
    identifier, is_pair, file = source.partition("=")
    if not is_pair or Path(source).exists():
        yield from _table_files(Path(source), tracks)
    elif identifier in tracks:
        yield identifier, Path(file)
    else:
        raise InputError(f"`observed` {source}: the run has no track {identifier}. Expected one of {_some(tracks)}")


def _table_files(table: Path, tracks: dict[str, Track]) -> Iterator[tuple[str, Path]]:
    found = [track for track in read_tracks(table) if track.identifier in tracks and track.file]
    if not found:
        raise InputError(
            f"`observed` {table}: names no bigWig of a track of the run ({_some(tracks)}). "
            "Expected their identifiers and the column file, or IDENTIFIER=BIGWIG"
        )
    yield from ((track.identifier, table.parent / track.file) for track in found)


def _some(tracks: dict[str, Track]) -> str:
    return ", ".join(list(tracks)[:5]) + (", ..." if len(tracks) > 5 else "")
