"""Windows: drawn by seed and number alone, the other strand with its tracks swapped, tiles on the grid of predict."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import torch

from genint.datasets.dataset import TrackDataset
from genint.datasets.loader import SplitTiles, TrainingWindows, track_means
from genint.genome.dna import reverse_complement
from genint.genome.grid import Geometry

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
