"""Prediction: regions become tiles, tiles become DNA, DNA becomes bins, bins become one bigWig per track."""

import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from genint.arrays import F32, F64
from genint.console import Console
from genint.errors import InputError
from genint.genome.dna import UNKNOWN
from genint.genome.grid import BinMask, Tile, bases_per_bin
from genint.output.formats import FORMATS
from genint.output.report import provenance
from genint.output.run_folder import check_space, output_folder
from genint.output.spool import Spool
from genint.output.write import write_predictions
from genint.prediction.inference import Engine
from genint.prediction.job import Job, disk_bytes
from genint.prediction.region_status import write_region_status
from genint.prediction.region_summary import write_summary
from genint.prediction.task import PredictTracks
from genint.prediction.windows import Request, Stitcher


def predict(
    job: Job,
    out: Path,
    *,
    overwrite: bool = False,
    resume: bool = False,
    console: Console | None = None,
) -> dict[str, Any]:
    """Predict the bins that the job's rows touch; write a file per track or one of all, the tables and run.json.

    A killed run of the same job in `out` resumes where it stopped and ends with the same bytes; of a finished one the
    report is returned at once. Returns what run.json holds. Raises OutputError when `out` cannot be written or holds
    another run (`overwrite` starts over), InputError for a model that gives NaN and, with `resume`, when there is no
    run to resume.
    """
    console, started = console or Console(), time.monotonic()
    with output_folder(out, job.plan(), [*job.files, *job.tables], overwrite=overwrite, resume=resume) as folder:
        if folder.report is not None:
            console.say(f"{out}: this run is finished already")
            return folder.report
        console.say(f"{len(job.todo):,} tile(s) on {len(job.wanted):,} chromosome(s)")
        check_space(folder, sum(disk_bytes(job)))
        with Spool(
            folder.scratch / "spool", job.tracks, job.genome.sizes, job.geometry, with_sd=len(job.models) > 1
        ) as spool:
            _fill(spool, job, console)
            write_predictions(spool, folder.path, job.options.format, console)
            if job.options.summary:
                write_summary(spool, folder.path / job.options.summary_file, job.options.summary, job.clipped, console)
        statuses = _write_tables(folder.path, job, spool.predicted)
        return folder.publish(
            {
                **provenance(),
                "regions": statuses,
                "bins": sum(int(mask.sum()) for mask in spool.predicted.values()),
                "tiles": len(spool.tiles),
                "seconds": round(time.monotonic() - started, 2),
            }
        )


def _write_tables(folder: Path, job: Job, predicted: Mapping[str, BinMask]) -> dict[str, int]:
    """tracks.tsv and regions.tsv. Returns how many rows have each status."""
    kind, names = job.options.format, {}
    if FORMATS[kind].has_file_per_track:
        names = {kind: job.files[: len(job.tracks)], "sd": job.files[len(job.tracks) :]}
    job.tracks.write(folder / "tracks.tsv", {column: cells for column, cells in names.items() if cells})
    sizes, bin_bp = job.genome.sizes, job.geometry.bin_bp
    return write_region_status(folder / "regions.tsv", job.clipped, predicted, job.blacklisted, sizes, bin_bp)


def _fill(spool: Spool, job: Job, console: Console) -> None:
    """Predict every tile that the spool does not hold yet."""
    done = job.todo.index(spool.tiles[-1]) + 1 if spool.tiles else 0
    stitcher, scale = Stitcher(job.genome, job.geometry, job.options.augmentation), _Scale(job)
    devices, threads = job.options.devices, job.options.threads
    with console.progress("predicting", len(job.todo)) as advance, Engine(task(job), devices, threads) as engine:
        advance(done)
        windows = stitcher.windows(requests(job, job.todo[done:]))
        for request, values in stitcher.tiles(engine.map(windows)):
            spool.append(request.tile, np.where(request.keep, scale(values, request.tile), np.float32(np.nan)))
            advance(1)


def task(job: Job) -> PredictTracks:
    """What the engine does with every window of the job."""
    columns = np.array(job.columns)
    return PredictTracks(
        modules=[model.module for model in job.models],
        columns=columns,
        partners=job.models[0].tracks.partners[columns],
        dtype=job.options.dtype,
        batch_size=job.options.batch_size,
        compile=job.options.compile,
    )


def requests(job: Job, tiles: Iterable[Tile]) -> Iterator[Request]:
    """Mark each tile's masked bins; a tile without a bin to keep is not predicted."""
    geometry, sizes = job.geometry, job.genome.sizes
    for tile in tiles:
        start = tile.index * geometry.core_bp
        core = job.genome.tokens(tile.chrom, start, start + geometry.core_bp)
        starts = start + geometry.bin_bp * np.arange(geometry.core_bins)
        widths = np.clip(sizes[tile.chrom] - starts, 0, geometry.bin_bp)  # 0 past the chromosome's end
        unknown = bases_per_bin(core == UNKNOWN, geometry.bin_bp) - (geometry.bin_bp - widths)
        requested = job.wanted[tile.chrom][tile.bins(geometry)]
        keep = np.zeros(geometry.core_bins, dtype=np.bool_)
        keep[: len(requested)] = requested
        keep &= unknown <= job.options.max_n * widths
        if keep.any():
            yield Request(tile, keep)


class _Scale:
    """(M, T, core_bins) on the models' scale -> (rows of the spool, core_bins) on the requested scale."""

    def __init__(self, job: Job) -> None:
        self._names = [model.name for model in job.models]
        tables = [model.tracks.subset(job.columns) for model in job.models]
        to_coverage = job.options.scale == "coverage"
        self._transforms = [table.transform(job.geometry.bin_bp) for table in tables] if to_coverage else None

    def __call__(self, values: F64, tile: Tile) -> F32:
        """Raises InputError for a model that predicts NaN or infinity."""
        for name, predicted in zip(self._names, values, strict=True):
            if not np.isfinite(predicted).all():
                raise InputError(
                    f"{name}: predicts NaN or infinity for tile {tile.index} of {tile.chrom}. "
                    "Its weights are damaged, or the `dtype` is too narrow for it; choose float32"
                )
        if self._transforms:
            pairs = zip(self._transforms, values, strict=True)
            values = np.stack([transform.invert(predicted.T).T for transform, predicted in pairs])
        if len(values) == 1:
            return values[0].astype(np.float32)  # type: ignore[no-any-return]
        return np.concatenate([values.mean(axis=0), values.std(axis=0)], dtype=np.float32, casting="same_kind")
