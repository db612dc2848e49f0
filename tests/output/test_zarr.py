"""The zarr store: every bin where it belongs, whatever the chunks, and the same bytes for the same predictions."""

from pathlib import Path

import numpy as np
import pytest
import zarr
from zarr.storage import ZipStore

from genint.genome.grid import Geometry, Tile, count_bins
from genint.output.spool import Spool
from genint.output.zarr import write_zarr

GEOMETRY = Geometry(core_bp=40, context_bp=0, bin_bp=10)
SIZES = {"a": 1_003, "none": 500, "HLA-A*01:01": 35}


@pytest.mark.parametrize(("chunk_bins", "at_once"), [(1, 1), (8, 1 << 20), (12, 1 << 20), (4_096, 1 << 20)])
def test_every_tile_lies_where_it_belongs_and_the_rest_is_nan(
    chunk_bins: int, at_once: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("genint.output.zarr._CHUNK_BINS", chunk_bins)
    monkeypatch.setattr("genint.output.zarr._BYTES_AT_ONCE", at_once)
    kept = [Tile("a", index) for index in (0, 1, 5, 6, 7, 24, 25)] + [Tile("HLA-A*01:01", 0)]
    rng = np.random.default_rng(1)
    expected = {chrom: np.full((count_bins(SIZES[chrom], 10), 2), np.nan, np.float32) for chrom in ("a", "HLA-A*01:01")}
    with Spool(tmp_path / "spool", 3, 4) as spool:
        for tile in kept:
            values = rng.random((3, 4), dtype=np.float32)
            spool.append(values)
            for k in range(4):
                if tile.index * 4 + k < len(expected[tile.chrom]):
                    expected[tile.chrom][tile.index * 4 + k] = values[1:, k]
        for name in ("one.zarr.zip", "again.zarr.zip"):
            write_zarr(tmp_path / name, tmp_path, ["x", "y"], spool, slice(1, 3), kept, SIZES, GEOMETRY)
    assert (tmp_path / "one.zarr.zip").read_bytes() == (tmp_path / "again.zarr.zip").read_bytes()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["again.zarr.zip", "one.zarr.zip", "spool"]
    with ZipStore(tmp_path / "one.zarr.zip", mode="r") as store:
        group = zarr.open_group(store, mode="r")
        assert dict(group.attrs) == {"bin_bp": 10, "tracks": ["x", "y"], "chrom_sizes": SIZES}
        assert sorted(group.array_keys()) == sorted(expected)
        for chrom, values in expected.items():
            assert np.array_equal(group[chrom][:], values, equal_nan=True)
            assert group[chrom].dtype == np.float32
