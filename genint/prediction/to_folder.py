"""Predictions as a folder: one bigWig per track, and the status of every region."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Unpack

from genint.console import Console
from genint.genome.grid import BinMask
from genint.genome.relatives import open_relatives
from genint.output.formats import FORMATS
from genint.output.made_of_run import remove_made
from genint.output.report import RunReport
from genint.output.run_folder import check_space, output_folder
from genint.output.spool import Spool
from genint.output.write import write_predictions
from genint.prediction.inference import Engine
from genint.prediction.job import Job, disk_bytes
from genint.prediction.pipeline import predict_tiles, task
from genint.prediction.region_status import write_region_status
from genint.prediction.region_summary import write_summary
from genint.prediction.settings import (
    AnyGenome,
    AnyModel,
    AnyRegions,
    FolderSettings,
    find_rows,
    open_genome,
    plan_job,
)


def predict_to_folder(
    genome: AnyGenome,
    regions: AnyRegions | None,
    model: AnyModel | Sequence[AnyModel],
    out: Path | str,
    *,
    overwrite: bool = False,
    resume: bool = False,
    relatives: Path | str | None = None,
    console: Console | None = None,
    **settings: Unpack[FolderSettings],
) -> RunReport:
    """Predict regions of a genome, None for all of it, into a folder: what `genint predict` calls.

    Writes a file per track (`format` zarr: one of all), tracks.tsv, regions.tsv, run.json and, with `summary`, a table
    of a number per region and track. Several models make an ensemble: the mean, and files of the standard deviation.
    Bins that the `blacklist` touches are masked. `relatives`: a table of FASTAs on the genome's coordinates (columns
    name and file): predictions are the mean of the genome's own and of the mean over them. A killed run resumes when it
    is called again, and ends with the same bytes. Returns what run.json holds. Raises InputError and OutputError, see
    `predict_job`.
    """
    with open_genome(genome) as opened, open_relatives(relatives, opened) as related:
        rows = find_rows(regions, opened, (console or Console(quiet=True)).say)
        job = plan_job(opened, rows, model, settings, relatives=related, console=console)
        return predict_job(job, Path(out), overwrite=overwrite, resume=resume, console=console)


def predict_job(
    job: Job,
    out: Path,
    *,
    overwrite: bool = False,
    resume: bool = False,
    console: Console | None = None,
) -> RunReport:
    """Predict the bins that the job's rows touch; write a file per track or one of all, the tables and run.json.

    A killed run of the same job in `out` resumes where it stopped and ends with the same bytes; of a finished one the
    report is returned at once. Returns what run.json holds. Raises OutputError when `out` cannot be written or holds
    another run (`overwrite` starts over), InputError for a model that gives NaN and, with `resume`, when there is no
    run to resume.
    """
    console, started = console or Console(quiet=True), time.monotonic()
    with output_folder(out, job.plan(), [*job.files, *job.tables], overwrite=overwrite, resume=resume) as folder:
        if folder.report is not None:
            console.say(f"{out}: this run is finished already")
            return folder.report
        console.say(f"{len(job.todo):,} tile(s) on {len(job.requested):,} chromosome(s)")
        check_space(folder, sum(disk_bytes(job)))
        with Spool(
            folder.scratch / "spool", job.tracks, job.genome.sizes, job.geometry, with_sd=len(job.models) > 1
        ) as spool:
            if spool.tiles:
                console.say(f"resuming: {len(spool.tiles):,} of {len(job.todo):,} tile(s) are there")
            _fill(spool, job, console)
            write_predictions(spool, folder.path, job.options.format, console)
            if job.options.summary:
                write_summary(spool, folder.path / job.options.summary_file, job.options.summary, job.clipped, console)
        statuses = _write_tables(folder.path, job, spool.predicted)
        for note in remove_made(out):
            console.say(note)
        return folder.publish(
            {
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
    devices, threads = job.options.devices, job.options.threads
    with (
        console.progress("predicting", len(job.todo), "tiles") as advance,
        Engine(task(job), devices, threads) as engine,
    ):
        advance(done)
        for tile, values in predict_tiles(job, engine, job.todo[done:]):
            spool.append(tile, values)
            advance(1)
