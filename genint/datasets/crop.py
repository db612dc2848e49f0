"""Cut the centre out of every segment, as the Genomic Interpreter's paper did with Basenji2's records."""

import shutil
from pathlib import Path

from genint.datasets.dataset import TrackDataset, TrackDatasetWriter, new_dataset
from genint.errors import InputError


def truncate(dataset: TrackDataset, out: Path, *, core_bp: int, context_bp: int) -> None:
    """Write the data set `out`: the central `core_bp` of bins of each segment, and `context_bp` of DNA on each side.

    Splits stay as they are. Where the number of bins left over is odd, the extra one goes at the end; where a segment
    has less DNA around its core, so has the new one. Raises InputError when a segment is shorter than the core.
    """
    bin_bp = dataset.bin_bp
    if core_bp % bin_bp or core_bp < bin_bp:
        raise InputError(f"--core-bp {core_bp}: is not a multiple of {bin_bp}, the bins of {dataset.path}")
    bins = core_bp // bin_bp
    with new_dataset(out) as new:
        writer = TrackDatasetWriter(
            new,
            bin_bp=bin_bp,
            assembly=dataset.assembly,
            tracks=dataset.tracks,
            chunk_bp=core_bp + 2 * context_bp,
            chunk_bins=bins,
            dtype=dataset.dtype.name,
        )
        for segment in dataset.segments:
            whole_bins = (segment.end - segment.start) // bin_bp
            if whole_bins < bins:
                raise InputError(
                    f"{dataset.path}: {segment} has {whole_bins} whole bin(s), --core-bp {core_bp} asks for {bins}"
                )
            first_bin = (whole_bins - bins) // 2
            start = segment.start + first_bin * bin_bp
            dna_start = max(start - context_bp, segment.dna_start)
            dna_end = min(start + core_bp + context_bp, segment.dna_end)
            tokens = dataset.tokens(segment, dna_start - segment.start, dna_end - dna_start)
            targets = dataset.targets(segment, first_bin, bins).astype(dataset.dtype)
            writer.add(segment.chrom, start, start + core_bp, segment.split, dna_start, [tokens], [targets])
        writer.close()
        published = dataset.path / "targets.txt"
        if published.exists():
            shutil.copyfile(published, new / "targets.txt")
