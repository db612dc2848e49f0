"""Masked windows: which bases are to be predicted, what is seen of them, and where windows come from."""

from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genint.console import Console
from genint.errors import InputError
from genint.genome.dna import UNKNOWN, Tokens, reverse_complement
from genint.genome.dna_source import DnaSource, SequenceSource
from genint.training.masked_dna import HeldOutWindows, MaskedWindows, Place, divide_genomes, mask_tokens

QUIET = Console(quiet=True)


class Chromosomes:
    """A genome of random chromosomes; reading one of those that are `closed` fails."""

    def __init__(self, name: str, sizes: Mapping[str, int], closed: tuple[str, ...] = ()) -> None:
        draw = np.random.default_rng(len(name))
        self.name, self.sizes, self.closed = name, sizes, closed
        self.dna = {chrom: draw.integers(0, 4, length, dtype=np.uint8) for chrom, length in sizes.items()}
        self.read: list[tuple[str, int, int]] = []

    def tokens(self, chrom: str, start: int, end: int) -> Tokens:
        assert chrom not in self.closed, f"{chrom} is held out"
        assert 0 <= start < end <= self.sizes[chrom]
        self.read.append((chrom, start, end))
        return self.dna[chrom][start:end].copy()

    def identity(self) -> dict[str, object]:
        return {"name": self.name}

    def __str__(self) -> str:
        return self.name


def windows(places: list[Place], length: int, indices: range, **changes: float) -> MaskedWindows:
    numbers: dict[str, float] = {"seed": 1, "fraction": 0.15, "span": 1, "hidden": 0.8, **changes}
    return MaskedWindows(places, length, indices=indices, **numbers)  # type: ignore[arg-type]


dna = st.lists(st.integers(0, 4), min_size=1, max_size=300).map(lambda bases: np.array(bases, dtype=np.uint8))


@given(dna, st.integers(0, 99), st.floats(0.01, 0.9), st.integers(1, 12), st.sampled_from([0.0, 0.8, 1.0]))
def test_only_known_bases_are_targets_and_all_others_are_seen_as_they_are(
    tokens: Tokens, seed: int, fraction: float, span: int, hidden: float
) -> None:
    seen, targets = mask_tokens(tokens, np.random.default_rng(seed), fraction=fraction, span=span, hidden=hidden)
    asked = targets != UNKNOWN
    assert seen.dtype == targets.dtype == np.uint8
    assert np.array_equal(targets[asked], tokens[asked])
    assert np.array_equal(seen[~asked], tokens[~asked])
    assert hidden < 1 or (seen[asked] == UNKNOWN).all()
    assert hidden > 0 or (seen[asked] != UNKNOWN).all()


@pytest.mark.parametrize("span", [1, 6])
@pytest.mark.parametrize("fraction", [0.15, 0.5])
def test_the_fraction_holds_for_any_span_from_the_first_base_to_the_last(fraction: float, span: int) -> None:
    draw, tokens = np.random.default_rng(0), np.zeros(40, dtype=np.uint8)
    asked = np.array([mask_tokens(tokens, draw, fraction=fraction, span=span)[1] == 0 for _ in range(4_000)])
    assert abs(asked.mean() - fraction) < 0.01
    assert np.abs(asked.mean(0) - fraction).max() < 0.04  # no base is asked for more often than another


def test_masked_bases_come_in_whole_spans() -> None:
    tokens = np.zeros(5_000, dtype=np.uint8)
    _, targets = mask_tokens(tokens, np.random.default_rng(0), fraction=0.2, span=5)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], targets == 0, [0]])))
    inside = [last - first for first, last in edges.reshape(-1, 2) if first > 0 and last < len(tokens)]
    assert len(inside) > 100
    assert min(inside) == 5


def test_eight_tenths_are_hidden_a_tenth_random_and_a_tenth_as_it_was() -> None:
    tokens = np.full(200_000, 2, dtype=np.uint8)
    seen, targets = mask_tokens(tokens, np.random.default_rng(0), fraction=0.5, span=1, hidden=0.8)
    counts = np.bincount(seen[targets == 2], minlength=5) / (targets == 2).sum()
    np.testing.assert_allclose(counts, [0.025, 0.025, 0.125, 0.025, 0.8], atol=0.005)


def test_a_window_depends_on_seed_and_number_alone_and_half_are_reverse_complemented() -> None:
    genome = Chromosomes("g", {"a": 500, "b": 1_500})
    places = [Place(genome, chrom, length) for chrom, length in genome.sizes.items()]
    first, second = windows(places, 100, range(200)), windows(places, 100, range(100, 200))
    for position in range(100):
        for ours, theirs in zip(first[100 + position], second[position], strict=True):
            assert ours.equal(theirs)
    assert not first[0][0].equal(windows(places, 100, range(1), seed=2)[0][0])
    genome.read.clear()
    reversed_ = 0
    for position in range(200):
        tokens = first.read(position)
        chrom, start, end = genome.read[-1]
        forward = genome.dna[chrom][start:end]
        assert np.array_equal(tokens, forward) or np.array_equal(tokens, reverse_complement(forward))
        reversed_ += not np.array_equal(tokens, forward)
    assert 70 < reversed_ < 130
    assert 20 < sum(chrom == "a" for chrom, _, _ in genome.read) < 80  # a quarter of the bases


def test_windows_that_are_mostly_unknown_are_drawn_anew() -> None:
    genome = Chromosomes("g", {"a": 3_000})
    genome.dna["a"][:2_000] = UNKNOWN
    drawn = windows([Place(genome, "a", 3_000)], 100, range(100))
    assert all((drawn.read(position) == UNKNOWN).mean() <= 0.5 for position in range(100))


def test_held_out_chromosomes_are_read_from_no_genome_that_has_them() -> None:
    genomes = [
        Chromosomes("reference", {"chrI": 400, "chrII": 400}, closed=("chrII",)),
        Chromosomes("relative", {"I": 400, "II": 400, "short": 50}, closed=("II", "short")),
    ]
    divided = divide_genomes(genomes, ["chrII"], 100, QUIET)
    assert [(str(place.dna), place.chrom) for place in divided.held_out] == [("reference", "chrII"), ("relative", "II")]
    drawn = windows(divided.training, 100, range(300))
    for position in range(300):
        drawn.read(position)
    assert {chrom for genome in genomes for chrom, _, _ in genome.read} == {"chrI", "I"}


def test_a_genome_with_other_names_is_noted(capsys: pytest.CaptureFixture[str]) -> None:
    genomes = [Chromosomes("reference", {"chrI": 400, "chrII": 400}), Chromosomes("relative", {"contig": 400})]
    assert len(divide_genomes(genomes, ["chrII"], 100, Console()).training) == 2
    assert "note: relative has no chromosome named chrII" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("hold_out", "message"),
    [
        (["chrX"], r"`hold_out`: no genome has the chromosome\(s\) chrX"),
        (["a", "b"], "g: no chromosome of at least 100 bp.* beside those of `hold_out`"),
    ],
)
def test_dna_that_cannot_be_divided_is_refused(hold_out: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        divide_genomes([Chromosomes("g", {"a": 400, "b": 400, "short": 99})], hold_out, 100, QUIET)


def test_held_out_windows_tile_the_chromosomes_of_every_genome_and_hide_every_target() -> None:
    genomes: list[DnaSource] = [Chromosomes("g", {"a": 30_050}), SequenceSource("ACGT" * 100, "h")]
    places = [Place(genomes[0], "a", 30_050), Place(genomes[1], "h", 400)]
    held_out = HeldOutWindows(places, 100, fraction=0.2, span=1)
    assert (len(held_out.positions("g")), len(held_out.positions("h"))) == (60, 4)  # of 300 and 4
    for position in range(len(held_out)):
        seen, targets = (tensor.numpy() for tensor in held_out[position])
        asked = targets != UNKNOWN
        assert np.array_equal(targets[asked], held_out.read(position)[asked])
        assert (seen[asked] == UNKNOWN).all()
    assert held_out[3][1].equal(held_out[3][1])
