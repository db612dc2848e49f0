"""Import the data sets of basenji and baskerville: their TFRecords become segments."""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from genint.console import Console
from genint.datasets.basenji_folder import (
    Statistics,
    assign_splits,
    check_counts,
    find_files,
    find_margin,
    match_chromosomes,
    read_statistics,
    read_targets,
)
from genint.datasets.tfrecord import Record, RecordShape, read_records
from genint.datasets.writer import Targets, create_dataset
from genint.errors import InputError
from genint.genome.bed import BedRow, read_bed
from genint.genome.fasta import Assembly
from genint.genome.region import Region
from genint.tracks.table import TrackTable

F16 = npt.NDArray[np.float16]


def import_basenji(
    folder: Path,
    out: Path,
    *,
    assembly: Assembly,
    valid: Sequence[str] = ("valid",),
    test: Sequence[str] = ("test",),
    bin_bp: int | None = None,
    transform: str = "new",
    hide_unmappable: bool = False,
    console: Console | None = None,
) -> None:
    """Write the data set `out`, a segment per record, from a folder of the field's.

    `assembly` may lack sizes; where it has them, rows must lie inside. `valid` and `test` are labels, every other label
    trains. With `bin_bp`, a multiple of pool_width, the transform (recipe `transform`) is undone, bins are averaged
    and it is applied again; what the hard clip cut stays cut. Targets below 0 become 0, as a Poisson mean cannot be
    negative. `hide_unmappable` makes bins marked in `umap` NaN. Raises InputError for whatever does not fit.
    """
    console = console or Console(quiet=True)
    statistics = read_statistics(folder / "statistics.json")
    tracks = read_targets(folder / "targets.txt", statistics, transform)
    bed = folder / "sequences.bed"
    rows = read_bed(bed)
    margin = find_margin(bed, rows, statistics, console)
    names = match_chromosomes(bed, rows, statistics, margin, assembly)
    splits = assign_splits(bed, rows, valid, test)
    files = find_files(folder / "tfrecords", splits)
    check_counts(bed, rows, statistics)
    pool = _Pool(tracks, statistics, bin_bp or statistics.pool_width)
    shape = statistics.shape
    with create_dataset(
        out,
        bin_bp=pool.bin_bp,
        assembly=assembly,
        tracks=tracks,
        chunk_bp=shape.seq_length,
        chunk_bins=statistics.target_bp // pool.bin_bp,
        dtype="float16" if pool.factor == 1 else "float32",
    ) as writer:
        for label, split in splits.items():
            own = [row for row in rows if row.name == label]
            for row, record in _pair_records(bed, label, own, files[label], shape):
                start = row.region.start + margin
                core = Region(names[row.region.chrom], start, start + statistics.target_bp)
                targets = pool(_mask_unmappable(record) if hide_unmappable else record.targets)
                dna_start = start - statistics.crop_bp
                writer.add(core, split, dna_start=dna_start, tokens=[record.tokens], targets=[targets])
            console.say(f"{label}: {len(own):,} records, {split}")
        shutil.copyfile(folder / "targets.txt", writer.folder / "targets.txt")


def _pair_records(
    bed: Path, label: str, rows: Sequence[BedRow], files: Sequence[Path], shape: RecordShape
) -> Iterator[tuple[BedRow, Record]]:
    """Each row with its record."""
    remaining = iter(rows)
    read = 0
    for path in files:
        for number, record in enumerate(read_records(path, shape), start=1):
            row = next(remaining, None)
            if row is None:
                raise InputError(f"{path}, record {number}: {bed} has only {len(rows)} row(s) labelled {label}")
            read += 1
            yield row, record
    if read < len(rows):
        empty = [path.name for path in files if not path.stat().st_size]
        raise InputError(
            f"{files[-1]}: is the last of {read} {label} record(s), {bed} has {len(rows)} rows"
            + (f"; {', '.join(empty)} held none" if empty else "")
            + ". Copy the records again"
        )


def _mask_unmappable(record: Record) -> F16:
    if record.unmappable is None:
        return record.targets
    return np.where(record.unmappable[:, None], np.float16(np.nan), record.targets)


class _Pool:
    """Targets (target_length, T) of pool_width to (bins, T) of bin_bp."""

    def __init__(self, tracks: TrackTable, statistics: Statistics, bin_bp: int) -> None:
        self.bin_bp = bin_bp
        self.factor = bin_bp // statistics.pool_width
        if bin_bp % statistics.pool_width or statistics.target_bp % bin_bp:
            raise InputError(
                f"`bin_bp` {bin_bp}: must be a multiple of the records' {statistics.pool_width} bp that divides "
                f"their {statistics.target_bp:,} bp of bins"
            )
        self._narrow, self._wide = tracks.transform(statistics.pool_width), tracks.transform(bin_bp)

    def __call__(self, targets: F16) -> Targets:
        if self.factor == 1:
            return np.maximum(targets, np.float16(0)) if (targets < 0).any() else targets
        coverage = self._narrow.invert(targets.astype(np.float64))
        pooled = coverage.reshape(-1, self.factor, coverage.shape[-1]).mean(axis=1)
        return np.maximum(self._wide.apply(pooled), 0).astype(np.float32)
