"""A data set on disk.

    DATASET/
      dataset.json      format version, bin width, assembly, sha256 of each array's content
      tracks.tsv        the track table; its transforms are already applied to the targets
      segments.tsv      chrom, start, end, split, dna_start, dna_end: unbroken segments of chromosome, one after
                        another in the arrays. Bins fill [start, end), the last may be shorter; DNA is there for
                        [dna_start, dna_end), which holds the bins and may reach past the chromosome's ends
      relatives.tsv     name, aligned, identity of each relative, if there are any
      arrays.zarr/      dna        (sum of DNA lengths,) uint8 tokens
                        targets    (sum of bins, T) float16 or float32, model's scale; NaN = not measured, excluded
                        relatives  (R, sum of DNA lengths) uint8 tokens of relatives at the same places, if any

Arrays are cut into chunks, a file each, compressed with zstd and closed with a CRC32C, so that a flipped bit is an
error and not a number. A window that reaches past what a segment has sees unknown DNA and NaN targets there.
"""

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, get_args

import numpy as np

from genint.arrays import F32
from genint.choices import Split
from genint.datasets.checked_array import CheckedArray
from genint.errors import InputError
from genint.genome import dna
from genint.genome.fasta import Assembly
from genint.genome.grid import count_bins
from genint.genome.relatives import RelativeInfo
from genint.tracks.table import TrackTable, read_tracks

FORMAT_VERSION = 5
SPLITS = get_args(Split)
CHUNK_BP = 16_384
SEGMENT_COLUMNS = ("chrom", "start", "end", "split", "dna_start", "dna_end")


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
    """A data set opened for reading; cheap to pickle, so that loader processes each open their own.

    Attributes: `path`, `bin_bp`, `assembly`, `tracks`, `segments`, and `relatives`, empty where it has none.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        header = _read_header(self.path)
        self.bin_bp: int = header["bin_bp"]
        self.assembly = Assembly(header["assembly"]["name"], header["assembly"]["sizes"])
        self.tracks: TrackTable = read_tracks(self.path / "tracks.tsv")
        self.segments = _read_segments(self.path / "segments.tsv", self.bin_bp)
        has_relatives = "relatives" in header.get("content", ())
        self.relatives = _read_relatives(self.path / "relatives.tsv") if has_relatives else ()
        self._check_shapes()

    def _check_shapes(self) -> None:
        bases = sum(segment.dna_end - segment.dna_start for segment in self.segments)
        bins = sum(segment.bins(self.bin_bp) for segment in self.segments)
        expected = {"dna": (bases,), "targets": (bins, len(self.tracks))}
        shapes = {"dna": self._dna.shape, "targets": self._targets.shape}
        if self.relatives:
            expected["relatives"] = (len(self.relatives), bases)
            shapes["relatives"] = self._relatives.shape
        if shapes != expected:
            raise InputError(
                f"{self.path}: the arrays have shapes {shapes}, the tables beside them say {expected}. "
                "Make the data set again"
            )

    @property
    def digest(self) -> str:
        """sha256 of the header, which holds a digest of each array, and of the tables beside it."""
        files = ["dataset.json", "tracks.tsv", "segments.tsv", *(["relatives.tsv"] if self.relatives else [])]
        return hashlib.sha256(b"".join((self.path / file).read_bytes() for file in files)).hexdigest()

    def split(self, name: str) -> list[Segment]:
        """The segments of `train`, `valid` or `test`. Raises InputError when there are none."""
        found = [segment for segment in self.segments if segment.split == name]
        if not found:
            raise InputError(f"{self.path}: the {name} split is empty. Make the data set again with `{name}`")
        return found

    def tokens(self, segment: Segment, start: int, length: int, relative: int | None = None) -> dna.Tokens:
        """(length,) tokens from base `start` of the segment on, which may be negative; UNKNOWN where it has no DNA.

        They are the genome's own or, with `relative`, those of that one of `relatives`.
        """
        tokens = np.full(length, dna.UNKNOWN, dtype=np.uint8)
        first = max(start, segment.dna_start - segment.start)
        last = min(start + length, segment.dna_end - segment.start)
        if first < last:
            base = segment.first_base + segment.start - segment.dna_start
            rows = slice(base + first, base + last)
            tokens[first - start : last - start] = (
                self._dna[rows] if relative is None else self._relatives[relative, rows]
            )
        return tokens

    def targets(self, segment: Segment, first_bin: int, bins: int) -> F32:
        """(bins, T) targets from bin `first_bin` of the segment on; NaN past its end."""
        values = np.full((bins, len(self.tracks)), np.nan, dtype=np.float32)
        last = min(first_bin + bins, segment.bins(self.bin_bp))
        if first_bin < last:
            values[: last - first_bin] = self._targets[segment.first_bin + first_bin : segment.first_bin + last]
        return values

    @property
    def dtype(self) -> np.dtype[Any]:
        """What the targets are stored as."""
        return self._targets.dtype

    @cached_property
    def _dna(self) -> CheckedArray:
        return CheckedArray(self.path / "arrays.zarr" / "dna")

    @cached_property
    def _targets(self) -> CheckedArray:
        return CheckedArray(self.path / "arrays.zarr" / "targets")

    @cached_property
    def _relatives(self) -> CheckedArray:
        return CheckedArray(self.path / "arrays.zarr" / "relatives")

    def __getstate__(self) -> dict[str, Any]:
        arrays = ("_dna", "_targets", "_relatives")
        return {name: value for name, value in vars(self).items() if name not in arrays}


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


def _read_relatives(path: Path) -> tuple[RelativeInfo, ...]:
    try:
        rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()[1:]]
        return tuple(RelativeInfo(name, float(aligned), float(identity)) for name, aligned, identity in rows)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: is damaged ({error}). Make the data set again") from None


def _read_segments(path: Path, bin_bp: int) -> tuple[Segment, ...]:
    segments: list[Segment] = []
    base = first_bin = 0
    try:
        for line in path.read_text(encoding="utf-8").splitlines()[1:]:
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
