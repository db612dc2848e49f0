"""Records of a made-up data set, for the tests of reading and writing."""

from pathlib import Path

import numpy as np

from genint.console import Console
from genint.datasets.writer import create_dataset
from genint.genome.fasta import Assembly
from genint.genome.region import Region
from genint.tracks.table import Track, TrackTable

BIN, BINS, FLANK = 8, 6, 16
TRACKS = TrackTable(Track(identifier=name, description="", strand_pair=name) for name in ("a", "b"))


class Recorder(Console):
    """A console that keeps what it is given to print."""

    def __init__(self) -> None:
        super().__init__(quiet=True)
        self.notes: list[str] = []
        self.warnings: list[str] = []

    def say(self, message: str) -> None:
        self.notes.append(message)

    def warn(self, message: str) -> None:
        self.warnings.append(message)


def contents(n: int) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(n)
    return draw.integers(0, 5, BINS * BIN + 2 * FLANK).astype(np.uint8), draw.random((BINS, 2)).astype(np.float16)


def written(path: Path, records: int = 4, blocks: int = 1) -> Path:
    """Records at 1,000, 2,000, ... of chr1, given to the writer in blocks; a record is a chunk."""
    with create_dataset(
        path,
        bin_bp=BIN,
        assembly=Assembly("made-up", {}),
        tracks=TRACKS,
        chunk_bp=BINS * BIN + 2 * FLANK,
        chunk_bins=BINS,
        dtype="float16",
    ) as writer:
        for n in range(records):
            tokens, targets = contents(n)
            start = 1_000 * (n + 1)
            writer.add(
                Region("chr1", start, start + BINS * BIN),
                "train",
                dna_start=start - FLANK,
                tokens=np.array_split(tokens, blocks),
                targets=np.array_split(targets, blocks),
            )
    return path
