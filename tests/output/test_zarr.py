"""The zarr store: every bin where it belongs, whatever the chunks, and the same bytes for the same predictions."""

import errno
import os
from pathlib import Path

import numpy as np
import pytest
import zarr
from zarr.storage import ZipStore

from genint.errors import InputError, OutputError
from genint.genome.grid import count_bins
from genint.output.zarr import ZarrWriter

SIZES = {"a": 1_003, "none": 500, "HLA-A*01:01": 35}


@pytest.mark.parametrize(("chunk_bins", "chunk_bytes"), [(1, 1 << 20), (8, 1 << 20), (12, 1), (4_096, 1 << 20)])
def test_every_bin_lies_where_it_belongs_and_the_rest_is_nan(
    chunk_bins: int, chunk_bytes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("genint.output.zarr._CHUNK_BINS", chunk_bins)
    monkeypatch.setattr("genint.output.zarr._CHUNK_BYTES", chunk_bytes)
    segments = [("a", 0, 8), ("a", 20, 12), ("a", 97, 4), ("HLA-A*01:01", 0, 4)]
    rng = np.random.default_rng(1)
    pieces = [(chrom, first, rng.random((2, n), dtype=np.float32)) for chrom, first, n in segments]
    halves = [
        (chrom, first + at, values[:, at : at + len(values[0]) // 2])
        for chrom, first, values in pieces
        for at in (0, len(values[0]) // 2)
    ]
    expected = {chrom: np.full((count_bins(SIZES[chrom], 10), 2), np.nan, np.float32) for chrom in ("a", "HLA-A*01:01")}
    for chrom, first, values in pieces:
        expected[chrom][first : first + len(values[0])] = values.T
    for name, calls in (("one.zarr.zip", pieces), ("again.zarr.zip", pieces), ("halves.zarr.zip", halves)):
        with ZarrWriter(tmp_path / name, SIZES, bin_bp=10, tracks=["x", "y"]) as writer:
            for call in calls:
                writer.add(*call)
    files = sorted(tmp_path.iterdir())
    assert [file.name for file in files] == ["again.zarr.zip", "halves.zarr.zip", "one.zarr.zip"]
    assert len({file.read_bytes() for file in files}) == 1
    with ZipStore(tmp_path / "one.zarr.zip", mode="r") as store:
        group = zarr.open_group(store, mode="r")
        assert dict(group.attrs) == {"bin_bp": 10, "tracks": ["x", "y"], "chrom_sizes": SIZES}
        assert sorted(group.array_keys()) == sorted(expected)
        for chrom, values in expected.items():
            assert np.array_equal(group[chrom][:], values, equal_nan=True)
            assert group[chrom].dtype == np.float32


def test_a_store_of_one_track_takes_its_bins_as_they_are(tmp_path: Path) -> None:
    with ZarrWriter(tmp_path / "x.zarr.zip", SIZES, bin_bp=10, tracks=["x"]) as writer:
        writer.add("a", 3, np.array([1, 2], np.float32))
    with ZipStore(tmp_path / "x.zarr.zip", mode="r") as store:
        assert zarr.open_group(store, mode="r")["a"][3:5].tolist() == [[1.0], [2.0]]


def test_a_store_that_fails_leaves_nothing_behind_and_names_its_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_space(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("genint.output.zarr.zip_folder", no_space)
    with (
        pytest.raises(OutputError, match=r"/x.zarr.zip: cannot write \(No space left on device\)"),
        ZarrWriter(tmp_path / "x.zarr.zip", SIZES, bin_bp=10, tracks=["x", "y"]) as writer,
    ):
        writer.add("a", 0, np.zeros((2, 3), np.float32))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("chrom", ["a/b", "..", "__x"])
def test_a_chromosome_that_no_array_can_be_named_after_is_refused(chrom: str) -> None:
    with pytest.raises(InputError, match="cannot be the name of an array"):
        ZarrWriter.check_chroms(["chr1", chrom])
    ZarrWriter.check_chroms(SIZES)
