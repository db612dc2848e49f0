"""Weights of tracks in the loss: all alike, or the same to gain in every assay."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from genint.arrays import F32
from genint.datasets.dataset import Segment, TrackDataset
from genint.training import loss_weights
from genint.training.loss_weights import balance_assays, measure_deviances, weigh_tracks
from genint.training.losses import poisson
from genint.training.train import train
from tests.training.runs import settings, tiny_presets, weights  # noqa: F401  a fixture


@given(st.lists(st.tuples(st.sampled_from("ABC"), st.floats(0.1, 1e6)), min_size=1, max_size=8))
def test_every_assay_has_the_same_to_gain_and_all_of_them_what_they_had(tracks: list[tuple[str, float]]) -> None:
    assays, deviances = [assay for assay, _ in tracks], np.array([deviance for _, deviance in tracks])
    weighted = balance_assays(assays, deviances) * deviances
    gains = [sum(weighted[np.array(assays) == assay]) for assay in sorted(set(assays))]
    assert gains == pytest.approx([deviances.sum() / len(gains)] * len(gains))


def test_tracks_of_an_assay_share_a_weight_and_an_assay_without_a_measurement_keeps_one() -> None:
    weights = balance_assays(["RNA", "CHIP", "RNA", "ATAC"], np.array([6.0, 3.0, 0.0, 0.0]))
    assert weights.tolist() == pytest.approx([0.75, 1.5, 0.75, 1.0])
    assert balance_assays(["RNA"], np.array([0.0])).tolist() == [1.0]


def test_a_deviance_is_what_the_poisson_loss_falls_from_the_mean_to_the_targets(example_dataset: Path) -> None:
    dataset = TrackDataset(example_dataset)
    (segment,) = dataset.split("train")
    targets = torch.from_numpy(dataset.targets(segment, 0, segment.bins(dataset.bin_bp))).double()
    expected = []
    for track in range(len(dataset.tracks)):
        values = targets[:, [track]]
        mean = values[~values.isnan()].mean().nan_to_num(0.0).expand_as(values)
        best = torch.where(values > 0, values, 1e-12)
        expected.append(float(poisson(mean, values)[0] - poisson(best, values)[0]))
    assert measure_deviances(dataset) == pytest.approx(expected, rel=1e-3, abs=1e-2)


def test_of_a_large_split_evenly_spaced_parts_are_read(example_dataset: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = TrackDataset(example_dataset)
    (segment,) = dataset.split("train")
    starts, read_targets = list[int](), dataset.targets

    def noting_starts(segment: Segment, first_bin: int, bins: int) -> F32:
        starts.append(first_bin)
        return read_targets(segment, first_bin, bins)

    monkeypatch.setattr(dataset, "targets", noting_starts)
    monkeypatch.setattr(loss_weights, "_BINS_AT_ONCE", 64)
    whole = measure_deviances(dataset)
    parts = len(starts)
    starts.clear()
    monkeypatch.setattr(loss_weights, "_MOST_PARTS", 4)
    some = measure_deviances(dataset)
    assert parts == -(-segment.bins(dataset.bin_bp) // 64) > 8
    assert starts == list(range(0, 64 * parts, -(-parts // 4) * 64))
    assert (some < whole).all()


def test_equal_weights_are_ones_and_read_no_targets(example_dataset: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TrackDataset, "targets", None)
    assert weigh_tracks(TrackDataset(example_dataset), "equal").tolist() == [1.0] * 7


def test_a_run_balanced_over_assays_takes_other_steps(example_dataset: Path, tmp_path: Path) -> None:
    for how in ("equal", "assay"):
        train(example_dataset, tmp_path / how, settings(steps=2, loss_weights=how))
    equal, balanced = weights(tmp_path / "equal"), weights(tmp_path / "assay")
    assert not torch.equal(equal["head.weight"], balanced["head.weight"])
