"""What there is to predict and how: options, and the job that follows from them, before any work is done."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any, get_args

import torch

from genint.choices import Scale, Statistic
from genint.errors import InputError
from genint.genome.bed import BedRow
from genint.genome.dna_source import DnaSource
from genint.genome.grid import BinMask, Geometry, Tile, requested_bins, tiles
from genint.genome.region import Region
from genint.genome.relatives import Relative
from genint.models.folder import Model
from genint.output.formats import FORMATS
from genint.output.report import RUN_FILE
from genint.prediction.region_status import ClippedRow, clip_to_chromosome
from genint.prediction.region_summary import STATISTICS, check_summary_file
from genint.prediction.windows import Augmentation
from genint.tracks.table import TrackTable

SCALES = get_args(Scale)


@dataclass(frozen=True, kw_only=True)
class Options:
    """What changes a prediction besides genome, regions and models, and where it is computed.

    `scale`: `coverage`, the mean per base over the bin in the units of the training bigWigs, or `model`, the model's
    own. `relatives`: genomes that are read, too, see windows.Stitcher; masks are those of the genome itself. `max_n`: a
    bin with a larger fraction of N than this is masked; with 1, none is, and the model reads N as a column of zeros.
    `blacklist`: bins that these touch are masked. `batch_size`: windows that a GPU takes at once. `devices`: one, or
    several GPUs that share the work. `threads`: windows that a CPU computes at the same time, 0 for the cores that the
    process may use, see inference.Engine. `compile`: with torch.compile. `format`: one of output.formats.FORMATS.
    `summary`: `mean`, `sum` or `max`, also a table of the requested regions; `summary_file` is its name in the output
    folder and ends in .tsv or .parquet.
    ValueError for a scale, format or summary that is none of these.
    """

    scale: str = "coverage"
    max_n: float = 0.5
    blacklist: Sequence[Region] = ()
    augmentation: Augmentation = field(default_factory=Augmentation)
    relatives: Sequence[Relative] = ()
    batch_size: int = 8
    devices: tuple[torch.device, ...] = (torch.device("cpu"),)
    threads: int = 0
    dtype: torch.dtype = torch.float32
    compile: bool = False
    format: str = "bigwig"
    summary: Statistic | None = None
    summary_file: str = "summary.tsv"

    def __post_init__(self) -> None:
        for name, choices in (
            ("scale", SCALES),
            ("format", tuple(FORMATS)),
            ("summary", (None, *STATISTICS)),
        ):
            if getattr(self, name) not in choices:
                raise ValueError(f"{name}={getattr(self, name)!r} is not one of {', '.join(map(str, choices))}")

    def plan(self) -> dict[str, Any]:
        """What decides the values: how many devices there are does not, their kind does."""
        device = self.devices[0].type
        return {
            "scale": self.scale,
            "max_n": self.max_n,
            "blacklist": _digest(sorted(set(self.blacklist))) if self.blacklist else None,
            **vars(self.augmentation),
            "relatives": [relative.identity() for relative in self.relatives],
            "device": device,
            "dtype": str(self.dtype).removeprefix("torch."),
            "batch_size": "any" if device == "cpu" else self.batch_size,
            "compile": self.compile,
            "format": self.format,
            "summary": self.summary and f"{self.summary} in {self.summary_file}",
        }


@dataclass(frozen=True)
class Job:
    """All that is known before the work begins."""

    genome: DnaSource
    clipped: Sequence[ClippedRow]  # every requested row
    models: Sequence[Model]
    columns: Sequence[int]  # of the models' outputs
    options: Options
    requested: Mapping[str, BinMask]  # per chromosome, in the genome's order; blacklisted bins are not
    blacklisted: Mapping[str, BinMask]  # per chromosome that has such bins
    todo: Sequence[Tile]  # those with a requested bin

    @property
    def geometry(self) -> Geometry:
        return self.models[0].geometry

    @property
    def tracks(self) -> TrackTable:
        return self.models[0].tracks.subset(self.columns)

    @property
    def files(self) -> list[str]:
        """The names of the files that hold the predictions."""
        with_sd = len(self.models) > 1
        return [name for name, _ in FORMATS[self.options.format].files(self.tracks, with_sd=with_sd)]

    @property
    def values_per_bin(self) -> int:
        """One per track; of several models, then one per track with their standard deviation."""
        return len(self.tracks) * (2 if len(self.models) > 1 else 1)

    @property
    def tables(self) -> list[str]:
        """The names of the tables beside these files."""
        return ["tracks.tsv", "regions.tsv", *([self.options.summary_file] if self.options.summary else [])]

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
            "regions": _digest(row for row, _ in self.clipped),
            "options": self.options.plan(),
            "versions": {name: version(name) for name in ("genint", "torch")},
        }


def prepare(
    genome: DnaSource,
    rows: Sequence[BedRow],
    models: Sequence[Model],
    *,
    columns: Sequence[int] | None = None,
    options: Options | None = None,
) -> Job:
    """Find what there is to do. Row chromosomes must be the genome's own names (see chromosome_names.reconcile).

    `columns` picks tracks, default all. Raises InputError when no row touches the genome, for models that cannot be
    averaged, for an augmentation that the model's windows do not allow, for a summary file that cannot be written, and
    for chromosomes whose names the format cannot hold.
    """
    first, options = models[0], options or Options()
    for model in models[1:]:
        _check_alike(first, model, options)
    options.augmentation.stride(first.geometry)
    clipped = [clip_to_chromosome(row, genome.sizes) for row in rows]
    requested = requested_bins((region for _, region in clipped if region), genome.sizes, first.geometry.bin_bp)
    if not requested:
        raise InputError(
            f"{genome}: none of the {len(rows)} region(s) lies on it; they are empty or start past the ends of their "
            "chromosomes"
        )
    FORMATS[options.format].load_writer().check_chroms(requested)
    masked = (clip_to_chromosome(BedRow("", region, ""), genome.sizes).region for region in options.blacklist)
    blacklisted = requested_bins(filter(None, masked), genome.sizes, first.geometry.bin_bp)
    for chrom in requested.keys() & blacklisted.keys():
        requested[chrom] &= ~blacklisted[chrom]
    columns = range(len(first.tracks)) if columns is None else columns
    todo = list(tiles(requested, first.geometry))
    job = Job(genome, clipped, models, columns, options, requested, blacklisted, todo)
    if options.summary:
        check_summary_file(options.summary_file, [*job.files, "tracks.tsv", "regions.tsv", RUN_FILE])
    return job


def _digest(items: Iterable[object]) -> str:
    """sha256 of the items' text, a line each."""
    return hashlib.sha256("".join(f"{item}\n" for item in items).encode()).hexdigest()


def _check_alike(first: Model, other: Model, options: Options) -> None:
    """Their predictions can be averaged: same bins and tracks and, where the options need them, strands and scales."""
    if other.geometry != first.geometry:
        raise InputError(f"{other.name}: its windows and bins are not those of {first.name}: {other.geometry}")
    ours, theirs = ([track.identifier for track in model.tracks] for model in (first, other))
    if ours != theirs:
        raise InputError(f"{other.name}: its {len(theirs)} tracks are not the {len(ours)} of {first.name}")
    strands = ("strand_pair",) if options.augmentation.rc else ()
    scales = ("sum_stat", "scale", "clip", "clip_soft", "transform") if options.scale == "model" else ()
    for one, two in zip(first.tracks, other.tracks, strict=True):
        for column in (*strands, *scales):
            if (ours := getattr(one, column)) != (theirs := getattr(two, column)):
                raise InputError(
                    f"{other.name}: {column} of its track {two.identifier} is {theirs}, not {ours} as in {first.name}. "
                    + ("Set `scale` to coverage" if column in scales else "Choose models of the same track table")
                )


def disk_bytes(job: Job) -> tuple[int, int]:
    """About what the spool takes until the run ends, and what the results take."""
    bins = sum(int(mask.sum()) for mask in job.requested.values())
    cells = len(job.clipped) * len(job.tracks) if job.options.summary else 0
    spool = 4 * len(job.todo) * job.geometry.core_bins * job.values_per_bin
    return spool, bins * job.values_per_bin * FORMATS[job.options.format].bytes_per_value + 12 * cells
