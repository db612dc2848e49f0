"""From the spool to the files of a run."""

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from genint.console import Console
from genint.genome.grid import Geometry, Tile, count_bins
from genint.output.bedgraph import BedGraphWriter
from genint.output.bigwig import BigWigWriter
from genint.output.run_folder import OutputFolder, give_names
from genint.output.spool import Floats, Spool
from genint.output.zarr import write_zarr
from genint.tracks.table import TrackTable

SUFFIXES = {"bigwig": ".bw", "bedgraph": ".bedgraph", "zarr": ".zarr.zip"}

_FILES_AT_ONCE = 32  # open at a time: systems allow 256 and more
_BYTES_AT_ONCE = 32 << 20  # read from the spool


class Stretch(NamedTuple):
    """Neighbouring tiles of a chromosome: tiles [first, last) of the spool, whose bins begin with `first_bin`."""

    chrom: str
    first_bin: int
    first: int
    last: int


def file_names(tracks: TrackTable, file_format: str, *, spread: bool) -> list[str]:
    """A file per track, or one zarr store; then, of an ensemble, the same again for the standard deviation."""
    suffix = SUFFIXES[file_format]
    suffixes = [suffix, f".sd{suffix}"] if spread else [suffix]
    if file_format == "zarr":
        return [f"predictions{each}" for each in suffixes]
    return [name for each in suffixes for name in tracks.file_names(each)]


def write_results(
    folder: OutputFolder,
    names: Sequence[str],
    tracks: TrackTable,
    spool: Spool,
    kept: Sequence[Tile],
    sizes: Mapping[str, int],
    geometry: Geometry,
    console: Console,
) -> None:
    """The files `names` of `file_names`, whose endings say how they are written. Those that are there are whole.

    Until it is on the disk, a file's name begins with a dot.
    """
    if not names[0].endswith(SUFFIXES["zarr"]):
        writer = BigWigWriter if names[0].endswith(SUFFIXES["bigwig"]) else BedGraphWriter
        _write_tracks(folder.path, names, writer, spool, kept, sizes, geometry, console)
        return
    with console.progress("writing", len(names)) as advance:
        for place, name in enumerate(names):
            rows = slice(place * len(tracks), (place + 1) * len(tracks))
            if not (folder.path / name).exists():
                identifiers = [track.identifier for track in tracks]
                unnamed = folder.path / f".{name}"
                write_zarr(unnamed, folder.scratch, identifiers, spool, rows, kept, sizes, geometry)
                give_names([unnamed])
            advance(1)


def _write_tracks(
    folder: Path,
    names: Sequence[str],
    writer: type[BigWigWriter] | type[BedGraphWriter],
    spool: Spool,
    kept: Sequence[Tile],
    sizes: Mapping[str, int],
    geometry: Geometry,
    console: Console,
) -> None:
    """One file per row of the spool, whose tiles are `kept`."""
    with (
        console.progress("writing", len(names)) as advance,
        ThreadPoolExecutor(min(os.cpu_count() or 1, _FILES_AT_ONCE)) as threads,
    ):
        for first in range(0, len(names), _FILES_AT_ONCE):
            rows = slice(first, first + _FILES_AT_ONCE)
            missing = [place for place, name in enumerate(names[rows]) if not (folder / name).exists()]
            with ExitStack() as stack:
                writers = [
                    writer(folder / f".{names[first + place]}", sizes, bin_bp=geometry.bin_bp) for place in missing
                ]
                for each in writers:
                    stack.enter_context(each)
                tile_bytes = 4 * geometry.core_bins * len(names[rows])
                for stretch in _stretches(kept, geometry, max(_BYTES_AT_ONCE // tile_bytes, 1)) if missing else ():
                    values = spool.read(stretch.first, stretch.last, rows)  # (tiles, rows, core_bins)
                    n_bins = count_bins(sizes[stretch.chrom], geometry.bin_bp) - stretch.first_bin
                    list(threads.map(partial(_add, stretch, values, n_bins), writers, missing))
                list(threads.map(_close, writers))
                give_names([writer.path for writer in writers])
            advance(len(names[rows]))


def _add(stretch: Stretch, values: Floats, n_bins: int, writer: BigWigWriter | BedGraphWriter, row: int) -> None:
    writer.add(stretch.chrom, stretch.first_bin, values[:, row].reshape(-1)[:n_bins])


def _close(writer: BigWigWriter | BedGraphWriter) -> None:
    writer.close()


def _stretches(kept: Sequence[Tile], geometry: Geometry, longest: int) -> Iterator[Stretch]:
    """Runs of adjacent tiles, none longer than `longest`, in the spool's order."""
    for (chrom, _), group in groupby(enumerate(kept), key=lambda item: (item[1].chrom, item[1].index - item[0])):
        places = [place for place, _ in group]
        for first in range(places[0], places[-1] + 1, longest):
            yield Stretch(chrom, kept[first].bins(geometry).start, first, min(first + longest, places[-1] + 1))
