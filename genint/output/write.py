"""From the spool to the files of a run."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from genint.arrays import F32
from genint.console import Console
from genint.output.formats import FORMATS, OutputFile
from genint.output.run_folder import to_disk
from genint.output.spool import Spool, TileRun
from genint.output.writer import TrackWriter

_FILES_AT_ONCE = 32  # open at a time: systems allow 256 and more
_BYTES_AT_ONCE = 32 << 20  # read from the spool


def write_predictions(spool: Spool, folder: Path, file_format: str, console: Console) -> None:
    """Write the spool's tracks to `folder` in one of FORMATS. A file that is there under its name is complete.

    A file gets its name once it is on the disk. OutputError where the system refuses.
    """
    form = FORMATS[file_format]
    files = form.files(spool.tracks, with_sd=spool.with_sd)
    at_once = _FILES_AT_ONCE if form.has_file_per_track else 1
    with (
        console.progress("writing", len(files), "files") as advance,
        ThreadPoolExecutor(min(os.cpu_count() or 1, _FILES_AT_ONCE)) as threads,
    ):
        for first in range(0, len(files), at_once):
            batch = files[first : first + at_once]
            missing = [file for file in batch if not (folder / file.name).exists()]
            if missing:
                _write_files(spool, folder, missing, form.load_writer(), threads)
            advance(len(batch))


def _write_files(
    spool: Spool, folder: Path, files: Sequence[OutputFile], writer: type[TrackWriter], threads: ThreadPoolExecutor
) -> None:
    """Write these files in one pass over the spool."""
    rows = slice(files[0].rows.start, files[-1].rows.stop)
    longest = max(_BYTES_AT_ONCE // (4 * spool.geometry.core_bins * (rows.stop - rows.start)), 1)
    with ExitStack() as stack:
        writers = [stack.enter_context(each) for each in _open_files(spool, folder, files, writer)]
        for run in spool.runs(longest):
            values = spool.read(run.first, run.last, rows)  # (tiles, rows, core_bins)
            own = [slice(file.rows.start - rows.start, file.rows.stop - rows.start) for file in files]
            list(threads.map(partial(_add, run, values), writers, own))
        to_disk(list(threads.map(TrackWriter.finish, writers)))
        for each in writers:
            each.close()


def _open_files(
    spool: Spool, folder: Path, files: Sequence[OutputFile], writer: type[TrackWriter]
) -> Iterator[TrackWriter]:
    identifiers = [track.identifier for track in spool.tracks]
    for file in files:
        tracks = [identifiers[row % len(identifiers)] for row in range(file.rows.start, file.rows.stop)]
        yield writer(folder / file.name, spool.sizes, bin_bp=spool.geometry.bin_bp, tracks=tracks)


def _add(run: TileRun, values: F32, writer: TrackWriter, rows: slice) -> None:
    own = values[:, rows].swapaxes(0, 1).reshape(rows.stop - rows.start, -1)[:, : run.n_bins]
    writer.add(run.chrom, run.first_bin, own if len(writer.tracks) > 1 else own[0])
