"""A data set is written complete or not at all, and what does not fit together is not written."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import zarr

from genint.datasets.dataset import TrackDataset
from genint.datasets.writer import TrackDatasetWriter, create_dataset
from genint.errors import OutputError
from genint.genome.fasta import Assembly
from genint.genome.region import Region
from genint.genome.relatives import RelativeInfo
from tests.conftest import file_size_limit
from tests.datasets.made_up import BIN, BINS, FLANK, TRACKS, contents, written


@contextmanager
def writer(path: Path) -> Iterator[TrackDatasetWriter]:
    with create_dataset(path, bin_bp=BIN, assembly=Assembly("x", {}), tracks=TRACKS) as opened:
        yield opened


def test_dna_may_begin_before_its_chromosome(tmp_path: Path) -> None:
    tokens, targets = contents(0)
    with writer(tmp_path / "d") as new:
        new.add(Region("chr1", 8, 8 + BINS * BIN), "train", dna_start=8 - FLANK, tokens=[tokens], targets=[targets])
    (segment,) = TrackDataset(tmp_path / "d").segments
    assert (segment.dna_start, segment.dna_end) == (-8, 8 + BINS * BIN + FLANK)
    assert np.array_equal(TrackDataset(tmp_path / "d").tokens(segment, -FLANK, len(tokens)), tokens)


def test_a_record_is_a_chunk_with_a_file_of_its_own(tmp_path: Path) -> None:
    arrays = written(tmp_path / "dataset") / "arrays.zarr"
    files = sorted(str(path.relative_to(arrays)) for path in arrays.glob("*/c/**/*") if path.is_file())
    assert files == [*(f"dna/c/{n}" for n in range(4)), *(f"targets/c/{n}/0" for n in range(4))]
    for name in ("dna", "targets"):
        codecs = [codec.to_dict()["name"] for codec in zarr.open_array(arrays / name, mode="r").metadata.codecs]
        assert codecs[-2:] == ["zstd", "crc32c"]


def test_targets_that_are_all_missing_are_still_written(tmp_path: Path) -> None:
    tokens, targets = np.full(16, 4, np.uint8), np.full((2, 2), np.nan, np.float32)
    with writer(tmp_path / "d") as new:
        new.add(Region("chr1", 0, 16), "train", dna_start=0, tokens=[tokens], targets=[targets])
    dataset = TrackDataset(tmp_path / "d")
    assert np.isnan(dataset.targets(dataset.segments[0], 0, 2)).all()
    assert (dataset.tokens(dataset.segments[0], 0, 16) == 4).all()


@pytest.mark.parametrize(("bins", "dna_start", "bases"), [(5, 0, 48), (6, 1, 48), (6, 0, 47)])
def test_a_segment_whose_parts_do_not_fit_is_our_bug(bins: int, dna_start: int, bases: int, tmp_path: Path) -> None:
    tokens, targets = np.zeros(bases, np.uint8), np.zeros((bins, 2), np.float32)
    with pytest.raises(ValueError, match="bins, DNA"), writer(tmp_path / "d") as new:
        new.add(Region("chr1", 0, 48), "train", dna_start=dna_start, tokens=[tokens], targets=[targets])


@pytest.mark.parametrize("lengths", [(80,), (80, 79), (80, 80, 80)])
def test_relatives_that_do_not_cover_the_same_dna_are_our_bug(lengths: tuple[int, ...], tmp_path: Path) -> None:
    tokens, targets = contents(0)
    infos = [RelativeInfo(name, 1.0, 0.9) for name in "ab"]
    with (
        pytest.raises(ValueError, match=r"relative 1|zip"),
        create_dataset(tmp_path / "d", bin_bp=BIN, assembly=Assembly("x", {}), tracks=TRACKS, relatives=infos) as new,
    ):
        new.add(
            Region("chr1", 16, 16 + BINS * BIN),
            "train",
            dna_start=0,
            tokens=[tokens],
            targets=[targets],
            relatives=[np.zeros(length, np.uint8) for length in lengths],
        )
    assert list(tmp_path.iterdir()) == []


def test_a_data_set_that_was_not_finished_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), writer(tmp_path / "out"):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_a_data_set_that_is_there_is_not_replaced(tmp_path: Path) -> None:
    before = (written(tmp_path / "out") / "dataset.json").read_bytes()
    with pytest.raises(OutputError, match=r"out: is there already\. Remove it, or choose another `out`"):
        written(tmp_path / "out", records=1)
    assert (tmp_path / "out" / "dataset.json").read_bytes() == before


def test_a_full_disk_is_told_with_the_folder_and_how_much_was_written(tmp_path: Path) -> None:
    message = r"out: cannot write \(File too large; [1-9][\d,]+ bytes of it were written\)\. Free space"
    noise = np.random.default_rng(1).integers(0, 5, 1_000_000).astype(np.uint8)
    with pytest.raises(OutputError, match=message), file_size_limit(4_096), writer(tmp_path / "out") as new:
        new.add(Region("chr1", 0, 1_000_000), "train", dna_start=0, tokens=[noise], targets=[])
    assert list(tmp_path.iterdir()) == []
