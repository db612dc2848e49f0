"""Prediction: regions become tiles, tiles become DNA, DNA becomes bins, bins become one bigWig per track."""

import time
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from genint.arrays import F32, F64
from genint.console import Console
from genint.errors import InputError
from genint.genome.dna import UNKNOWN
from genint.genome.grid import BinMask, Geometry, Tile, bases_per_bin
from genint.output.formats import write_results
from genint.output.run_folder import check_space, output_folder, provenance
from genint.output.spool import Spool
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
    command: str = "",
) -> dict[str, Any]:
    """Predict the bins that the job's rows touch; write a file per track or one of all, the tables and run.json.

    A killed run of the same job in `out` goes on where it stopped and ends with the same bytes; a finished one is
    answered at once. Returns what run.json holds. Raises OutputError when `out` cannot be written or holds another run
    (`overwrite` starts anew), InputError for a model that answers NaN and, with `resume`, when nothing was begun.
    """
    console, started, files = console or Console(), time.monotonic(), job.files
    with output_folder(out, job.plan(), [*files, *job.tables], overwrite=overwrite, resume=resume) as folder:
        if folder.report is not None:
            console.say(f"{out}: this run is finished already")
            return folder.report
        console.say(f"{len(job.todo):,} tile(s) on {len(job.wanted):,} chromosome(s)")
        check_space(folder, sum(disk_bytes(job)))
        with Spool(folder.scratch / "spool", job.spool_rows, job.geometry.core_bins) as spool:
            kept, predicted = _fill(spool, job, console)
            write_results(folder, files, job.tracks, spool, kept, job.genome.sizes, job.geometry, console)
            if job.options.summary and job.summary_file:
                names = [track.identifier for track in job.tracks]
                path, statistic = folder.path / job.summary_file, job.options.summary
                write_summary(path, statistic, job.placed, names, spool, kept, job.geometry, console)
        fates = _write_tables(folder.path, job, predicted)
        return folder.publish(
            {
                **provenance(command),
                "regions": fates,
                "bins": sum(int(mask.sum()) for mask in predicted.values()),
                "tiles": len(kept),
                "seconds": round(time.monotonic() - started, 2),
            }
        )


def _write_tables(folder: Path, job: Job, predicted: Mapping[str, BinMask]) -> dict[str, int]:
    """tracks.tsv and regions.tsv. Returns how many rows met each fate."""
    kind = job.options.format
    names = {kind: job.files[: len(job.tracks)], "spread": job.files[len(job.tracks) :]} if kind != "zarr" else {}
    job.tracks.write(folder / "tracks.tsv", {column: cells for column, cells in names.items() if cells})
    sizes, bin_bp = job.genome.sizes, job.geometry.bin_bp
    return write_region_status(folder / "regions.tsv", job.placed, predicted, job.blacklisted, sizes, bin_bp)


class Filled(NamedTuple):
    """The tiles in the spool, in its order, and per chromosome which bins have a value."""

    kept: list[Tile]
    predicted: dict[str, BinMask]

    def add(self, request: Request, geometry: Geometry) -> None:
        """Note a tile that the spool holds."""
        self.kept.append(request.tile)
        on_chromosome = self.predicted[request.tile.chrom][request.tile.bins(geometry)]
        on_chromosome[:] = request.keep[: len(on_chromosome)]


def _fill(spool: Spool, job: Job, console: Console) -> Filled:
    """Predict every tile that the spool does not hold yet."""
    filled = Filled([], {chrom: np.zeros_like(mask) for chrom, mask in job.wanted.items()})
    stitcher = Stitcher(job.genome, job.geometry, job.options.augmentation)
    remaining, scale = requests(job), _Scale(job)
    devices, threads = job.options.devices, job.options.threads
    with console.progress("predicting", len(job.todo)) as advance, Engine(task(job), devices, threads) as engine:
        for request in islice(remaining, len(spool)):
            filled.add(request, job.geometry)
            advance(1)
        for request, values in stitcher.tiles(engine.map(stitcher.windows(remaining))):
            spool.append(np.where(request.keep, scale(values, request.tile), np.float32(np.nan)))
            filled.add(request, job.geometry)
            advance(1)
    return filled


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


def requests(job: Job) -> Iterator[Request]:
    """Mark each tile's masked bins; a tile without a bin to keep is not predicted."""
    geometry, sizes = job.geometry, job.genome.sizes
    for tile in job.todo:
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
