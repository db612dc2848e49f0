"""A data set on disk.

    DATASET/
      dataset.json      format version, bin width, assembly, sha256 of the DNA and of the targets
      tracks.tsv        the track table; its transforms are already applied to the targets
      stretches.tsv     chrom, start, end, split, dna_start, dna_end: unbroken segments of chromosome, one after
                        another in the arrays. Bins fill [start, end), the last may be shorter; DNA is there for
                        [dna_start, dna_end), which holds the bins and may reach past the chromosome's ends
      arrays.zarr/      dna      (sum of DNA lengths,) uint8 tokens
                        targets  (sum of bins, T) float16 or float32 on the model's scale; NaN = not measured, excluded

Arrays are cut into chunks, a file each, compressed with zstd and closed with a CRC32C, so that a flipped bit is an
error and not a number. A window that reaches past what a segment has sees unknown DNA and NaN targets there.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, get_args

import numpy as np
import numpy.typing as npt
import zarr
from zarr.codecs import Crc32cCodec, ZstdCodec

from genint.choices import Split
from genint.errors import InputError, OutputError
from genint.genome import dna
from genint.genome.fasta import Assembly
from genint.genome.grid import count_bins
from genint.tracks.table import TrackTable, read_tracks

FORMAT_VERSION = 3
SPLITS = get_args(Split)
CHUNK_BP = 16_384
COLUMNS = ("chrom", "start", "end", "split", "dna_start", "dna_end")

Targets = npt.NDArray[np.float32 | np.float16]


@dataclass(frozen=True)
class Segment:
    """[start, end) of a chromosome in bins, its DNA [dna_start, dna_end), and where in the arrays the two begin."""

    chrom: str
    start: int
    end: int
    split: str
    dna_start: int
    dna_end: int
    first_base: int
    first_bin: int

    def __str__(self) -> str:
        return f"{self.chrom}:{self.start + 1:,}-{self.end:,}"

    def bins(self, bin_bp: int) -> int:
        return count_bins(self.end - self.start, bin_bp)


class TrackDataset:
    """A data set opened for reading; cheap to pickle, so that loader processes each open their own."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        header = _read_header(self.path)
        self.bin_bp: int = header["bin_bp"]
        self.assembly = Assembly(header["assembly"]["name"], header["assembly"]["sizes"])
        self.tracks: TrackTable = read_tracks(self.path / "tracks.tsv")
        self.segments = _read_stretches(self.path / "stretches.tsv", self.bin_bp)
        bases = sum(segment.dna_end - segment.dna_start for segment in self.segments)
        bins = sum(segment.bins(self.bin_bp) for segment in self.segments)
        shapes, expected = (self._dna.shape, self._targets.shape), ((bases,), (bins, len(self.tracks)))
        if shapes != expected:
            raise InputError(
                f"{self.path}: DNA and targets have shapes {shapes}, stretches.tsv and tracks.tsv say {expected}. "
                "Make the data set again"
            )

    @property
    def digest(self) -> str:
        """sha256 of the header, which holds a digest of DNA and targets, of the track table and the segments."""
        files = ("dataset.json", "tracks.tsv", "stretches.tsv")
        return hashlib.sha256(b"".join((self.path / file).read_bytes() for file in files)).hexdigest()

    def split(self, name: str) -> list[Segment]:
        """The segments of `train`, `valid` or `test`. Raises InputError when there are none."""
        found = [segment for segment in self.segments if segment.split == name]
        if not found:
            raise InputError(f"{self.path}: the {name} split is empty. Make the data set again with --{name}")
        return found

    def tokens(self, segment: Segment, start: int, length: int) -> dna.Tokens:
        """(length,) tokens from base `start` of the segment on, which may be negative; UNKNOWN where it has no DNA."""
        answer = np.full(length, dna.UNKNOWN, dtype=np.uint8)
        first = max(start, segment.dna_start - segment.start)
        last = min(start + length, segment.dna_end - segment.start)
        if first < last:
            base = segment.first_base + segment.start - segment.dna_start
            answer[first - start : last - start] = self._dna[base + first : base + last]
        return answer

    def targets(self, segment: Segment, first_bin: int, bins: int) -> npt.NDArray[np.float32]:
        """(bins, T) targets from bin `first_bin` of the segment on; NaN past its end."""
        answer = np.full((bins, len(self.tracks)), np.nan, dtype=np.float32)
        last = min(first_bin + bins, segment.bins(self.bin_bp))
        if first_bin < last:
            answer[: last - first_bin] = self._targets[segment.first_bin + first_bin : segment.first_bin + last]
        return answer

    @property
    def dtype(self) -> np.dtype[Any]:
        """What the targets are stored as."""
        return self._targets.dtype

    @cached_property
    def _dna(self) -> "CheckedArray":
        return CheckedArray(self.path / "arrays.zarr" / "dna")

    @cached_property
    def _targets(self) -> "CheckedArray":
        return CheckedArray(self.path / "arrays.zarr" / "targets")

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name not in ("_dna", "_targets")}


class CheckedArray:
    """A zarr array whose chunks along the first axis must all be there and pass their checksum."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._array: Any = zarr.open_array(path, mode="r")
        except (OSError, ValueError) as error:
            raise InputError(f"{path}: cannot be opened ({error}). Make the data set again") from None
        self.shape: tuple[int, ...] = self._array.shape
        self.dtype: np.dtype[Any] = self._array.dtype

    def __getitem__(self, rows: slice) -> npt.NDArray[Any]:
        """Rows [start, stop). Raises InputError naming the file of a chunk that is missing or damaged."""
        step: int = self._array.chunks[0]
        chunks = range(rows.start // step, -(-rows.stop // step))
        for chunk in chunks:
            if not self._file(chunk).exists():  # zarr would answer with its fill value
                raise InputError(f"{self._file(chunk)}: is missing. Make the data set again, or copy it again")
        try:
            answer: npt.NDArray[Any] = self._array[rows]
        except (OSError, ValueError, RuntimeError) as error:
            raise InputError(
                f"{self._damaged(chunks)}: is damaged ({error}). Make the data set again, or copy it again"
            ) from None
        return answer

    def _damaged(self, chunks: range) -> Path:
        """The first of these chunks that cannot be read."""
        step: int = self._array.chunks[0]
        for chunk in chunks:
            try:
                self._array[chunk * step : (chunk + 1) * step]
            except (OSError, ValueError, RuntimeError):
                return self._file(chunk)
        return self._path

    def _file(self, chunk: int) -> Path:
        return self._path.joinpath("c", str(chunk), *["0"] * (len(self.shape) - 1))


class TrackDatasetWriter:
    """Writes the parts of a data set in order; dataset.json comes last, so that a killed run leaves no data set.

    Where every segment has `chunk_bp` of DNA and `chunk_bins` bins, each has its own chunk.
    """

    def __init__(
        self,
        path: Path,
        *,
        bin_bp: int,
        assembly: Assembly,
        tracks: TrackTable,
        chunk_bp: int = CHUNK_BP,
        chunk_bins: int | None = None,
        dtype: str = "float32",
    ) -> None:
        self._path, self._bin_bp, self._assembly = path, bin_bp, assembly
        path.mkdir(parents=True)
        tracks.write(path / "tracks.tsv")
        self._stretches: list[Segment] = []
        self._content = {"dna": hashlib.sha256(), "targets": hashlib.sha256()}
        arrays = zarr.open_group(path / "arrays.zarr", mode="w")
        common: dict[str, Any] = {
            "compressors": [ZstdCodec(level=3), Crc32cCodec()],
            "config": {"write_empty_chunks": True},  # a chunk without a file is a lost one
        }
        self._dna: Any = arrays.create_array(
            "dna", shape=(0,), chunks=(chunk_bp,), dtype="uint8", fill_value=dna.UNKNOWN, **common
        )
        chunks = (chunk_bins or max(chunk_bp // bin_bp, 1), len(tracks))
        self._targets: Any = arrays.create_array(
            "targets", shape=(0, len(tracks)), chunks=chunks, dtype=dtype, fill_value=np.nan, **common
        )

    def add(
        self,
        chrom: str,
        start: int,
        end: int,
        split: str,
        dna_start: int,
        tokens: Iterable[dna.Tokens],
        targets: Iterable[Targets],
    ) -> None:
        """Append the segment [start, end): its DNA from `dna_start` on, and targets (bins, T), both in blocks."""
        base, first_bin = self._dna.shape[0], self._targets.shape[0]
        for piece in tokens:
            self._append(self._dna, piece)
        for block in targets:
            self._append(self._targets, block)
        dna_end = dna_start + self._dna.shape[0] - base
        segment = Segment(chrom, start, end, split, dna_start, dna_end, base, first_bin)
        if self._targets.shape[0] - first_bin != segment.bins(self._bin_bp) or not dna_start <= start < end <= dna_end:
            raise ValueError(f"{segment}: {self._targets.shape[0] - first_bin} bins, DNA [{dna_start}, {dna_end})")
        self._stretches.append(segment)

    def _append(self, array: Any, block: npt.NDArray[Any]) -> None:
        stored = np.ascontiguousarray(block, dtype=array.dtype)
        array.append(stored)
        self._content[array.basename].update(stored.data)

    def close(self) -> None:
        rows = [COLUMNS, *(tuple(str(getattr(segment, name)) for name in COLUMNS) for segment in self._stretches)]
        (self._path / "stretches.tsv").write_text("".join("\t".join(row) + "\n" for row in rows))
        header = {
            "format_version": FORMAT_VERSION,
            "bin_bp": self._bin_bp,
            "assembly": {"name": self._assembly.name, "sizes": self._assembly.sizes},
            "content": {name: digest.hexdigest() for name, digest in self._content.items()},
        }
        (self._path / "dataset.json").write_text(json.dumps(header, indent=1) + "\n")


@contextmanager
def new_dataset(out: Path) -> Iterator[Path]:
    """A folder to write in, which becomes `out` when the block ends well and vanishes when it does not.

    Raises OutputError when `out` is there already.
    """
    if out.exists():
        raise OutputError(f"{out}: is there already. Remove it, or choose another folder with -o")
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as folder:
        new = Path(folder) / "dataset"
        yield new
        os.replace(new, out)


def _read_header(path: Path) -> dict[str, Any]:
    file = path / "dataset.json"
    try:
        header: dict[str, Any] = json.loads(file.read_text())
        if header["format_version"] != FORMAT_VERSION:
            raise InputError(
                f"{file}: format version {header['format_version']}, this genint reads {FORMAT_VERSION}. "
                "Make the data set again, or install the matching genint"
            )
        if not isinstance(header["bin_bp"], int) or not isinstance(header["assembly"]["sizes"], dict):
            raise KeyError("bin_bp or assembly")
    except OSError as error:
        raise InputError(
            f"{path}: is not a finished data set, no dataset.json ({error.strerror}). See genint data make"
        ) from None
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{file}: is damaged ({error!r}). Make the data set again") from None
    return header


def _read_stretches(path: Path, bin_bp: int) -> tuple[Segment, ...]:
    segments: list[Segment] = []
    base = first_bin = 0
    try:
        for line in path.read_text().splitlines()[1:]:
            chrom, start, end, split, dna_start, dna_end = line.split("\t")
            segment = Segment(chrom, int(start), int(end), split, int(dna_start), int(dna_end), base, first_bin)
            if split not in SPLITS:
                raise ValueError(f"split {split!r} is not one of {', '.join(SPLITS)}")
            if not segment.dna_start <= segment.start < segment.end <= segment.dna_end:
                raise ValueError(f"{segment} is not inside its DNA [{dna_start}, {dna_end})")
            segments.append(segment)
            base += segment.dna_end - segment.dna_start
            first_bin += segment.bins(bin_bp)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: is damaged ({error}). Make the data set again") from None
    return tuple(segments)
