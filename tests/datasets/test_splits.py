"""Splits: every measured bin has one place, shares are met in blocks, and a BED is taken at its word."""

from itertools import pairwise
from pathlib import Path

import pytest

from genint.datasets.splits import Assignment, BedSplit, FractionSplit, Split, Splitter
from genint.errors import InputError
from genint.genome.region import Region

SIZES = {"chr1": 12_000_000, "chr2": 3_333_333, "chr10": 1_000_001}


def pieces(split: Splitter, bin_bp: int = 128) -> list[Assignment]:
    return split.assign(SIZES, bin_bp, None, "genome.fa")


def bases(found: list[Assignment], split: str) -> int:
    return sum(len(region) for region, label in found if label == split)


@pytest.mark.parametrize("seed", range(5))
def test_shares_are_met_within_a_block_and_every_base_has_one_split(seed: int) -> None:
    found = pieces(FractionSplit(valid=0.1, test=0.2, seed=seed))
    total = sum(SIZES.values())
    for split, share in (("valid", 0.1), ("test", 0.2), ("train", 0.7)):
        assert abs(bases(found, split) / total - share) < 0.02
    for chrom, length in SIZES.items():
        own = [region for region, _ in found if region.chrom == chrom]
        assert own[0].start == 0
        assert own[-1].end == length
        assert all(a.end == b.start for a, b in pairwise(own))
    assert all(a[1] != b[1] for a, b in pairwise(found) if a[0].chrom == b[0].chrom)


def test_blocks_begin_where_tiles_do_and_are_long_enough_for_many() -> None:
    found = pieces(FractionSplit(valid=0.1, test=0.1))
    assert all(region.start % 16_384 == 0 for region, _ in found)
    assert all(len(region) >= 9 * 16_384 for region, _ in found if region.end != SIZES[region.chrom])
    odd = pieces(FractionSplit(valid=0.1, test=0.1), bin_bp=100)
    assert all(region.start % 100 == 0 for region, _ in odd)


def test_a_seed_decides_the_blocks() -> None:
    one, again, other = (pieces(FractionSplit(valid=0.1, test=0.1, seed=seed)) for seed in (3, 3, 4))
    assert one == again != other


@pytest.mark.parametrize(("valid", "test"), [(0.5, 0.5), (1.5, 0), (0, 0.1)])
def test_shares_that_cannot_be_are_refused(valid: float, test: float) -> None:
    with pytest.raises(InputError, match="fractions between 0 and 1"):
        pieces(FractionSplit(valid=valid, test=test))


def test_a_genome_of_too_few_blocks_is_refused() -> None:
    with pytest.raises(InputError, match=r"2 block\(s\).*none to train on"):
        FractionSplit(valid=0.3, test=0.3).assign({"chr1": 20_000}, 128, None, "genome.fa")


def test_chromosomes_are_whole() -> None:
    assert pieces(Split(valid=["2"], test=["chr10"])) == [
        (Region("chr1", 0, 12_000_000), "train"),
        (Region("chr2", 0, 3_333_333), "valid"),
        (Region("chr10", 0, 1_000_001), "test"),
    ]


def bed(path: Path, text: str) -> BedSplit:
    file = path / "splits.bed"
    file.write_text(text.replace(" ", "\t"))
    return BedSplit(bed=file)


def test_a_bed_is_taken_at_its_word_and_what_it_leaves_out_is_out(tmp_path: Path) -> None:
    split = bed(tmp_path, "chr2 3333000 9999999 test\n1 0 1280 train\nchr1 1280 2560 train\nchr1 25600 25700 valid\n")
    assert pieces(split) == [
        (Region("chr1", 0, 2_560), "train"),
        (Region("chr1", 25_600, 25_728), "valid"),
        (Region("chr2", 3_332_992, 3_333_333), "test"),
    ]


def test_a_bin_that_two_splits_share_belongs_to_none(tmp_path: Path) -> None:
    split = bed(tmp_path, "chr1 0 1300 train\nchr1 1300 2560 valid\n")
    assert pieces(split) == [(Region("chr1", 0, 1_280), "train"), (Region("chr1", 1_408, 2_560), "valid")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("chr1 0 1280 dev\n", "line 1: the fourth column is 'dev'"),
        ("chr1 0 1280\n", "fourth column"),
        ("chr1 0 1280 valid\n", "nothing to train on"),
        ("chr1 0 5000 train\nchr1 100 200 train\nchr1 4000 6000 test\n", "line 3: .* says test and overlaps .*line 1"),
        ("chr7 0 1280 train\n", "chr7"),
        (
            "chr1 0 1280 train\nchr1 12000000 12000009 valid\n",
            "line 2: .* starts past the end of chr1 .* same assembly",
        ),
    ],
)
def test_a_bed_that_does_not_split_is_refused(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        pieces(bed(tmp_path, text))
