"""From the spool to files: every value in its file and bin, however many files are open and bytes read at a time."""

import errno
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genint.arrays import F32
from genint.console import Console
from genint.errors import OutputError
from genint.genome.grid import Geometry, Tile
from genint.output import write
from genint.output.bigwig import BigWigWriter, BinReader
from genint.output.formats import FORMATS
from genint.output.spool import Spool
from genint.output.write import write_predictions
from genint.tracks.table import Track, TrackTable

QUIET = Console(quiet=True)
GEOMETRY = Geometry(core_bp=512, context_bp=0, bin_bp=128)
SIZES = {"b": 128 * 30 + 1, "none": 500, "a": 75}
TRACKS = TrackTable(Track(identifier=name, description="", strand_pair=name) for name in ("x", "y", "z"))
TILES = [*(Tile("b", index) for index in (0, 1, 2, 5, 7)), Tile("a", 0)]
NAMES = ["x.bw", "y.bw", "z.bw", "x.sd.bw", "y.sd.bw", "z.sd.bw"]


def filled(path: Path) -> tuple[Spool, list[F32]]:
    """A spool of three tracks and their standard deviations, with masked bins, and its tiles."""
    rng = np.random.default_rng(0)
    tiles = [rng.random((6, 4), dtype=np.float32) for _ in TILES]
    spool = Spool(path, TRACKS, SIZES, GEOMETRY, with_sd=True)
    for tile, values in zip(TILES, tiles, strict=True):
        values[:, rng.random(4) < 0.2] = np.nan
        end = -(-SIZES[tile.chrom] // 128) - tile.index * 4
        values[:, max(end, 0) :] = np.nan  # past the chromosome's end
        spool.append(tile, values)
    return spool, tiles


def expected_bins(tiles: list[F32], row: int) -> dict[str, dict[int, float]]:
    found: dict[str, dict[int, float]] = {}
    for tile, values in zip(TILES, tiles, strict=True):
        for k in range(4):
            if not np.isnan(values[row, k]):
                found.setdefault(tile.chrom, {})[tile.index * 4 + k] = float(values[row, k])
    return found


def bins_of(path: Path) -> dict[str, dict[int, float]]:
    reader = BinReader(path, bin_bp=128)
    return {chrom: dict(zip(*map(list, reader.read(chrom)), strict=True)) for chrom in reader.chroms()}


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files_at_once=st.integers(1, 7), bytes_at_once=st.sampled_from([1, 100, 1 << 20]))
def test_every_value_is_in_its_file_and_bin(
    files_at_once: int, bytes_at_once: int, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write, "_FILES_AT_ONCE", files_at_once)
    monkeypatch.setattr(write, "_BYTES_AT_ONCE", bytes_at_once)
    folder = tmp_path_factory.mktemp("write")
    spool, tiles = filled(folder / "spool")
    with spool:
        write_predictions(spool, folder, "bigwig", QUIET)
    assert sorted(path.name for path in folder.iterdir()) == sorted([*NAMES, "spool"])
    for row, name in enumerate(NAMES):
        assert bins_of(folder / name) == expected_bins(tiles, row)


def test_a_file_that_is_there_is_complete_and_stays(tmp_path: Path) -> None:
    spool, tiles = filled(tmp_path / "spool")
    for name in ("x.bw", "z.bw", "y.sd.bw"):
        (tmp_path / name).write_text("complete")
    with spool:
        write_predictions(spool, tmp_path, "bigwig", QUIET)
    for row, name in enumerate(NAMES):
        if row in (0, 2, 4):
            assert (tmp_path / name).read_text() == "complete"
        else:
            assert bins_of(tmp_path / name) == expected_bins(tiles, row)


def test_files_are_on_the_disk_before_they_get_their_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[Path] = []
    named: list[Path] = []
    close = BigWigWriter.close

    def close_after_sync(writer: BigWigWriter) -> None:
        assert writer.hidden in synced
        named.append(writer.path)
        close(writer)

    monkeypatch.setattr(write, "to_disk", lambda files: synced.extend(files))
    monkeypatch.setattr(BigWigWriter, "close", close_after_sync)
    spool, _ = filled(tmp_path / "spool")
    with spool:
        write_predictions(spool, tmp_path, "bigwig", QUIET)
    assert {path.name for path in named} == set(NAMES)


@pytest.mark.parametrize("file_format", ["bigwig", "bedgraph", "zarr"])
@pytest.mark.parametrize("step", ["_add", "_finish"])
def test_a_refusal_of_the_system_names_the_file_and_leaves_none(
    file_format: str, step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_space(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))  # as from write(2): without a file name

    monkeypatch.setattr(FORMATS[file_format].load_writer(), step, no_space)
    spool, _ = filled(tmp_path / "spool")
    message = (
        rf"/(x|y|z|predictions).*{FORMATS[file_format].suffix}: cannot write \(No space left on device\)\. Free space"
    )
    with spool, pytest.raises(OutputError, match=message):
        write_predictions(spool, tmp_path, file_format, QUIET)
    assert [path.name for path in tmp_path.iterdir()] == ["spool"]
