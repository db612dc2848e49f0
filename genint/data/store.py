"""A data set on disk.

    DATASET/
      dataset.json      format version, bin width, assembly
      tracks.tsv        the track table; its transforms are already applied to the targets
      stretches.tsv     chrom, start, end, split: unbroken stretches of chromosome, one after another in the arrays
      arrays.zarr/      dna      (sum of lengths,) uint8 tokens
                        targets  (sum of bins, T) float32 on the model's scale; NaN = not measured or excluded

A stretch starts on a bin border. A window that reaches past its stretch sees unknown DNA and NaN targets there.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import zarr

from genint import dna
from genint.errors import InputError
from genint.genome import Assembly
from genint.grid import count_bins
from genint.tracks import TrackTable, read_tracks

FORMAT_VERSION = 1
SPLITS = ("train", "valid", "test")
CHUNK_BP = 16_384

Targets = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Stretch:
    """[start, end) of a chromosome, whose DNA and bins begin at `first_base` and `first_bin` of the arrays."""

    chrom: str
    start: int
    end: int
    split: str
    first_base: int
    first_bin: int

    def bins(self, bin_bp: int) -> int:
        return count_bins(self.end - self.start, bin_bp)


class DataSet:
    """A data set opened for reading; cheap to pickle, so that loader processes each open their own."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        header = _read_header(self.path)
        self.bin_bp: int = header["bin_bp"]
        self.assembly = Assembly(header["assembly"]["name"], header["assembly"]["sizes"])
        self.tracks: TrackTable = read_tracks(self.path / "tracks.tsv")
        self.stretches = _read_stretches(self.path / "stretches.tsv", self.bin_bp)
        if self._targets.shape != (self._count_bins(), len(self.tracks)):
            raise InputError(
                f"{self.path}: targets have shape {self._targets.shape}, stretches.tsv and tracks.tsv say "
                f"{(self._count_bins(), len(self.tracks))}. Make the data set again"
            )

    @property
    def digest(self) -> str:
        """sha256 of what the data set says of itself: header, track table and stretches."""
        files = ("dataset.json", "tracks.tsv", "stretches.tsv")
        return hashlib.sha256(b"".join((self.path / file).read_bytes() for file in files)).hexdigest()

    def split(self, name: str) -> list[Stretch]:
        """The stretches of `train`, `valid` or `test`. Raises InputError when there are none."""
        found = [stretch for stretch in self.stretches if stretch.split == name]
        if not found:
            raise InputError(f"{self.path}: the {name} split is empty. Make the data set with --{name} CHROMOSOMES")
        return found

    def tokens(self, stretch: Stretch, start: int, length: int) -> dna.Tokens:
        """(length,) tokens from base `start` of the stretch on, which may be negative; UNKNOWN past both its ends."""
        answer = np.full(length, dna.UNKNOWN, dtype=np.uint8)
        first, last = max(start, 0), min(start + length, stretch.end - stretch.start)
        if first < last:
            answer[first - start : last - start] = self._dna[stretch.first_base + first : stretch.first_base + last]
        return answer

    def targets(self, stretch: Stretch, first_bin: int, bins: int) -> Targets:
        """(bins, T) targets from bin `first_bin` of the stretch on; NaN past its end."""
        answer = np.full((bins, len(self.tracks)), np.nan, dtype=np.float32)
        last = min(first_bin + bins, stretch.bins(self.bin_bp))
        if first_bin < last:
            answer[: last - first_bin] = self._targets[stretch.first_bin + first_bin : stretch.first_bin + last]
        return answer

    def _count_bins(self) -> int:
        return sum(stretch.bins(self.bin_bp) for stretch in self.stretches)

    @cached_property
    def _arrays(self) -> Any:
        try:
            return zarr.open_group(self.path / "arrays.zarr", mode="r")
        except (OSError, ValueError) as error:
            raise InputError(f"{self.path}: arrays.zarr cannot be opened ({error}). Make the data set again") from None

    @cached_property
    def _dna(self) -> Any:
        return self._arrays["dna"]

    @cached_property
    def _targets(self) -> Any:
        return self._arrays["targets"]

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name not in ("_arrays", "_dna", "_targets")}


class DataSetWriter:
    """Writes the parts of a data set in order; dataset.json comes last, so that a killed run leaves no data set."""

    def __init__(self, path: Path, *, bin_bp: int, assembly: Assembly, tracks: TrackTable) -> None:
        self._path, self._bin_bp, self._assembly = path, bin_bp, assembly
        path.mkdir(parents=True)
        tracks.write(path / "tracks.tsv")
        self._stretches: list[Stretch] = []
        arrays = zarr.open_group(path / "arrays.zarr", mode="w")
        self._dna: Any = arrays.create_array("dna", shape=(0,), chunks=(CHUNK_BP,), dtype="uint8")
        chunk_bins = max(CHUNK_BP // bin_bp, 1)
        self._targets: Any = arrays.create_array(
            "targets", shape=(0, len(tracks)), chunks=(chunk_bins, len(tracks)), dtype="float32", fill_value=np.nan
        )

    def add(self, chrom: str, start: int, tokens: dna.Tokens, split: str, targets: Iterable[Targets]) -> None:
        """Append a stretch: its DNA, and its targets in consecutive blocks (bins, T) from its first bin on."""
        base, first_bin = self._dna.shape[0], self._targets.shape[0]
        self._dna.append(tokens)
        for block in targets:
            self._targets.append(block)
        stretch = Stretch(chrom, start, start + len(tokens), split, base, first_bin)
        if self._targets.shape[0] - first_bin != stretch.bins(self._bin_bp):
            raise ValueError(
                f"{chrom}: {self._targets.shape[0] - first_bin} bins of targets for {len(tokens)} bp of DNA"
            )
        self._stretches.append(stretch)

    def close(self) -> None:
        rows = [("chrom", "start", "end", "split")]
        rows += [(s.chrom, str(s.start), str(s.end), s.split) for s in self._stretches]
        (self._path / "stretches.tsv").write_text("".join("\t".join(row) + "\n" for row in rows))
        header = {
            "format_version": FORMAT_VERSION,
            "bin_bp": self._bin_bp,
            "assembly": {"name": self._assembly.name, "sizes": self._assembly.sizes},
        }
        (self._path / "dataset.json").write_text(json.dumps(header, indent=1) + "\n")


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


def _read_stretches(path: Path, bin_bp: int) -> tuple[Stretch, ...]:
    stretches: list[Stretch] = []
    base = first_bin = 0
    try:
        for line in path.read_text().splitlines()[1:]:
            chrom, start, end, split = line.split("\t")
            stretch = Stretch(chrom, int(start), int(end), split, base, first_bin)
            if split not in SPLITS:
                raise ValueError(f"split {split!r} is not one of {', '.join(SPLITS)}")
            stretches.append(stretch)
            base += stretch.end - stretch.start
            first_bin += stretch.bins(bin_bp)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: is damaged ({error}). Make the data set again") from None
    return tuple(stretches)
