"""Prediction: regions become tiles, tiles become DNA, DNA becomes bins, bins become one bigWig per track."""

import hashlib
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from genint.console import Console
from genint.dna import UNKNOWN
from genint.engine import Engine, Work
from genint.errors import InputError
from genint.fates import Placed, place, write_fates
from genint.genome import Genome
from genint.grid import BinMask, Geometry, Tile, bases_per_bin, tiles, wanted_bins
from genint.models.folder import Model
from genint.outputs import check_space, output_folder, provenance
from genint.regions import Region, Row
from genint.results import SUFFIXES, file_names, write_results
from genint.spool import Spool
from genint.summary import FORMATS as SUMMARY_FORMATS
from genint.summary import STATISTICS, check_format, write_summary
from genint.tracks import TrackTable
from genint.views import Doubles, Request, Stitcher, Views
from genint.zarr_store import check_names

SCALES = ("coverage", "model")
# Full-precision floats hardly compress; zoom levels add a third, and a zarr store is there twice while it is zipped.
_BYTES_PER_VALUE = {"bigwig": 6, "bedgraph": 36, "zarr": 8}


@dataclass(frozen=True, kw_only=True)
class Options:
    """What changes a prediction besides genome, regions and models, and where it is computed.

    `scale`: `coverage`, the mean per base over the bin in the units of the training bigWigs, or `model`, the model's
    own. `max_n`: a bin with a larger share of N than this is a hole; with 1, none is, and the model reads N as a column
    of zeros. `blacklist`: bins that these touch are holes. `batch_size` changes no float32 result on a CPU.
    `devices`: one, or several that share the work; a CPU named N times is N processes. `compile`: with torch.compile.
    `format`: `bigwig` or `bedgraph`, a file per track, or `zarr`, one of all. `summary`: `mean`, `sum` or `max`, also a
    table of the rows asked for, its `summary_format` being `tsv` or `parquet`.
    ValueError for another word in place of these.
    """

    scale: str = "coverage"
    max_n: float = 0.5
    blacklist: Sequence[Region] = ()
    views: Views = field(default_factory=Views)
    batch_size: int = 8
    devices: tuple[torch.device, ...] = (torch.device("cpu"),)
    dtype: torch.dtype = torch.float32
    compile: bool = False
    format: str = "bigwig"
    summary: str | None = None
    summary_format: str = "tsv"

    def __post_init__(self) -> None:
        for name, choices in (
            ("scale", SCALES),
            ("format", tuple(SUFFIXES)),
            ("summary", (None, *STATISTICS)),
            ("summary_format", SUMMARY_FORMATS),
        ):
            if getattr(self, name) not in choices:
                raise ValueError(f"{name}={getattr(self, name)!r} is not one of {', '.join(map(str, choices))}")

    def plan(self) -> dict[str, Any]:
        """What decides the values: how many devices there are does not, their kind does."""
        device = self.devices[0].type
        exact = device == "cpu" and self.dtype == torch.float32 and not self.compile
        return {
            "scale": self.scale,
            "max_n": self.max_n,
            "blacklist": _digest(sorted(set(self.blacklist))) if self.blacklist else None,
            **vars(self.views),
            "device": device,
            "dtype": str(self.dtype).removeprefix("torch."),
            "batch_size": "any" if exact else self.batch_size,
            "compile": self.compile,
            "format": self.format,
            "summary": self.summary and f"{self.summary} as {self.summary_format}",
        }


@dataclass(frozen=True)
class Job:
    """All that is known before the work begins."""

    genome: Genome
    placed: Sequence[Placed]  # every row asked for
    models: Sequence[Model]
    columns: Sequence[int]  # of the models' outputs
    options: Options
    wanted: Mapping[str, BinMask]  # per chromosome, in the genome's order; blacklisted bins are not
    blacklisted: Mapping[str, BinMask]  # per chromosome that has such bins
    todo: Sequence[Tile]  # those with a wanted bin

    @property
    def geometry(self) -> Geometry:
        return self.models[0].geometry

    @property
    def tracks(self) -> TrackTable:
        return self.models[0].tracks.subset(self.columns)

    @property
    def files(self) -> list[str]:
        """What holds the predictions, see results.file_names."""
        return file_names(self.tracks, self.options.format, spread=len(self.models) > 1)

    @property
    def spool_rows(self) -> int:
        """Values per bin: one per track; of several models, then one per track with their standard deviation."""
        return len(self.tracks) * (2 if len(self.models) > 1 else 1)

    @property
    def tables(self) -> list[str]:
        """The tables beside them."""
        return ["tracks.tsv", "regions.tsv", *([self.summary_file] if self.summary_file else [])]

    @property
    def summary_file(self) -> str | None:
        """The file of the summary, if one is asked for."""
        return f"summary.{self.options.summary_format}" if self.options.summary else None

    def plan(self) -> dict[str, Any]:
        """What makes this run the one it is, as JSON."""
        return {
            "genome": self.genome.identity(),
            "models": [
                {"name": model.name, "architecture": model.architecture, "digest": model.digest}
                for model in self.models
            ],
            "tracks": [track.identifier for track in self.tracks],
            "bin_bp": self.geometry.bin_bp,
            "regions": _digest(row for row, _ in self.placed),
            "options": self.options.plan(),
            "versions": {name: version(name) for name in ("genint", "torch")},
        }


def prepare(
    genome: Genome,
    rows: Sequence[Row],
    models: Sequence[Model],
    *,
    columns: Sequence[int] | None = None,
    options: Options | None = None,
) -> Job:
    """Find what there is to do. Row chromosomes must be the genome's own names (see regions.reconcile).

    `columns` picks tracks, default all. Raises InputError when no row touches the genome, for models that cannot be
    averaged, for views that the model's windows do not allow, when the package for the summary's format is missing, and
    for chromosomes that no zarr array can be named after.
    """
    first, options = models[0], options or Options()
    for model in models[1:]:
        _check_alike(first, model, options)
    options.views.stride(first.geometry)
    placed = [place(row, genome.sizes) for row in rows]
    wanted = wanted_bins((region for _, region in placed if region), genome.sizes, first.geometry.bin_bp)
    if not wanted:
        raise InputError(
            f"{genome.path}: none of the {len(rows)} region(s) lies on it; they start past their chromosomes' ends"
        )
    if options.summary:
        check_format(options.summary_format)
    if options.format == "zarr":
        check_names(wanted)
    unwanted = (place(Row("", region, ""), genome.sizes).region for region in options.blacklist)
    blacklisted = wanted_bins(filter(None, unwanted), genome.sizes, first.geometry.bin_bp)
    wanted = {chrom: mask & ~blacklisted[chrom] if chrom in blacklisted else mask for chrom, mask in wanted.items()}
    columns = range(len(first.tracks)) if columns is None else columns
    return Job(genome, placed, models, columns, options, wanted, blacklisted, list(tiles(wanted, first.geometry)))


def _digest(items: Iterable[object]) -> str:
    """sha256 of the items' text, a line each."""
    return hashlib.sha256("".join(f"{item}\n" for item in items).encode()).hexdigest()


def _check_alike(first: Model, other: Model, options: Options) -> None:
    """Their answers can be averaged: same bins and tracks and, where the options need them, strands and scales."""
    if other.geometry != first.geometry:
        raise InputError(f"{other.name}: its windows and bins are not those of {first.name}: {other.geometry}")
    ours, theirs = ([track.identifier for track in model.tracks] for model in (first, other))
    if ours != theirs:
        raise InputError(f"{other.name}: its {len(theirs)} tracks are not the {len(ours)} of {first.name}")
    strands = ("strand_pair",) if options.views.rc else ()
    scales = ("sum_stat", "scale", "clip", "clip_soft", "transform") if options.scale == "model" else ()
    for one, two in zip(first.tracks, other.tracks, strict=True):
        for column in (*strands, *scales):
            if (ours := getattr(one, column)) != (theirs := getattr(two, column)):
                raise InputError(
                    f"{other.name}: {column} of its track {two.identifier} is {theirs}, not {ours} as in {first.name}. "
                    + ("Give --scale coverage" if column in scales else "Choose models of the same track table")
                )


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
    return write_fates(folder / "regions.tsv", job.placed, predicted, job.blacklisted, sizes, bin_bp)


def disk_bytes(job: Job) -> tuple[int, int]:
    """About what the spool takes until the run ends, and what the results take."""
    bins = sum(int(mask.sum()) for mask in job.wanted.values())
    cells = len(job.placed) * len(job.tracks) if job.options.summary else 0
    spool = 4 * len(job.todo) * job.geometry.core_bins * job.spool_rows
    return spool, bins * job.spool_rows * _BYTES_PER_VALUE[job.options.format] + 12 * cells


# -- tiles to bins -----------------------------------------------------------------------------------------------------


class Filled(NamedTuple):
    """The tiles in the spool, in its order, and per chromosome which bins have a value."""

    kept: list[Tile]
    predicted: dict[str, BinMask]


def _fill(spool: Spool, job: Job, console: Console) -> Filled:
    """Predict every tile that the spool does not hold yet."""
    filled = Filled([], {chrom: np.zeros_like(mask) for chrom, mask in job.wanted.items()})
    stitcher = Stitcher(job.genome, job.geometry, job.options.views)
    with console.progress("predicting", len(job.todo)) as advance, Engine(work(job), job.options.devices) as engine:
        asked = _noted(requests(job), filled, job.geometry)
        for _ in islice(asked, len(spool)):
            advance(1)
        for (tile, keep), values in stitcher.tiles(engine.answers(stitcher.views(asked))):
            spool.append(np.where(keep, _scaled(values, job, tile), np.float32(np.nan)))
            advance(1)
    return filled


def work(job: Job) -> Work:
    """What the engine has to do with every window."""
    columns = np.array(job.columns)
    return Work(
        [model.module for model in job.models],
        columns,
        job.models[0].tracks.partners[columns],
        job.options.dtype,
        job.options.batch_size,
        job.options.compile,
    )


def requests(job: Job) -> Iterator[Request]:
    """Mark each tile's holes; a tile without a bin to keep is not predicted."""
    geometry, sizes = job.geometry, job.genome.sizes
    for tile in job.todo:
        start = tile.index * geometry.core_bp
        core = job.genome.tokens(tile.chrom, start, start + geometry.core_bp)
        starts = start + geometry.bin_bp * np.arange(geometry.core_bins)
        widths = np.clip(sizes[tile.chrom] - starts, 0, geometry.bin_bp)  # 0 past the chromosome's end
        unknown = bases_per_bin(core == UNKNOWN, geometry.bin_bp) - (geometry.bin_bp - widths)
        asked = job.wanted[tile.chrom][tile.bins(geometry)]
        keep = np.zeros(geometry.core_bins, dtype=np.bool_)
        keep[: len(asked)] = asked
        keep &= unknown <= job.options.max_n * widths
        if keep.any():
            yield Request(tile, keep)


def _noted(requests: Iterable[Request], filled: Filled, geometry: Geometry) -> Iterator[Request]:
    for request in requests:
        filled.kept.append(request.tile)
        on_chromosome = filled.predicted[request.tile.chrom][request.tile.bins(geometry)]
        on_chromosome[:] = request.keep[: len(on_chromosome)]
        yield request


def _scaled(values: Doubles, job: Job, tile: Tile) -> npt.NDArray[np.float32]:
    """(M, T, core_bins) on the models' scale -> (files, core_bins) on the scale asked for."""
    for model, answer in zip(job.models, values, strict=True):
        if not np.isfinite(answer).all():
            raise InputError(
                f"{model.name}: answers NaN or infinity for tile {tile.index} of {tile.chrom}. "
                "Its weights are damaged, or --dtype is too narrow for it; try --dtype float32"
            )
    if job.options.scale == "coverage":
        tables = [model.tracks.subset(job.columns) for model in job.models]
        values = np.stack([t.squash(job.geometry.bin_bp).invert(a.T).T for t, a in zip(tables, values, strict=True)])
    if len(values) == 1:
        return values[0].astype(np.float32)  # type: ignore[no-any-return]
    return np.concatenate([values.mean(axis=0), values.std(axis=0)], dtype=np.float32, casting="same_kind")
