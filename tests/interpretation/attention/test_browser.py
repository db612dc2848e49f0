"""Attention on the genome: read back by another library, and counted by hand."""

from pathlib import Path

import numpy as np
import pyBigWig
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genint.genome.dna_source import SequenceSource
from genint.genome.region import Region
from genint.interpretation.attention.browser import (
    Arc,
    received,
    strongest_pairs,
    write_bedpe,
    write_interact,
    write_tokens,
)
from genint.interpretation.attention.maps import LayerMap
from genint.interpretation.locus import find_locus
from tests.interpretation.test_locus import GEOMETRY, SOURCE

LAYER = LayerMap(
    1,
    "block 1 shifted",
    20,
    np.array([[20, 40], [60, 0]]),
    np.array(
        [[[[0.9, 0.1], [0.6, 0.4]], [[1, 0], [0.3, 0.7]]], [[[0.2, 0.8], [1, 0]], [[0, 1], [0.5, 0.5]]]], np.float32
    ),
)
LOCUS = find_locus(SOURCE, Region("chr1", 90, 130), GEOMETRY)  # its input begins at 68


def test_what_tokens_receive_is_a_mean_over_heads() -> None:
    assert received(LAYER).tolist() == pytest.approx([1.1, 1.35, 0.65, 0.9])


def test_a_bigwig_leaves_out_what_lies_before_the_chromosome(tmp_path: Path) -> None:
    locus = find_locus(SequenceSource("ACGT" * 50, "chr1"), Region("chr1", 0, 4), GEOMETRY)
    starts = np.arange(20)[None] * 4
    layer = LayerMap(1, "block 1", 4, starts, np.broadcast_to(np.eye(20, dtype=np.float32)[::-1], (1, 1, 20, 20)))
    write_tokens(tmp_path / "x.bw", received(layer), 4, locus, {"chr1": 200})
    with pyBigWig.open(str(tmp_path / "x.bw")) as bigwig:
        assert locus.start == -8
        assert bigwig.values("chr1", 0, 72) == 72 * [1.0]
        assert np.isnan(bigwig.values("chr1", 72, 200)).all()


def test_the_strongest_pairs_are_of_the_asked_heads_and_of_different_tokens() -> None:
    arcs, pairs = strongest_pairs(LAYER, LOCUS, [0, 1], 2)
    assert [(round(arc.weight, 6), arc.query, arc.key, arc.name) for arc in arcs] == [
        (1.0, 108, 88, "block_1_shifted_head_2"),
        (1.0, 128, 68, "block_1_shifted_head_2"),
    ]
    assert pairs == 5  # token 68 holds no base of the region and asks nothing; one weight is 0
    assert strongest_pairs(LAYER, LOCUS, [], 2) == ([], 0)
    assert {arc.name for arc in strongest_pairs(LAYER, LOCUS, [0], 9)[0]} == {"block_1_shifted_head_1"}


def test_the_shorter_token_at_the_chromosome_s_end_has_arcs_that_end_with_it(tmp_path: Path) -> None:
    locus = find_locus(SequenceSource("ACGT" * 30 + "A", "chr1"), Region("chr1", 100, 121), GEOMETRY)
    weights = np.zeros((1, 1, 4, 4), np.float32)  # tokens at 112, 116, 120 and past the end
    weights[0, 0, [2, 1, 1, 3], [1, 2, 3, 1]] = [0.75, 0.5, 1, 1]
    arcs, pairs = strongest_pairs(LayerMap(1, "block 1", 4, np.array([[56, 60, 64, 68]]), weights), locus, [0], 9)
    assert (locus.start, pairs) == (56, 2)
    write_bedpe(tmp_path / "b", arcs, locus)
    write_interact(tmp_path / "a", arcs, locus)
    assert (tmp_path / "b").read_text() == (
        "chr1\t120\t121\tchr1\t116\t120\tblock_1_head_1\t0.75\t.\t.\n"
        "chr1\t116\t120\tchr1\t120\t121\tblock_1_head_1\t0.5\t.\t.\n"
    )
    for line in (tmp_path / "a").read_text().splitlines()[1:]:
        columns = line.split("\t")
        assert max(int(columns[place]) for place in (2, 10, 15)) == 121


@settings(max_examples=20)
@given(seed=st.integers(0, 999), length=st.integers(65, 128), token_bp=st.sampled_from([1, 2, 4]))
def test_arcs_lie_on_the_chromosome_and_every_token_that_has_a_base_there_may_have_one(
    seed: int, length: int, token_bp: int
) -> None:
    locus = find_locus(SequenceSource("A" * length, "chr1"), Region("chr1", 64, length), GEOMETRY)
    tokens = GEOMETRY.input_bp // token_bp
    weights = np.random.default_rng(seed).uniform(0.1, 1, (1, 1, tokens, tokens)).astype(np.float32)
    arcs, pairs = strongest_pairs(
        LayerMap(1, "block 1", token_bp, token_bp * np.arange(tokens)[None], weights), locus, [0], tokens**2
    )
    there = -(-(length - locus.start) // token_bp)
    asked = there - locus.tokens(token_bp).start
    assert pairs == len(arcs) == asked * (there - 1)
    assert all(0 <= start < end <= length for arc in arcs for start, end in arc.ends(length))


def test_arcs_are_written_with_both_ends(tmp_path: Path) -> None:
    arc = Arc(0.25, 40, 8, 4, "final_1_head_2")
    write_interact(tmp_path / "a", [arc], LOCUS)
    write_bedpe(tmp_path / "b", [arc], LOCUS)
    track, line = (tmp_path / "a").read_text().splitlines()
    assert track.startswith("track type=interact")
    columns = line.split("\t")
    assert len(columns) == 18
    assert columns[:5] == ["chr1", "8", "44", "final_1_head_2", "250"]
    assert columns[8:11] + columns[13:16] == ["chr1", "40", "44", "chr1", "8", "12"]
    assert (tmp_path / "b").read_text() == "chr1\t40\t44\tchr1\t8\t12\tfinal_1_head_2\t0.25\t.\t.\n"
