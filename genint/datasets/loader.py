"""Windows of a data set, as a model takes them: (tokens (input_bp,) uint8, targets (core_bins, T) float32)."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from genint.arrays import F32, F64, U8
from genint.datasets.dataset import Segment, TrackDataset
from genint.datasets.variation import Variation
from genint.errors import InputError
from genint.genome.dna import reverse_complement
from genint.genome.grid import Geometry
from genint.genome.region import Region

Window = tuple[Tensor, Tensor]
_BINS_AT_ONCE = 1_024  # of all tracks, when means are taken


def check_geometry(dataset: TrackDataset, geometry: Geometry) -> None:
    """Raise InputError when the model's bins are not the data set's."""
    if geometry.bin_bp != dataset.bin_bp:
        raise InputError(
            f"{dataset.path}: its bins are {dataset.bin_bp} bp wide, the model's are {geometry.bin_bp} bp. "
            "Make the data set again with the model's bin width"
        )


class TrainingWindows(Dataset[Window]):
    """Random windows of the training split. Window i depends on seed and i alone, so that a killed run can resume.

    A window starts on a random bin border; its DNA is then shifted by up to `shift_bp` bases against its targets,
    and half of the windows are reverse-complemented, with stranded tracks swapped. `variation`: whose DNA it is, and
    what is changed in it; what that draws comes last, so that it changes nothing else.
    """

    def __init__(
        self,
        dataset: TrackDataset,
        geometry: Geometry,
        *,
        seed: int,
        shift_bp: int,
        reverse: bool,
        indices: Sequence[int],
        variation: Variation | None = None,
    ) -> None:
        check_geometry(dataset, geometry)
        self._dataset, self._geometry = dataset, geometry
        self._variation = variation or Variation()
        self._sources = self._variation.chances(dataset.relatives)
        self._seed, self._shift_bp, self._reverse = seed, shift_bp, reverse
        self._indices = indices
        self._segments = dataset.split("train")
        bins = np.array([segment.bins(dataset.bin_bp) for segment in self._segments], dtype=np.float64)
        self._chances = bins / bins.sum()
        self._partners = dataset.tracks.partners

    def __len__(self) -> int:
        return len(self._indices)

    def __getitem__(self, position: int) -> Window:
        draw = self._generator(position)
        segment, first_bin, shift, reverse = self._draw_place(draw)
        relative, clean = None, self._variation.is_clean(self._indices[position])
        if not clean and len(self._sources) > 1:
            source = int(draw.choice(len(self._sources), p=self._sources))
            relative = source - 1 if source else None
        tokens, targets = read_window(self._dataset, segment, first_bin, self._geometry, shift, relative)
        if not clean:
            tokens = self._variation.mutate(tokens, draw)
        if reverse:
            tokens, targets = reverse_complement(tokens), targets[::-1, self._partners]
        return torch.from_numpy(np.ascontiguousarray(tokens)), torch.from_numpy(np.ascontiguousarray(targets))

    def region(self, position: int) -> Region:
        """Where the targets of a window lie, for messages."""
        segment, first_bin, _, _ = self._draw_place(self._generator(position))
        start = segment.start + first_bin * self._geometry.bin_bp
        return Region(segment.chrom, start, start + self._geometry.core_bp)

    def _generator(self, position: int) -> np.random.Generator:
        return np.random.default_rng([self._seed, self._indices[position]])

    def _draw_place(self, draw: np.random.Generator) -> tuple[Segment, int, int, bool]:
        """Segment, first bin, shift of the DNA, whether it is reverse-complemented."""
        segment = self._segments[draw.choice(len(self._segments), p=self._chances)]
        last_start = max(segment.bins(self._dataset.bin_bp) - self._geometry.core_bins, 0)
        first_bin = int(draw.integers(last_start + 1))
        shift = int(draw.integers(-self._shift_bp, self._shift_bp + 1))
        return segment, first_bin, shift, self._reverse and bool(draw.random() < 0.5)


class SplitTiles(Dataset[Window]):
    """Every tile of a split, in order, on the grid that `genint predict` uses; or those that `part` picks."""

    def __init__(self, dataset: TrackDataset, geometry: Geometry, split: str, part: slice = slice(None)) -> None:
        check_geometry(dataset, geometry)
        self._dataset, self._geometry, self.split = dataset, geometry, split
        starts = [
            (segment, first_bin)
            for segment in dataset.split(split)
            for first_bin in range(0, segment.bins(dataset.bin_bp), geometry.core_bins)
        ]
        self._starts = starts[part]

    def __len__(self) -> int:
        return len(self._starts)

    def region(self, position: int) -> Region:
        """Where the targets of a tile lie; the last may reach past its segment."""
        segment, first_bin = self._starts[position]
        start = segment.start + first_bin * self._geometry.bin_bp
        return Region(segment.chrom, start, start + self._geometry.core_bp)

    def read(self, position: int) -> tuple[np.ndarray, np.ndarray]:
        """Tokens (input_bp,) and targets (core_bins, T) of a tile."""
        return read_window(self._dataset, *self._starts[position], self._geometry)

    def __getitem__(self, position: int) -> Window:
        tokens, targets = self.read(position)
        return torch.from_numpy(tokens), torch.from_numpy(targets)


def track_means(dataset: TrackDataset) -> F64:
    """(T,): each track's mean target over the training split; 0 for a track that was not measured there."""
    total, count = np.zeros(len(dataset.tracks)), np.zeros(len(dataset.tracks))
    for segment in dataset.split("train"):
        for first_bin in range(0, segment.bins(dataset.bin_bp), _BINS_AT_ONCE):
            targets = dataset.targets(segment, first_bin, _BINS_AT_ONCE)
            total += np.nansum(targets, axis=0, dtype=np.float64)
            count += np.isfinite(targets).sum(axis=0)
    return total / np.maximum(count, 1)


def read_window(
    dataset: TrackDataset,
    segment: Segment,
    first_bin: int,
    geometry: Geometry,
    shift: int = 0,
    relative: int | None = None,
) -> tuple[U8, F32]:
    """Tokens (input_bp,) and targets (core_bins, T) of the window whose core begins at `first_bin` of the segment."""
    start = first_bin * geometry.bin_bp - geometry.context_bp + shift
    tokens = dataset.tokens(segment, start, geometry.input_bp, relative)
    return tokens, dataset.targets(segment, first_bin, geometry.core_bins)
