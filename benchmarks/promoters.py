"""Promoters, and what mutants in them do to several assays at once: shared by the benchmarks of explanations.

A promoter is 500 bp before the measured start of a transcript to 50 bp behind it. What is explained is the log of the
signal summed over 1,024 bp around a site, for each group of tracks of its own; see
genint.interpretation.attribution.target.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from genint.arrays import F64, I64, U8
from genint.genome.dna_source import DnaSource
from genint.genome.region import Region
from genint.interpretation.attribution.mutants import STRETCH_BP, choose_rescorer
from genint.interpretation.attribution.regions import AttributeSettings, prepare
from genint.interpretation.attribution.target import Target
from genint.models.bundled import DEFAULT_MODEL
from genint.models.folder import Model
from genint.tracks.table import TrackTable

ASSAYS = {"ATAC": "^atac", "CAGE": "^cage", "RNA": "^rna", "Orc6": "chip_orc6", "Pol II": "chip_polii"}
BEFORE_BP, BEHIND_BP = 500, 50
TARGET_BP = 1_024
AT_ONCE = 48
DRAWS, SEED = 1_000, 0


class Start(NamedTuple):
    """Where transcription starts: `sign` is 1 on the plus strand and -1 on the minus strand."""

    chrom: str
    position: int
    sign: int

    @property
    def promoter(self) -> slice:
        """Its bases on the chromosome."""
        first, last = (-BEFORE_BP, BEHIND_BP) if self.sign > 0 else (-BEHIND_BP, BEFORE_BP)
        return slice(max(self.position + first, 0), self.position + last)


@dataclass(frozen=True)
class SeveralTargets(Target):
    """The same bins for several groups of tracks: scores (B, groups) instead of (B,)."""

    groups: tuple[tuple[int, ...], ...]

    def score_tracks(self, tracks: Tensor) -> Tensor:
        """(B, bins of the target, T) -> (B, groups)."""
        return torch.stack([Target(self.bins, group).score_tracks(tracks) for group in self.groups], -1)


class Window(NamedTuple):
    """The DNA that a model reads around a site: tokens (1, L), where the site is in it, and the bins of its signal."""

    tokens: Tensor
    site: slice
    bins: slice


def make_parser(description: str | None, *, most: int) -> argparse.ArgumentParser:
    """For a script about promoters of some chromosomes: it looks at `most` sites unless --most says otherwise."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("genome", type=Path)
    parser.add_argument("transcripts", type=Path)
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--chroms", nargs="+", default=["chrII", "chrXIII"])
    parser.add_argument("--most", type=int, default=most)
    return parser


def read_starts(transcripts: Path, chroms: Sequence[str]) -> list[Start]:
    """The starts of the transcripts of a BED6 file on some chromosomes, each once."""
    rows = [line.split("\t") for line in transcripts.read_text().splitlines()]
    found = [
        Start(row[0], int(row[1]), 1) if row[5] == "+" else Start(row[0], int(row[2]) - 1, -1)
        for row in rows
        if row[0] in chroms
    ]
    return list(dict.fromkeys(found))


def find_groups(tracks: TrackTable, assays: Sequence[str]) -> tuple[tuple[int, ...], ...]:
    """The columns of each of ASSAYS."""
    return tuple(tuple(tracks.select(ASSAYS[assay])) for assay in assays)


def read_windows(genome: DnaSource, model: Model, sites: Sequence[Region]) -> list[Window]:
    """What is read for each site: the window whose middle holds the TARGET_BP around it."""
    settings: AttributeSettings = {"width": TARGET_BP, "device": "cpu"}
    prepared = prepare(genome, list(sites), model, settings)
    windows = []
    for site, place in zip(sites, prepared.places, strict=True):
        dna = prepared.read_window(place)[0]
        own = slice(site.start - place.start, site.end - place.start)
        windows.append(Window(torch.from_numpy(dna.copy())[None], own, _bins_around(place.region, place.start, model)))
    return windows


def _bins_around(region: Region, start: int, model: Model) -> slice:
    geometry = model.geometry
    first = start + geometry.context_bp
    return slice((region.start - first) // geometry.bin_bp, -((first - region.end) // geometry.bin_bp))


@torch.inference_mode()
def replace_sites(model: Model, window: Window, groups: tuple[tuple[int, ...], ...], stretches: U8) -> F64:
    """What writing each of `stretches` (M, site) of letters 0 to 3 over the site adds to each score: (M, groups)."""
    one_hot = model.module.one_hot(window.tokens)
    target = SeveralTargets(window.bins, (), groups)
    rescorer = choose_rescorer(model.module, one_hot, target)
    base = target.score(model.module, one_hot)[0]
    letters = torch.eye(4, dtype=one_hot.dtype)[torch.from_numpy(stretches.astype(np.int64))]  # (M, site, 4)
    scores = [rescorer.score(part, window.site.start) - base for part in torch.split(letters, AT_ONCE)]
    return torch.cat(scores).numpy()


@torch.inference_mode()
def substitute(
    model: Model, tokens: Tensor, bins: slice, groups: tuple[tuple[int, ...], ...], columns: I64, bases: I64
) -> F64:
    """What writing base `bases` (M,), 0 to 3, at the ascending `columns` (M,) of a window adds: (M, groups)."""
    one_hot, target = model.module.one_hot(tokens), SeveralTargets(bins, (), groups)
    rescorer = choose_rescorer(model.module, one_hot, target)
    base = target.score(model.module, one_hot)[0]
    added, first = [], 0
    while first < len(columns):
        last = min(int(np.searchsorted(columns, columns[first] + STRETCH_BP)), first + AT_ONCE)
        start, end = int(columns[first]), int(columns[last - 1]) + 1
        mutants = one_hot[:, start:end].expand(last - first, -1, -1).clone()
        places = torch.from_numpy(columns[first:last] - start)
        mutants[torch.arange(last - first), places] = torch.eye(4, dtype=one_hot.dtype)[
            torch.from_numpy(bases[first:last])
        ]
        added.append(rescorer.score(mutants, start) - base)
        first = last
    return torch.cat(added).numpy()


def other_bases(tokens: Tensor, places: I64) -> tuple[I64, I64]:
    """Columns and bases of all three substitutions at each of some places of a window (1, L)."""
    there: I64 = tokens[0].numpy()[places].astype(np.int64)
    return np.repeat(places, 3), ((there[:, None] + np.arange(1, 4)) % 4).ravel()


def mutate(model: Model, window: Window, groups: tuple[tuple[int, ...], ...], places: I64) -> F64:
    """What every substitution at `places` of the site adds to each score: (places, 3, groups)."""
    columns, bases = other_bases(window.tokens, window.site.start + places)
    return substitute(model, window.tokens, window.bins, groups, columns, bases).reshape(len(places), 3, len(groups))


def auroc(positive: F64, negative: F64) -> float:
    """The chance that a positive lies above a negative, equal ones counting half."""
    above = positive[:, None] - negative
    return float((above > 0).mean() + (above == 0).mean() / 2)


def interval(positive: F64, negative: F64) -> tuple[float, float]:
    """95 % of a bootstrap of the AUROC over sites; positive and negative ones are pairs and are drawn together."""
    draw = np.random.default_rng(SEED)
    drawn = [
        auroc(positive[rows], negative[rows]) for rows in draw.integers(len(positive), size=(DRAWS, len(positive)))
    ]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(low), float(high)


def write_auroc(positive: F64, negative: F64) -> str:
    """A cell of a table: 0.81 [0.75, 0.87]."""
    low, high = interval(positive, negative)
    return f"{auroc(positive, negative):.2f} [{low:.2f}, {high:.2f}]"


def write_mean(values: F64) -> str:
    """A mean with 95 % of a bootstrap over sites: -0.012 [-0.015, -0.009]."""
    draw = np.random.default_rng(SEED)
    means = values[draw.integers(len(values), size=(DRAWS, len(values)))].mean(1)
    low, high = np.quantile(means, [0.025, 0.975])
    return f"{values.mean():+.4f} [{low:+.4f}, {high:+.4f}]"
