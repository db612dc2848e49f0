"""Cropping keeps the centre: the bins and the DNA that were there, the split as it was."""

from pathlib import Path

import numpy as np
import pytest

from genint.datasets.basenji import import_basenji
from genint.datasets.crop import crop_dataset
from genint.datasets.dataset import TrackDataset
from genint.errors import InputError
from genint.genome.fasta import Assembly
from tests.datasets.records import BINS, CROP, POOL, SEQ, TARGETS, write_folder


@pytest.fixture
def whole(tmp_path: Path) -> TrackDataset:
    folder = write_folder(tmp_path / "records", {"train": 5, "valid": 2, "test": 2})
    import_basenji(folder.path, tmp_path / "whole", assembly=Assembly("made-up", {}))
    return TrackDataset(tmp_path / "whole")


@pytest.mark.parametrize(("bins", "before"), [(4, 10), (5, 9), (24, 0)])
def test_the_central_bins_and_their_dna_are_kept(bins: int, before: int, whole: TrackDataset, tmp_path: Path) -> None:
    context = 50
    crop_dataset(whole, tmp_path / "small", core_bp=bins * POOL, context_bp=context)
    small = TrackDataset(tmp_path / "small")
    assert len(small.segments) == len(whole.segments) == 9
    for ours, theirs in zip(small.segments, whole.segments, strict=True):
        assert (ours.chrom, ours.split) == (theirs.chrom, theirs.split)
        assert (ours.start, ours.end) == (theirs.start + before * POOL, theirs.start + (before + bins) * POOL)
        assert (ours.dna_start, ours.dna_end) == (ours.start - context, ours.end + context)
        assert np.array_equal(small.targets(ours, 0, bins), whole.targets(theirs, before, bins))
        length = bins * POOL + 2 * context
        assert np.array_equal(
            small.tokens(ours, -context, length), whole.tokens(theirs, before * POOL - context, length)
        )
    assert small.dtype == whole.dtype == np.float16
    assert (tmp_path / "small" / "targets.txt").read_text() == TARGETS


def test_dna_that_was_not_there_is_not_made_up(whole: TrackDataset, tmp_path: Path) -> None:
    crop_dataset(whole, tmp_path / "small", core_bp=BINS * POOL, context_bp=CROP + 9)
    small = TrackDataset(tmp_path / "small")
    assert {segment.dna_end - segment.dna_start for segment in small.segments} == {SEQ}


def test_chromosomes_are_cut_too_and_their_short_last_bin_is_no_bin(example_dataset: Path, tmp_path: Path) -> None:
    crop_dataset(
        TrackDataset(example_dataset), tmp_path / "small", core_bp=34_944, context_bp=0
    )  # 273 bins, chr3 has 274 + 1 bp
    chr3 = TrackDataset(tmp_path / "small").split("valid")[0]
    assert (chr3.start, chr3.end) == (0, 34_944)


def test_relatives_are_cut_with_the_dna(related_dataset: Path, tmp_path: Path) -> None:
    whole = TrackDataset(related_dataset)
    crop_dataset(whole, tmp_path / "small", core_bp=2_048, context_bp=100)
    small = TrackDataset(tmp_path / "small")
    assert small.relatives == whole.relatives
    for ours, theirs in zip(small.segments, whole.segments, strict=True):
        for relative in range(2):
            expected = whole.tokens(theirs, ours.dna_start - theirs.start, 2_248, relative)
            assert np.array_equal(small.tokens(ours, -100, 2_248, relative), expected)


@pytest.mark.parametrize(("core_bp", "message"), [(100, "not a multiple of 32"), (800, "has 24 full bin")])
def test_a_core_that_does_not_fit_is_refused(core_bp: int, message: str, whole: TrackDataset, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        crop_dataset(whole, tmp_path / "small", core_bp=core_bp, context_bp=0)
    assert not (tmp_path / "small").exists()
