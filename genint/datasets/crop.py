"""Crop: keep the centre of every segment, as the Genomic Interpreter's paper did with Basenji2's records."""

import shutil
from pathlib import Path

from genint.datasets.dataset import TrackDataset
from genint.datasets.writer import create_dataset
from genint.errors import InputError
from genint.genome.region import Region


def crop_dataset(dataset: TrackDataset, out: Path, *, core_bp: int = 16_384, context_bp: int = 512) -> None:
    """Write the data set `out`: the central `core_bp` of bins of each segment, and `context_bp` of DNA on each side.

    Splits stay as they are. Where the number of bins left over is odd, the extra one goes at the end; where a segment
    has less DNA around its core, so has the new one. Raises InputError when a segment is shorter than the core.
    """
    bin_bp = dataset.bin_bp
    if core_bp % bin_bp or core_bp < bin_bp:
        raise InputError(f"`core_bp` {core_bp}: is not a multiple of {bin_bp}, the bins of {dataset.path}")
    bins = core_bp // bin_bp
    with create_dataset(
        out,
        bin_bp=bin_bp,
        assembly=dataset.assembly,
        tracks=dataset.tracks,
        chunk_bp=core_bp + 2 * context_bp,
        chunk_bins=bins,
        dtype=dataset.dtype.name,
        relatives=dataset.relatives,
    ) as writer:
        for segment in dataset.segments:
            full_bins = (segment.end - segment.start) // bin_bp
            if full_bins < bins:
                raise InputError(
                    f"{dataset.path}: {segment} has {full_bins} full bin(s), `core_bp` {core_bp} needs {bins}"
                )
            first_bin = (full_bins - bins) // 2
            start = segment.start + first_bin * bin_bp
            dna_start = max(start - context_bp, segment.dna_start)
            dna_end = min(start + core_bp + context_bp, segment.dna_end)
            place = segment, dna_start - segment.start, dna_end - dna_start
            relatives = (dataset.tokens(*place, relative) for relative in range(len(dataset.relatives)))
            targets = dataset.targets(segment, first_bin, bins).astype(dataset.dtype)
            core = Region(segment.chrom, start, start + core_bp)
            writer.add(
                core,
                segment.split,
                dna_start=dna_start,
                tokens=[dataset.tokens(*place)],
                targets=[targets],
                relatives=relatives,
            )
        published = dataset.path / "targets.txt"
        if published.exists():
            shutil.copyfile(published, writer.folder / "targets.txt")
