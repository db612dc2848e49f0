"""Splits: which segments of a genome train, validate and test."""

import itertools
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from genint.datasets.dataset import SPLITS
from genint.errors import InputError
from genint.genome.bed import BedRow, read_bed
from genint.genome.chromosome_names import Advice, reconcile
from genint.genome.grid import count_bins, touched_bins
from genint.genome.region import Region

Aliases = list[list[str]] | None
Assignment = tuple[Region, str]  # starts on a bin border, ends on one or with its chromosome; its split

_UNIT_BP = 16_384  # a default tile: blocks are multiples of it, so that tiles lie where `genint predict` puts them
_LONGEST_BLOCK_BP = 48 * _UNIT_BP  # 786,432, at which the field breaks its contigs, too
_FINEST_FRACTION = 100
_NO_SPLIT = -1


class Splitter(Protocol):
    """A way to split."""

    def assign(self, sizes: Mapping[str, int], bin_bp: int, aliases: Aliases, known_by: str) -> list[Assignment]:
        """Segments of the measured chromosomes `sizes`, in their order, none overlapping. `known_by` is their file."""


def choose_split(
    valid: str = "", test: str = "", split: "Splitter | Path | str | None" = None, seed: int = 1
) -> "Splitter":
    """By `split`, a BED or Splitter, or by `valid` and `test`: chromosomes "A,B", or fractions "0.1" drawn with `seed`.

    Raises InputError for both ways at once, for neither, and for chromosomes beside a fraction.
    """
    if split:
        if valid or test:
            raise InputError("`split`: is a way of its own. Leave out `valid` and `test`, or `split`")
        return BedSplit(bed=Path(split)) if isinstance(split, Path | str) else split
    if not valid:
        raise InputError("`valid`: nothing says what to validate on. Give chromosomes, a fraction, or a BED as `split`")
    fractions = [_fraction(valid), _fraction(test or "0.0")]
    if fractions[0] is not None and fractions[1] is not None:
        return FractionSplit(valid=fractions[0], test=fractions[1], seed=seed)
    if fractions[0] is not None or (test and fractions[1] is not None):
        raise InputError("`valid` and `test`: one is a fraction. Give both as chromosomes, or both as fractions")
    return Split(valid=_names(valid), test=_names(test))


def _fraction(text: str) -> float | None:
    """0.1 and .1 are fractions; 1 is a chromosome."""
    return float(text) if re.fullmatch(r"\d*\.\d+", text) else None


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


@dataclass(frozen=True, kw_only=True)
class Split:
    """Chromosomes for validation and test; every other measured chromosome trains."""

    valid: Sequence[str]
    test: Sequence[str]

    def assign(self, sizes: Mapping[str, int], bin_bp: int, aliases: Aliases, known_by: str) -> list[Assignment]:
        """One segment per chromosome."""

        def names(requested: Sequence[str], parameter: str) -> set[str]:
            what = f"{known_by} where a track was measured"
            found = reconcile(
                requested, sizes, asked_by=parameter, known_by=what, aliases=aliases, advice=Advice("Leave them out")
            )
            return set(found.values())

        valid, test = names(self.valid, "`valid`"), names(self.test, "`test`")
        if valid & test:
            both = ", ".join(sorted(valid & test))
            raise InputError(f"`valid` and `test`: both name {both}. A chromosome belongs to one split")
        if not set(sizes) - valid - test:
            raise InputError("`valid` and `test`: leave no chromosome to train on")
        return [
            (Region(chrom, 0, length), "valid" if chrom in valid else "test" if chrom in test else "train")
            for chrom, length in sizes.items()
        ]


@dataclass(frozen=True, kw_only=True)
class FractionSplit:
    """Fractions of the measured bases for validation and test, in contiguous blocks drawn with `seed`.

    Blocks are about a hundredth of all bases long, 16,384 to 786,432 bp. A fraction is met by the first block that
    reaches it.
    """

    valid: float
    test: float
    seed: int = 1

    def assign(self, sizes: Mapping[str, int], bin_bp: int, aliases: Aliases, known_by: str) -> list[Assignment]:
        """A segment per run of blocks with one label."""
        if not (0 < self.valid < 1 and 0 <= self.test < 1 and self.valid + self.test < 1):
            raise InputError(
                f"`valid` {self.valid:g} and `test` {self.test:g}: expected fractions between 0 and 1 that leave some "
                "to train on"
            )
        total = sum(sizes.values())
        unit = math.lcm(bin_bp, _UNIT_BP)
        block_bp = unit * max(min(total // _FINEST_FRACTION, _LONGEST_BLOCK_BP) // unit, 1)
        blocks = [
            Region(chrom, start, min(start + block_bp, length))
            for chrom, length in sizes.items()
            for start in range(0, length, block_bp)
        ]
        labels = {chrom: np.zeros(count_bins(length, bin_bp), dtype=np.int8) for chrom, length in sizes.items()}
        order = iter(np.random.default_rng(self.seed).permutation(len(blocks)))
        for split, fraction in ((SPLITS.index("test"), self.test), (SPLITS.index("valid"), self.valid)):
            taken = 0
            while taken < fraction * total and (index := next(order, None)) is not None:
                labels[blocks[index].chrom][touched_bins(blocks[index], bin_bp)] = split
                taken += len(blocks[index])
        if next(order, None) is None:
            raise InputError(
                f"`valid` {self.valid:g} and `test` {self.test:g}: {known_by} has {len(blocks)} block(s) of "
                f"{block_bp:,} bp, which leaves none to train on. Split by chromosome or by a BED (`split`)"
            )
        return list(_runs(labels, sizes, bin_bp))


@dataclass(frozen=True, kw_only=True)
class BedSplit:
    """A BED whose fourth column says train, valid or test. What it does not name is left out.

    A bin that rows of two splits share is left out, too.
    """

    bed: Path

    def assign(self, sizes: Mapping[str, int], bin_bp: int, aliases: Aliases, known_by: str) -> list[Assignment]:
        """A segment per run of bins with one label."""
        rows = read_bed(self.bed, sizes)
        self._check(rows)
        regions = [(row, row.region) for row in rows if isinstance(row.region, Region)]  # the others hold no base
        names = reconcile(
            [row.region.chrom for row in rows], sizes, asked_by=str(self.bed), known_by=known_by, aliases=aliases
        )
        masks = {chrom: np.zeros((3, count_bins(length, bin_bp)), dtype=np.bool_) for chrom, length in sizes.items()}
        for row, region in regions:
            chrom = names[region.chrom]
            if region.start >= sizes[chrom]:
                raise InputError(
                    f"{self.bed}, {row.source}: {region} starts past the end of {chrom} ({sizes[chrom]:,} bp) in "
                    f"{known_by}. Is it the same assembly?"
                )
            masks[chrom][SPLITS.index(row.name), touched_bins(region, bin_bp)] = True
        labels = {
            chrom: np.where(mask.sum(axis=0) == 1, mask.argmax(axis=0), _NO_SPLIT).astype(np.int8)
            for chrom, mask in masks.items()
        }
        return list(_runs(labels, sizes, bin_bp))

    def _check(self, rows: Sequence[BedRow]) -> None:
        for row in rows:
            if row.name not in SPLITS:
                raise InputError(
                    f"{self.bed}, {row.source}: the fourth column is {row.name!r}. Expected {', '.join(SPLITS)}"
                )
        if not any(row.name == "train" for row in rows):
            raise InputError(f"{self.bed}: no row says train in its fourth column, so there is nothing to train on")
        furthest: BedRow | None = None
        for row in sorted(rows, key=lambda row: (row.region.chrom, row.region.start, row.region.end)):
            if row.region.start == row.region.end:
                continue
            if furthest is None or row.region.chrom != furthest.region.chrom or row.region.start >= furthest.region.end:
                furthest = row
                continue
            if row.name != furthest.name:
                raise InputError(
                    f"{self.bed}, {row.source}: {row.region} says {row.name} and overlaps {furthest.region} of "
                    f"{furthest.source}, which says {furthest.name}. A base belongs to one split"
                )
            if row.region.end > furthest.region.end:
                furthest = row


def _runs(labels: Mapping[str, npt.NDArray[np.int8]], sizes: Mapping[str, int], bin_bp: int) -> Iterator[Assignment]:
    """Runs of bins with one label, those without left out."""
    for chrom, values in labels.items():
        borders = [0, *(np.flatnonzero(np.diff(values)) + 1).tolist(), len(values)]
        for first, last in itertools.pairwise(borders):
            if values[first] != _NO_SPLIT:
                region = Region(chrom, first * bin_bp, min(last * bin_bp, sizes[chrom]))
                yield region, SPLITS[values[first]]
