"""The store gives back what was put in, and never a number that was not."""

from pathlib import Path

import numpy as np
import pytest
import zarr

from genint.datasets.dataset import TrackDataset, TrackDatasetWriter, new_dataset
from genint.errors import InputError, OutputError
from genint.genome.fasta import Assembly
from genint.tracks.table import Track, TrackTable

BIN, BINS, FLANK = 8, 6, 16
TRACKS = TrackTable(Track(identifier=name, description="", strand_pair=name) for name in ("a", "b"))


def contents(n: int) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(n)
    return draw.integers(0, 5, BINS * BIN + 2 * FLANK).astype(np.uint8), draw.random((BINS, 2)).astype(np.float16)


def written(path: Path, records: int = 4, pieces: int = 1) -> Path:
    """Records at 1,000, 2,000, ... of chr1, given to the writer in pieces; a record is a chunk."""
    writer = TrackDatasetWriter(
        path,
        bin_bp=BIN,
        assembly=Assembly("made-up", {}),
        tracks=TRACKS,
        chunk_bp=BINS * BIN + 2 * FLANK,
        chunk_bins=BINS,
        dtype="float16",
    )
    for n in range(records):
        tokens, targets = contents(n)
        start = 1_000 * (n + 1)
        dna, blocks = np.array_split(tokens, pieces), np.array_split(targets, pieces)
        writer.add("chr1", start, start + BINS * BIN, "train", start - FLANK, dna, blocks)
    writer.close()
    return path


@pytest.mark.parametrize("pieces", [1, 3])
def test_what_was_put_in_comes_out_wherever_a_window_begins(pieces: int, tmp_path: Path) -> None:
    dataset = TrackDataset(written(tmp_path / "dataset", pieces=pieces))
    for n, segment in enumerate(dataset.segments):
        tokens, targets = contents(n)
        padded = np.pad(tokens, 50, constant_values=4)
        for start in (-FLANK - 50, -FLANK - 1, -FLANK, -3, 0, 7, BINS * BIN + FLANK - 2):
            found = dataset.tokens(segment, start, 30)
            assert np.array_equal(found, padded[start + FLANK + 50 :][:30])
        assert np.array_equal(dataset.targets(segment, 2, 3), targets[2:5].astype(np.float32))
        beyond = dataset.targets(segment, 4, 5)
        assert np.array_equal(beyond[:2], targets[4:].astype(np.float32))
        assert np.isnan(beyond[2:]).all()
        assert dataset.tokens(segment, 10_000, 5).tolist() == [4] * 5


def test_dna_may_begin_before_its_chromosome(tmp_path: Path) -> None:
    tokens, targets = contents(0)
    writer = TrackDatasetWriter(tmp_path / "d", bin_bp=BIN, assembly=Assembly("x", {}), tracks=TRACKS)
    writer.add("chr1", 8, 8 + BINS * BIN, "train", 8 - FLANK, [tokens], [targets])
    writer.close()
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


@pytest.mark.parametrize("chunk", ["dna/c/2", "targets/c/2/0"])
def test_a_flipped_bit_anywhere_in_a_chunk_is_an_error_that_names_it(chunk: str, tmp_path: Path) -> None:
    dataset = TrackDataset(written(tmp_path / "dataset"))
    file = dataset.path / "arrays.zarr" / chunk
    read = dataset.tokens if chunk.startswith("dna") else dataset.targets
    whole = file.read_bytes()
    for place in range(len(whole)):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << place % 8]) + whole[place + 1 :])
        with pytest.raises(InputError, match=f"{chunk}: is damaged"):
            read(dataset.segments[2], 0, 5)
    dataset.tokens(dataset.segments[1], 0, 5)
    dataset.targets(dataset.segments[1], 0, 5)


def test_a_chunk_cut_short_or_gone_is_an_error_and_not_the_fill_value(tmp_path: Path) -> None:
    dataset = TrackDataset(written(tmp_path / "dataset"))
    file = dataset.path / "arrays.zarr" / "targets" / "c" / "1" / "0"
    whole = file.read_bytes()
    for size in (0, 3, len(whole) - 1):
        file.write_bytes(whole[:size])
        with pytest.raises(InputError, match="targets/c/1/0: is damaged"):
            dataset.targets(dataset.segments[1], 0, 1)
    file.unlink()
    with pytest.raises(InputError, match="targets/c/1/0: is missing"):
        dataset.targets(dataset.segments[1], 0, 1)


def test_targets_that_are_all_missing_are_still_written(tmp_path: Path) -> None:
    writer = TrackDatasetWriter(tmp_path / "d", bin_bp=BIN, assembly=Assembly("x", {}), tracks=TRACKS)
    writer.add("chr1", 0, 16, "train", 0, [np.full(16, 4, np.uint8)], [np.full((2, 2), np.nan, np.float32)])
    writer.close()
    dataset = TrackDataset(tmp_path / "d")
    assert np.isnan(dataset.targets(dataset.segments[0], 0, 2)).all()
    assert (dataset.tokens(dataset.segments[0], 0, 16) == 4).all()


@pytest.mark.parametrize(("bins", "dna_start", "bases"), [(5, 0, 48), (6, 1, 48), (6, 0, 47)])
def test_a_stretch_whose_parts_do_not_fit_is_our_bug(bins: int, dna_start: int, bases: int, tmp_path: Path) -> None:
    writer = TrackDatasetWriter(tmp_path / "d", bin_bp=BIN, assembly=Assembly("x", {}), tracks=TRACKS)
    with pytest.raises(ValueError, match="bins, DNA"):
        writer.add("chr1", 0, 48, "train", dna_start, [np.zeros(bases, np.uint8)], [np.zeros((bins, 2), np.float32)])


def test_a_data_set_that_was_not_finished_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(FileExistsError), new_dataset(tmp_path / "out") as folder:
        written(written(folder))  # the second time its folder is in the way
    assert list(tmp_path.iterdir()) == []
    with new_dataset(tmp_path / "out") as folder:
        written(folder)
    assert len(TrackDataset(tmp_path / "out").segments) == 4
    with pytest.raises(OutputError, match="is there already"), new_dataset(tmp_path / "out"):
        pass
