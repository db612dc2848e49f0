"""Windows of genomes with some of their bases masked, as pretraining takes them. L is a window's length in bp."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from genint.console import Console
from genint.errors import InputError
from genint.genome.chromosome_names import WRITE_NAMES, listed, reconcile_known
from genint.genome.dna import UNKNOWN, Tokens, reverse_complement
from genint.genome.dna_source import DnaSource

MaskedWindow = tuple[Tensor, Tensor]  # what the model sees (L,) and the bases to predict (L,), UNKNOWN elsewhere
_MOST_UNKNOWN = 0.5  # of a window's bases
_DRAWS = 20  # of a place, before a window that is mostly unknown is taken after all
_HELD_OUT_WINDOWS = 128  # over all genomes


class Place(NamedTuple):
    """A chromosome of a genome."""

    dna: DnaSource
    chrom: str
    length: int


class PretrainingDna(NamedTuple):
    """What is learned from, and what is held out to see how well. Chromosomes shorter than a window are in neither."""

    training: list[Place]
    held_out: list[Place]


def divide_genomes(
    genomes: Sequence[DnaSource], hold_out: Sequence[str], input_bp: int, console: Console
) -> PretrainingDna:
    """Hold the chromosomes of these names out of all genomes that have them, spelled with or without chr.

    Genomes that have none of them are noted on the console. Raises InputError where no genome has a name, and where no
    chromosome of `input_bp` is left to learn from.
    """
    found: set[str] = set()
    divided = PretrainingDna([], [])
    for genome in genomes:
        names = reconcile_known(hold_out, genome.sizes, asked_by="`hold_out`", known_by=str(genome), advice=WRITE_NAMES)
        found |= names.keys()
        if hold_out and not names:
            console.say(
                f"note: {genome} has no chromosome named {listed(hold_out)}, so all of it is learned from, "
                "and with it whatever is orthologous to them"
            )
        for chrom, length in genome.sizes.items():
            if length >= input_bp:
                part = divided.held_out if chrom in names.values() else divided.training
                part.append(Place(genome, chrom, length))
    if lost := [name for name in hold_out if name not in found]:
        raise InputError(f"`hold_out`: no genome has the chromosome(s) {listed(lost)}. Expected names of the FASTA")
    if not divided.training:
        raise InputError(
            f"{', '.join(map(str, genomes))}: no chromosome of at least {input_bp:,} bp, a window of the model, is "
            f"left to learn from{' beside those of `hold_out`' if hold_out else ''}"
        )
    return divided


def mask_tokens(
    tokens: Tokens, draw: np.random.Generator, *, fraction: float, span: int, hidden: float = 1.0
) -> tuple[Tokens, Tokens]:
    """What the model sees, and the bases that it is to predict, UNKNOWN elsewhere; both (L,).

    Every known base is to be predicted with probability `fraction`, in spans of `span` bp that may touch. Of these the
    fraction `hidden` is UNKNOWN to the model; of the others one half is what it was, one half random (BERT, Devlin et
    al. 2018, arXiv 1810.04805: 15 %, 80 % hidden).
    """
    start_rate = 1 - (1 - fraction) ** (1 / span)
    started = np.cumsum(draw.random(len(tokens) + span - 1) < start_rate)
    before = np.concatenate([[0], started])
    chosen = (before[span:] - before[:-span] > 0) & (tokens != UNKNOWN)
    fate, bases = draw.random(len(tokens)), draw.integers(0, 4, len(tokens), dtype=np.uint8)
    seen = np.where(chosen & (fate < hidden), np.uint8(UNKNOWN), tokens)
    seen = np.where(chosen & (fate >= (1 + hidden) / 2), bases, seen)
    return seen, np.where(chosen, tokens, np.uint8(UNKNOWN))


class MaskedWindows(Dataset[MaskedWindow]):
    """Random masked windows, chromosomes weighted by length, half of them reverse-complemented.

    Window i depends on seed and i alone, so that a killed run can resume. Those that are mostly unknown are drawn anew.
    """

    def __init__(
        self,
        places: Sequence[Place],
        input_bp: int,
        *,
        seed: int,
        fraction: float,
        span: int,
        hidden: float,
        indices: Sequence[int],
    ) -> None:
        self._places, self._input_bp, self._seed = places, input_bp, seed
        self._fraction, self._span, self._hidden = fraction, span, hidden
        self._indices = indices
        lengths = np.array([place.length for place in places], dtype=np.float64)
        self._chances = lengths / lengths.sum()

    def __len__(self) -> int:
        return len(self._indices)

    def read(self, position: int) -> Tokens:
        """A window's tokens (L,), unmasked."""
        return self._draw(position)[0]

    def __getitem__(self, position: int) -> MaskedWindow:
        tokens, draw = self._draw(position)
        seen, targets = mask_tokens(tokens, draw, fraction=self._fraction, span=self._span, hidden=self._hidden)
        return torch.from_numpy(seen), torch.from_numpy(targets)

    def _draw(self, position: int) -> tuple[Tokens, np.random.Generator]:
        draw = np.random.default_rng([self._seed, self._indices[position]])
        for _ in range(_DRAWS):
            place = self._places[draw.choice(len(self._places), p=self._chances)]
            start = int(draw.integers(place.length - self._input_bp + 1))
            tokens = place.dna.tokens(place.chrom, start, start + self._input_bp)
            if is_mostly_known(tokens):
                break
        return (reverse_complement(tokens) if draw.random() < 0.5 else tokens), draw


class HeldOutWindows(Dataset[MaskedWindow]):
    """Masked windows of held-out chromosomes, side by side from the start of each, evenly thinned to a few per genome.

    Every base to be predicted is hidden. Which they are does not depend on a run's seed.
    """

    def __init__(self, places: Sequence[Place], input_bp: int, *, fraction: float, span: int) -> None:
        self._input_bp, self._fraction, self._span = input_bp, fraction, span
        self.genomes = list(dict.fromkeys(str(place.dna) for place in places))
        most = max(_HELD_OUT_WINDOWS // max(len(self.genomes), 1), 1)
        self._starts: list[tuple[Place, int]] = []
        for genome in self.genomes:
            starts = [
                (place, start)
                for place in places
                if str(place.dna) == genome
                for start in range(0, place.length - input_bp + 1, input_bp)
                if is_mostly_known(place.dna.tokens(place.chrom, start, start + input_bp))
            ]
            self._starts += starts[:: -(-len(starts) // most) or 1]

    def __len__(self) -> int:
        return len(self._starts)

    def positions(self, genome: str) -> list[int]:
        """The windows of one genome."""
        return [position for position, (place, _) in enumerate(self._starts) if str(place.dna) == genome]

    def read(self, position: int) -> Tokens:
        """A window's tokens (L,), unmasked."""
        place, start = self._starts[position]
        return place.dna.tokens(place.chrom, start, start + self._input_bp)

    def __getitem__(self, position: int) -> MaskedWindow:
        draw = np.random.default_rng(position)
        seen, targets = mask_tokens(self.read(position), draw, fraction=self._fraction, span=self._span)
        return torch.from_numpy(seen), torch.from_numpy(targets)


def is_mostly_known(tokens: Tokens) -> bool:
    """Whether at most half of the bases are unknown."""
    return float(np.mean(tokens == UNKNOWN)) <= _MOST_UNKNOWN
