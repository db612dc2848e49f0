"""Records of a made-up data set, for the tests of reading and writing."""

from pathlib import Path

import numpy as np

from genint.console import Console
from genint.datasets.writer import create_dataset
from genint.genome.fasta import Assembly
from genint.genome.region import Region
from genint.genome.relatives import RelativeInfo
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


def relative_dna(n: int, relative: int) -> np.ndarray:
    return contents(1_000 * (relative + 1) + n)[0]


def written(path: Path, records: int = 4, blocks: int = 1, relatives: int = 0) -> Path:
    """Records at 1,000, 2,000, ... of chr1, given to the writer in blocks; a record is a chunk."""
    with create_dataset(
        path,
        bin_bp=BIN,
        assembly=Assembly("made-up", {}),
        tracks=TRACKS,
        chunk_bp=BINS * BIN + 2 * FLANK,
        chunk_bins=BINS,
        dtype="float16",
        relatives=[RelativeInfo(f"relative {number}", 0.9, 0.5) for number in range(relatives)],
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
                relatives=[relative_dna(n, relative) for relative in range(relatives)],
            )
    return path


def write_relatives(folder: Path, genome: Path, n: int = 2, rate: float = 0.2) -> Path:
    """A table of `n` relatives of a FASTA: with each, more bases are others, and every tenth line is not aligned."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = ["name\tfile"]
    for number in range(n):
        draw, lines = np.random.default_rng(number), []
        for count, line in enumerate(genome.read_text().splitlines()):
            letters = np.array(list(line.upper()))
            if not line.startswith(">"):
                changed = draw.random(len(letters)) < rate * (number + 1) / n
                letters[changed] = draw.choice(list("ACGT"), int(changed.sum()))
                line = "".join(letters) if count % 10 else line.lower()
            lines.append(line)
        (folder / f"relative{number}.fa").write_text("\n".join(lines) + "\n")
        rows.append(f"relative {number}\trelative{number}.fa")
    (folder / "relatives.tsv").write_text("\n".join(rows) + "\n")
    return folder / "relatives.tsv"
