"""From the spool to the files of a run."""

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from genint.bigwig import BigWigWriter
from genint.console import Console
from genint.grid import Geometry, Tile, count_bins
from genint.outputs import to_disk
from genint.spool import Floats, Spool

_FILES_AT_ONCE = 32  # open at a time: systems allow 256 and more
_BYTES_AT_ONCE = 32 << 20  # read from the spool


class Stretch(NamedTuple):
    """Neighbouring tiles of a chromosome: tiles [first, last) of the spool, whose bins begin with `first_bin`."""

    chrom: str
    first_bin: int
    first: int
    last: int


def write_bigwigs(
    folder: Path,
    names: Sequence[str],
    spool: Spool,
    kept: Sequence[Tile],
    sizes: Mapping[str, int],
    geometry: Geometry,
    console: Console,
) -> None:
    """One bigWig per row of the spool, whose tiles are `kept`. A file that is in `folder` already is whole.

    Until it is on the disk, a file's name begins with a dot.
    """
    with (
        console.progress("writing", len(names)) as advance,
        ThreadPoolExecutor(min(os.cpu_count() or 1, _FILES_AT_ONCE)) as threads,
    ):
        for first in range(0, len(names), _FILES_AT_ONCE):
            rows = slice(first, first + _FILES_AT_ONCE)
            missing = [place for place, name in enumerate(names[rows]) if not (folder / name).exists()]
            with ExitStack() as stack:
                writers = [
                    stack.enter_context(
                        BigWigWriter(folder / f".{names[first + place]}", sizes, bin_bp=geometry.bin_bp)
                    )
                    for place in missing
                ]
                tile_bytes = 4 * geometry.core_bins * len(names[rows])
                for stretch in _stretches(kept, geometry, max(_BYTES_AT_ONCE // tile_bytes, 1)) if missing else ():
                    values = spool.read(stretch.first, stretch.last, rows)  # (tiles, rows, core_bins)
                    n_bins = count_bins(sizes[stretch.chrom], geometry.bin_bp) - stretch.first_bin
                    list(threads.map(partial(_add, stretch, values, n_bins), writers, missing))
                list(threads.map(BigWigWriter.close, writers))
                to_disk([writer.path for writer in writers])
                for writer in writers:
                    os.replace(writer.path, folder / writer.path.name[1:])
            advance(len(names[rows]))


def _add(stretch: Stretch, values: Floats, n_bins: int, writer: BigWigWriter, row: int) -> None:
    writer.add(stretch.chrom, stretch.first_bin, values[:, row].reshape(-1)[:n_bins])


def _stretches(kept: Sequence[Tile], geometry: Geometry, longest: int) -> Iterator[Stretch]:
    """Runs of adjacent tiles, none longer than `longest`, in the spool's order."""
    for (chrom, _), group in groupby(enumerate(kept), key=lambda item: (item[1].chrom, item[1].index - item[0])):
        places = [place for place, _ in group]
        for first in range(places[0], places[-1] + 1, longest):
            yield Stretch(chrom, kept[first].bins(geometry).start, first, min(first + longest, places[-1] + 1))
