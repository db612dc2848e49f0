"""What to predict and how, as callers give it, and the job that it makes."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypedDict, cast

from genint.choices import Dtype, Scale, Statistic
from genint.console import Console
from genint.errors import InputError
from genint.genome.bed import BedRow, read_bed
from genint.genome.chromosome_names import WRITE_NAMES, Advice, reconcile, reconcile_rows
from genint.genome.dna_source import Chromosomes, DnaSource
from genint.genome.fasta import Genome
from genint.genome.region import Region, parse_region, split_region
from genint.genome.relatives import Relative
from genint.models.folder import Model, load_model
from genint.output.formats import FormatName
from genint.prediction.devices import choose_devices, choose_dtype, describe_device
from genint.prediction.job import Job, Options, prepare
from genint.prediction.windows import Augmentation

_ADVICE = Advice("Drop those regions, or write the names as they stand there", takes_aliases=False)

AnyModel = Model | Path | str  # a loaded model, a model folder, or the name of a bundled model
AnyGenome = DnaSource | Path | str  # an open genome, or a FASTA file
AnyRegions = Path | str | Iterable[Region | BedRow | str]  # a BED file, or regions, rows and text as chrI:1,001-2,000


class PredictSettings(TypedDict, total=False):
    """Keyword arguments that every predict function takes; each may be left out.

    `tracks`: identifiers, regular expressions over identifier and description, or @FILE; all tracks by default.
    `scale`: "coverage", the mean per base over the bin in the units of the training bigWigs, or "model", as learned.
    `max_n`: a bin with a larger fraction of N is masked, 0.5 by default; with 1, none is.
    `rc`: average over both strands. `shifts`: and with the DNA moved by so many bases against the bins, as (-1, 0, 1).
    `overlap`: fraction of a window that the next one repeats, averaged.
    `device`: auto, cpu, cuda, cuda:N, mps, or GPUs that share the work, cuda:0,1. `dtype`: auto, float32 or bfloat16.
    `threads`: windows that a CPU computes at the same time; 0, the default: one for each core the process may use.
    `batch_size`: windows that a GPU takes at once. `compile`: compile the model first.
    """

    tracks: str | Sequence[str]
    scale: Scale
    max_n: float
    rc: bool
    shifts: Sequence[int]
    overlap: float
    device: str
    dtype: Dtype
    threads: int
    batch_size: int
    compile: bool


class FolderSettings(PredictSettings, total=False):
    """Those, and what `predict_to_folder` takes besides on what is written.

    `format`: bigwig, the default, or bedgraph, a file per track; zarr, one of all. `summary`: mean, sum or max: also a
    table of a number per region and track, named `summary_file`, which ends in .tsv or .parquet. `blacklist`: bins
    that these touch are masked.
    """

    format: FormatName
    summary: Statistic
    summary_file: str
    blacklist: Sequence[Region]


def plan_job(
    genome: DnaSource,
    rows: Sequence[BedRow],
    models: AnyModel | Sequence[AnyModel],
    settings: PredictSettings | FolderSettings,
    *,
    relatives: Sequence[Relative] = (),
    console: Console | None = None,
) -> Job:
    """Load the models and find what there is to do.

    Rows have the genome's own chromosome names, see `find_rows`. Notes on the device, and on models of other genomes,
    go to the console. Raises InputError for whatever does not fit; ValueError for a word that is not among an option's.
    """
    console = console or Console(quiet=True)
    several = [models] if isinstance(models, Model | Path | str) else models
    loaded = [model if isinstance(model, Model) else load_model(model) for model in several]
    options = _choose_options(cast(FolderSettings, settings), relatives)
    console.say(describe_device(options.devices[0], options.dtype, options.threads))
    for model in loaded:
        compare_genomes(model, genome, console)
    tracks = settings.get("tracks")
    columns = loaded[0].tracks.select(tracks) if tracks is not None else None
    return prepare(genome, rows, loaded, columns=columns, options=options)


def _choose_options(settings: FolderSettings, relatives: Sequence[Relative]) -> Options:
    devices = choose_devices(settings.get("device", "auto"))
    augmentation = Augmentation(
        rc=settings.get("rc", False), shifts=tuple(settings.get("shifts", (0,))), overlap=settings.get("overlap", 0.0)
    )
    return Options(
        scale=settings.get("scale", "coverage"),
        max_n=settings.get("max_n", 0.5),
        augmentation=augmentation,
        relatives=relatives,
        batch_size=settings.get("batch_size", 8),
        devices=devices,
        threads=settings.get("threads", 0),
        dtype=choose_dtype(settings.get("dtype", "auto"), devices[0]),
        compile=settings.get("compile", False),
        format=settings.get("format", "bigwig"),
        summary=settings.get("summary"),
        summary_file=settings.get("summary_file", "summary.tsv"),
        blacklist=settings.get("blacklist", ()),
    )


def compare_genomes(model: Model, genome: DnaSource, console: Console) -> None:
    """A model predicts the genome it was trained on; on another it extrapolates, and the user should know."""
    same = not isinstance(genome, Genome) or model.assembly.digest == genome.assembly.digest
    if model.assembly.sizes and not same:  # imported models may not know theirs
        console.say(
            f"note: {model.name} was trained on {model.assembly.name}; {genome} is another genome or version, "
            "so predictions on it are an extrapolation"
        )


@contextmanager
def open_genome(genome: AnyGenome) -> Iterator[DnaSource]:
    """Open a FASTA file; a genome that is open already stays so at the end of the block."""
    if isinstance(genome, Path | str):
        with Genome(genome) as opened:
            yield opened
    else:
        yield genome


def find_rows(
    regions: AnyRegions | None, genome: Chromosomes, report: Callable[[str], None] | None = None
) -> list[BedRow]:
    """The rows of a BED, or a row for each region, in the genome's own chromosome names; None: whole chromosomes.

    Raises InputError as read_bed and reconcile do, and when there is no region. With `report`, rows on chromosomes
    that the genome does not have stay, and a note of them goes there (see `reconcile_rows`).
    """
    if regions is None:
        return [BedRow("whole genome", Region(chrom, 0, length), chrom) for chrom, length in genome.sizes.items()]
    if isinstance(regions, Path | str):
        rows, asked_by = list(read_bed(regions, genome.sizes)), str(regions)
    else:
        rows, asked_by = [_row(number, region, genome) for number, region in enumerate(regions, 1)], "`regions`"
    if not rows:
        raise InputError("`regions`: is empty. Expected a BED file, Regions, or text such as chrI:1,001-2,000")
    chroms = [row.region.chrom for row in rows]
    if report:
        names = reconcile_rows(
            chroms, genome.sizes, asked_by=asked_by, known_by=str(genome), advice=_ADVICE, report=report
        )
    else:
        names = reconcile(chroms, genome.sizes, asked_by=asked_by, known_by=str(genome), advice=_ADVICE)
    return [row if (name := names[row.region.chrom]) == row.region.chrom else _rename(row, name) for row in rows]


def find_region(region: Region | str, genome: DnaSource, parameter: str) -> Region:
    """A Region as it is; text in the genome's own chromosome names. InputError as parse_region and reconcile do."""
    if isinstance(region, Region):
        return region
    chrom, name = _find_chromosome(region, genome, parameter)
    return parse_region(region, {chrom: genome.sizes[name]}, parameter).rename(name)


def _find_chromosome(text: str, genome: Chromosomes, parameter: str) -> tuple[str, str]:
    """The chromosome of a region's text as it stands there, and as the genome has it."""
    chrom = split_region(text, genome.sizes, parameter)[0]
    asked_by = f"`{parameter}` {text}"
    names = reconcile([chrom], genome.sizes, asked_by=asked_by, known_by=str(genome), advice=WRITE_NAMES)
    return chrom, names[chrom]


def _rename(row: BedRow, chrom: str) -> BedRow:
    return row._replace(region=row.region.rename(chrom))


def _row(number: int, region: Region | BedRow | str, genome: Chromosomes) -> BedRow:
    if isinstance(region, BedRow):
        return region
    if isinstance(region, Region):
        return BedRow(f"region {number}", region, ".")
    chrom, name = _find_chromosome(region, genome, "regions")
    return BedRow(region, parse_region(region, {chrom: genome.sizes[name]}, "regions"), ".")
