"""Distances in numbers: counted by hand, and shares that sum to 1."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genint.genome.grid import Geometry
from genint.genome.region import Region
from genint.interpretation.sources.bin_sources import BinSources
from genint.interpretation.sources.summary import CLASSES, summarise_sources

GEOMETRY = Geometry(core_bp=12_800, context_bp=1_280, bin_bp=128)


def sources_of(values: np.ndarray, bins: list[int], token_bp: int = 1) -> BinSources:
    region = Region("chrI", 128_000, 140_800)
    return BinSources(
        values=values.astype(np.float32), bins=np.array(bins), token_bp=token_bp, geometry=GEOMETRY, region=region
    )


def test_shares_and_distances_by_hand() -> None:
    values = np.zeros((1, GEOMETRY.input_bp))
    first = 1_280 + 128 * 50  # of bin 50, in the input
    for distance, share in ((0, 0.25), (250, 0.125), (251, 0.125), (1_000, 0.25), (1_001, 0.25)):
        values[0, first - distance] = share
    (row,) = summarise_sources(sources_of(values, [50])).to_dict("records")
    assert (row["chrom"], row["start"], row["end"]) == ("chrI", 128_000 + 6_400, 128_000 + 6_528)
    names = ("own_bin", "to_250", "to_500", "to_1000", "to_2000", "within_1kb", "distance_bp")
    expected = (0.25, 0.125, 0.125, 0.25, 0.25, 0.75, 0.125 * 501 + 0.25 * 2_001)
    assert [row[name] for name in names] == pytest.approx(expected)
    assert row["to_4000"] == row["to_8000"] == row["beyond"] == 0


def test_the_last_bin_ends_with_its_chromosome() -> None:
    sources = replace(sources_of(np.zeros((2, GEOMETRY.input_bp)), [0, 1]), chrom_bp=128_200)
    table = summarise_sources(sources)
    assert table[["start", "end"]].to_numpy().tolist() == [[128_000, 128_128], [128_128, 128_200]]


def test_distances_are_counted_from_both_ends_of_a_bin() -> None:
    sources = sources_of(np.zeros((1, GEOMETRY.input_bp)), [0])
    assert sources.distances[0, [1_279, 1_280, 1_407, 1_408, 1_500]].tolist() == [1, 0, 0, 1, 93]
    by_bins = sources_of(np.zeros((1, GEOMETRY.input_bp // 128)), [0], token_bp=128)
    assert by_bins.distances[0, 8:14].tolist() == [129, 1, 0, 1, 129, 257]


@settings(max_examples=20)
@given(seed=st.integers(0, 99), number=st.integers(0, 99))
def test_the_classes_hold_everything_once(seed: int, number: int) -> None:
    values = np.random.default_rng(seed).dirichlet(np.full(GEOMETRY.input_bp // 128, 0.1), size=1)
    (row,) = summarise_sources(sources_of(values, [number], token_bp=128)).to_dict("records")
    names = ["own_bin", *(f"to_{limit}" for limit in CLASSES[1:]), "beyond"]
    assert sum(row[name] for name in names) == pytest.approx(1, abs=1e-5)
    assert row["within_1kb"] == pytest.approx(sum(row[name] for name in names[:4]))
