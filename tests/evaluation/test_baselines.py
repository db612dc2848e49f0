"""What any model must beat: features counted by hand, and means that come back."""

import json
from itertools import product
from pathlib import Path

import numpy as np

from genint.datasets.build import make_dataset
from genint.datasets.dataset import TrackDataset
from genint.datasets.loader import SplitTiles, track_means
from genint.datasets.splits import Split
from genint.evaluation.baselines import (
    AROUND_BINS,
    LONGEST_KMER,
    N_FEATURES,
    ConstantBaseline,
    KmerBaseline,
    kmer_features,
)
from genint.evaluation.evaluate import evaluate
from genint.evaluation.predictors import read_tiles
from genint.genome.fasta import Genome
from genint.genome.grid import Geometry
from tests.conftest import EXAMPLE, Run


def test_the_constant_scores_zero_and_the_k_mers_more(example_dataset: Path) -> None:
    results = evaluate([], TrackDataset(example_dataset), "test", baselines=True)
    means = {score.model: score.pearson for score in results.means if score.assay == "all"}
    assert means["constant"] == 0
    assert means["linear on k-mers"] > 0.05


def test_k_mer_features_are_the_counts_one_gets_by_hand() -> None:
    geometry = Geometry(core_bp=3 * 16, context_bp=16, bin_bp=16)  # less context than the features want
    tokens = np.random.default_rng(1).integers(0, 5, (2, geometry.input_bp)).astype(np.uint8)
    features = kmer_features(tokens, geometry)
    assert features.shape == (2, 3, N_FEATURES)
    names = [kmer for k in range(1, LONGEST_KMER + 1) for kmer in product(range(4), repeat=k)]
    for window, index in product(range(2), range(3)):
        column = 0
        for k in range(1, LONGEST_KMER + 1):
            for bins in (range(index, index + 1), range(index - AROUND_BINS, index + AROUND_BINS + 1)):
                for kmer in (name for name in names if len(name) == k):
                    count = 0
                    for number in bins:
                        start = geometry.context_bp + number * 16
                        piece = tokens[window, start : start + 16] if start >= 0 else ()
                        count += sum(tuple(piece[i : i + k]) == kmer for i in range(len(piece) - k + 1))
                    assert features[window, index, column] == count
                    column += 1
        assert features[window, index, column] == 1


def test_the_linear_model_predicts_each_track_s_mean_on_what_it_learned_from(example_dataset: Path) -> None:
    dataset = TrackDataset(example_dataset)
    geometry = Geometry(core_bp=16_384, context_bp=512, bin_bp=128)
    baseline = KmerBaseline.fit(dataset, geometry)
    tokens = np.stack([tokens.numpy() for tokens, _ in SplitTiles(dataset, geometry, "train")])
    mean = baseline.predict(tokens)[:-1].mean(axis=(0, 1))
    np.testing.assert_allclose(mean, track_means(dataset), rtol=0.25)


def test_a_track_that_was_not_measured_for_training_leaves_the_other_tracks_alone(tmp_path: Path, genint: Run) -> None:
    with Genome(EXAMPLE / "genome.fa") as genome:  # chip_orc was not measured on chr3, the rest
        make_dataset(genome, EXAMPLE / "tracks.tsv", tmp_path / "ds", split=Split(valid=["chr1"], test=["chr2"]))
    finished = genint("eval", tmp_path / "ds", "--baselines", "--json")
    assert finished.code == 0, finished.err
    rows = [row for row in json.loads(finished.out)["tracks"] if row["model"] == "linear on k-mers"]
    assert {row["identifier"] for row in rows if row["pearson"] == 0} == {"chip_orc"}


def test_a_baseline_predicts_tiles_in_order_as_a_model_does(example_dataset: Path) -> None:
    dataset = TrackDataset(example_dataset)
    geometry = Geometry(core_bp=16_384, context_bp=512, bin_bp=128)
    tiles = SplitTiles(dataset, geometry, "valid")
    for kind in (ConstantBaseline, KmerBaseline):
        baseline = kind.fit(dataset, geometry)
        predictions = list(baseline.predict_tiles(read_tiles(tiles)))
        assert [tile.region for tile, _ in predictions] == [tiles.region(position) for position in range(len(tiles))]
        together = baseline.predict(np.stack([tile.tokens for tile, _ in predictions]))
        np.testing.assert_allclose(np.stack([values for _, values in predictions]), together, rtol=1e-5, atol=1e-6)


def test_a_baseline_can_be_made_of_numbers() -> None:
    geometry = Geometry(core_bp=64, context_bp=16, bin_bp=16)
    tokens = np.zeros((2, geometry.input_bp), np.uint8)
    assert ConstantBaseline(geometry, np.array([1.0, 2.0], np.float32)).predict(tokens).tolist() == [[[1, 2]] * 4] * 2
    weights = np.zeros((N_FEATURES, 1))
    weights[-1] = 3.0
    assert KmerBaseline(geometry, weights).predict(tokens).ravel().tolist() == [3.0] * 8
    assert KmerBaseline(geometry, -weights).predict(tokens).ravel().tolist() == [0.0] * 8
