"""Windows: drawn by seed and number alone, the other strand with its tracks swapped, tiles on the grid of predict."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genint.datasets.dataset import TrackDataset
from genint.datasets.loader import SplitTiles, TrainingWindows, track_means
from genint.datasets.variation import Variation
from genint.genome.dna import reverse_complement
from genint.genome.fasta import Genome
from genint.genome.grid import Geometry
from tests.conftest import EXAMPLE

GEOMETRY = Geometry(core_bp=2_048, context_bp=256, bin_bp=128)


def windows(dataset: Path, **changes: Any) -> TrainingWindows:
    settings: dict[str, Any] = {"seed": 1, "shift_bp": 0, "reverse": False, "indices": range(40)}
    return TrainingWindows(TrackDataset(dataset), GEOMETRY, **{**settings, **changes})


def same(a: tuple[torch.Tensor, torch.Tensor], b: tuple[torch.Tensor, torch.Tensor]) -> bool:
    return torch.equal(a[0], b[0]) and torch.equal(torch.nan_to_num(a[1], -1), torch.nan_to_num(b[1], -1))


def test_window_n_depends_on_seed_and_n_alone(example_dataset: Path) -> None:
    all_of_them, later = windows(example_dataset), windows(example_dataset, indices=range(30, 40))
    assert all(same(all_of_them[30 + i], later[i]) for i in range(10))
    assert not all(same(all_of_them[i], windows(example_dataset, seed=2)[i]) for i in range(5))


def test_windows_are_those_of_these_draws_in_this_order(example_dataset: Path) -> None:
    """Training runs of before are repeated by this: what else a window draws must come after."""
    dataset = TrackDataset(example_dataset)
    drawn = windows(example_dataset, seed=3, shift_bp=7, reverse=True)
    segment = dataset.split("train")[0]
    for i in range(40):
        draw = np.random.default_rng([3, i])
        draw.choice(1, p=[1.0])  # the segment
        first_bin = int(draw.integers(segment.bins(128) - 15))
        shift, reverse = int(draw.integers(-7, 8)), draw.random() < 0.5
        tokens = dataset.tokens(segment, first_bin * 128 - 256 + shift, 2_560)
        assert np.array_equal(drawn[i][0].numpy(), reverse_complement(tokens) if reverse else tokens)


def test_windows_differ_from_one_another(example_dataset: Path) -> None:
    drawn = windows(example_dataset)
    assert len({drawn[i][0].numpy().tobytes() for i in range(40)}) > 35


def test_a_window_from_the_other_strand_has_its_tracks_swapped_and_reversed(example_dataset: Path) -> None:
    dataset = TrackDataset(example_dataset)
    forward, either = windows(example_dataset), windows(example_dataset, reverse=True)
    reversed_windows = 0
    for i in range(40):
        (tokens, targets), (other_tokens, other_targets) = forward[i], either[i]
        if torch.equal(tokens, other_tokens):
            assert same(forward[i], either[i])
            continue
        reversed_windows += 1
        assert np.array_equal(other_tokens.numpy(), reverse_complement(tokens.numpy()))
        names = [track.identifier for track in dataset.tracks]
        plus, minus = names.index("rna_plus"), names.index("rna_minus")
        assert np.array_equal(other_targets[:, plus].numpy(), targets.numpy()[::-1, minus], equal_nan=True)
    assert 8 < reversed_windows < 32


def test_a_shift_moves_the_dna_against_its_targets_by_at_most_that_much(example_dataset: Path) -> None:
    dataset = TrackDataset(example_dataset)
    segment = dataset.split("train")[0]
    whole = dataset.tokens(segment, -1_000, segment.end + 2_000).tobytes()
    shifts = set()
    for i in range(20):
        tokens, _ = windows(example_dataset, shift_bp=5)[i]
        at = whole.index(tokens.numpy().tobytes()) - 1_000 + GEOMETRY.context_bp
        shifts.add((at + 64) % 128 - 64)
    assert len(shifts) > 3
    assert all(abs(shift) <= 5 for shift in shifts)


def test_tiles_cover_every_bin_of_a_split_once(example_dataset: Path) -> None:
    dataset = TrackDataset(example_dataset)
    tiles = SplitTiles(dataset, GEOMETRY, "test")
    segment = dataset.split("test")[0]
    joined = torch.cat([targets for _, targets in tiles]).numpy()
    bins = segment.bins(128)
    assert np.array_equal(joined[:bins], dataset.targets(segment, 0, bins), equal_nan=True)
    assert np.isnan(joined[bins:]).all()


def test_means_are_over_what_was_measured(example_dataset: Path) -> None:
    dataset = TrackDataset(example_dataset)
    segment = dataset.split("train")[0]
    expected = np.nanmean(dataset.targets(segment, 0, segment.bins(128)).astype(np.float64), axis=0)
    np.testing.assert_allclose(track_means(dataset), expected, rtol=1e-9)


def test_a_data_set_travels_to_loader_processes(example_dataset: Path) -> None:
    dataset = TrackDataset(example_dataset)
    first = dataset.targets(dataset.split("test")[0], 0, 4)
    copy = pickle.loads(pickle.dumps(dataset))
    assert np.array_equal(copy.targets(copy.split("test")[0], 0, 4), first, equal_nan=True)


def test_windows_without_relatives_and_mutations_are_those_of_no_variation(
    example_dataset: Path, related_dataset: Path
) -> None:
    plain = windows(example_dataset, shift_bp=5, reverse=True)
    unused = windows(example_dataset, shift_bp=5, reverse=True, variation=Variation(relatives=0.5, identity_power=3))
    none = windows(related_dataset, shift_bp=5, reverse=True, variation=Variation())
    clean = Variation(relatives=1, mutation_rate=0.5, clean_from=0)
    cleaned = windows(related_dataset, shift_bp=5, reverse=True, variation=clean)
    for i in range(40):
        assert same(plain[i], unused[i])
        assert same(plain[i], none[i])
        assert same(plain[i], cleaned[i])


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(number=st.integers(0, 10**6), shift_bp=st.integers(0, 9), reverse=st.booleans(), clean=st.booleans())
def test_a_relative_s_window_is_its_fasta_at_that_place_and_a_clean_one_the_genome_s(
    number: int, shift_bp: int, reverse: bool, clean: bool, related_dataset: Path
) -> None:
    variation = Variation(relatives=1, identity_power=2, clean_from=number + 1 - clean)
    drawn = windows(related_dataset, variation=variation, shift_bp=shift_bp, reverse=reverse, indices=[number])
    region, tokens = drawn.region(0), drawn[0][0].numpy()
    folder = related_dataset.parent / "relatives"
    found = []
    for file in [EXAMPLE / "genome.fa"] if clean else [folder / "relative0.fa", folder / "relative1.fa"]:
        with Genome(file) as genome:
            for shift in range(-shift_bp, shift_bp + 1):
                start = region.start - GEOMETRY.context_bp + shift
                there = genome.tokens(region.chrom, start, start + GEOMETRY.input_bp)
                found.append(np.array_equal(tokens, there))
                found.append(reverse and np.array_equal(tokens, reverse_complement(there)))
    assert sum(found) == 1


def test_relatives_are_drawn_as_often_as_asked_for_and_targets_stay(related_dataset: Path) -> None:
    genome = windows(related_dataset, indices=range(300))
    mixed = windows(related_dataset, indices=range(300), variation=Variation(relatives=0.4))
    pairs = [(genome[i], mixed[i]) for i in range(300)]
    assert 0.5 < np.mean([torch.equal(one[0], other[0]) for one, other in pairs]) < 0.7
    assert all(same((one[0], one[1]), (one[0], other[1])) for one, other in pairs)


def test_mutated_windows_depend_on_seed_and_number_alone(example_dataset: Path) -> None:
    variation = Variation(mutation_rate=0.3)
    drawn, again = (windows(example_dataset, variation=variation, indices=range(first, 20)) for first in (0, 10))
    plain = windows(example_dataset)
    assert all(same(drawn[10 + i], again[i]) for i in range(10))
    fractions = [float((drawn[i][0] != plain[i][0]).float().mean()) for i in range(20)]
    assert 0 < max(fractions) < 0.35
    assert 0.05 < np.mean(fractions) < 0.25
