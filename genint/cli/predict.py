"""genint predict: DNA in, one bigWig per track out."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from genint.cli import options
from genint.cli.region_options import Places
from genint.models.bundled import DEFAULT_MODEL

if TYPE_CHECKING:
    from collections.abc import Callable

    from genint.console import Console
    from genint.genome.bed import BedRow
    from genint.genome.fasta import Genome
    from genint.models.folder import Model
    from genint.output.report import RunReport
    from genint.prediction.job import Job, Options


Regions = Annotated[
    Path | None, typer.Argument(help="BED of regions, plain or gzipped; - for standard input.", show_default=False)
]
Out = Annotated[Path, typer.Option("--out", "-o", help="Folder for the bigWigs and tables.")]
Region = Annotated[
    list[str],
    typer.Option(
        "--region",
        "-r",
        help="chrom:start-end, 1-based, both ends included, as in browsers. Repeatable.",
        show_default=False,
    ),
]
Chroms = Annotated[
    str, typer.Option("--chroms", help="Whole chromosomes A,B; with REGIONS, only its rows there.", show_default=False)
]
WholeGenome = Annotated[bool, typer.Option("--whole-genome", help="Predict every chromosome of GENOME.")]
Scale = Annotated[
    str,
    typer.Option(
        "--scale", help="coverage: mean per base in the units of the training bigWigs; model: the model's own."
    ),
]
Blacklist = Annotated[
    list[Path],
    typer.Option("--blacklist", help="BED of regions whose bins become holes. Repeatable.", show_default=False),
]
NPolicy = Annotated[
    str,
    typer.Option("--n-policy", help="mask: bins with more than --max-n of N become holes; zero: they are predicted."),
]
MaxN = Annotated[
    float | None,
    typer.Option("--max-n", min=0, max=1, help="A bin with a larger share of N becomes a hole.", show_default="0.5"),
]
Rc = Annotated[bool, typer.Option("--rc", help="Read both strands and average. Twice the time.")]
Shifts = Annotated[
    str, typer.Option("--shifts", help="Move the DNA by so many bases against the bins, as -1,0,1, and average.")
]
Overlap = Annotated[
    float,
    typer.Option(
        "--overlap", min=0, max=0.999, help="Share of a window that the next one repeats; averaged, middles first."
    ),
]
Ensemble = Annotated[
    list[str],
    typer.Option(
        "--ensemble", help="One more model, for the mean and the spread over all. Repeatable.", show_default=False
    ),
]
Format = Annotated[
    str,
    typer.Option("--format", help="bigwig or bedgraph: a file per track; zarr: one file of arrays (bins, tracks)."),
]
Summary = Annotated[
    str | None,
    typer.Option(
        "--summary",
        help="mean, sum or max: a table, too, of a row per region and a column per track.",
        show_default=False,
    ),
]
SummaryFormat = Annotated[
    str | None, typer.Option("--summary-format", help="tsv or parquet (needs pyarrow).", show_default="tsv")
]
Device = Annotated[
    str, typer.Option("--device", help="auto, cpu, cuda, cuda:N, mps, or GPUs that share the work: cuda:0,1.")
]
Compile = Annotated[bool, typer.Option("--compile", help="Compile the model first: minutes that long runs win back.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what it would take, and write nothing.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Start anew, whatever run the folder holds.")]
Resume = Annotated[bool, typer.Option("--resume", help="Only go on with a run that was cut short.")]


def predict(
    genome: options.Genome,
    regions: Regions = None,
    out: Out = Path("predictions"),
    model: options.Model = DEFAULT_MODEL,
    tracks: options.Tracks = [],  # noqa: B006  typer copies it
    region: Region = [],  # noqa: B006
    chroms: Chroms = "",
    whole_genome: WholeGenome = False,
    aliases: options.Aliases = None,
    blacklist: Blacklist = [],  # noqa: B006
    scale: Scale = "coverage",
    n_policy: NPolicy = "mask",
    max_n: MaxN = None,
    rc: Rc = False,
    shifts: Shifts = "0",
    overlap: Overlap = 0.0,
    ensemble: Ensemble = [],  # noqa: B006
    format: Format = "bigwig",
    summary: Summary = None,
    summary_format: SummaryFormat = None,
    device: Device = "auto",
    dtype: options.Dtype = "auto",
    batch_size: options.Batch = 8,
    threads: options.Threads = 0,
    compile: Compile = False,
    dry_run: DryRun = False,
    overwrite: Overwrite = False,
    resume: Resume = False,
    quiet: options.Quiet = False,
    json_output: options.Json = False,
) -> None:
    """Predict every track over REGIONS of GENOME and write one bigWig per track.

    Tiles and bins are anchored to the chromosome, so a bin's value does not depend on which regions were asked for.
    Beside the bigWigs: tracks.tsv (what each file is), regions.tsv (what became of each row), run.json (how it was
    made). A run that was cut short goes on when the same command is given again.

    Example: genint predict genome.fa regions.bed -o out --tracks 'ATAC|CAGE'
    """
    places = Places(regions, region, chroms, whole_genome, aliases, blacklist)
    _check_one_of("--scale", scale, "coverage", "model")
    _check_one_of("--format", format, "bigwig", "bedgraph", "zarr")
    augmentation: dict[str, Any] = {"rc": rc, "shifts": _shifts(shifts), "overlap": overlap}
    most_n, table_format = _max_n(n_policy, max_n), _summary_format(summary, summary_format)
    if overwrite and resume:
        raise typer.BadParameter("cannot go with --resume", param_hint="--overwrite")
    from genint.console import Console
    from genint.genome.fasta import Genome as OpenGenome

    console = Console(quiet=quiet)
    with OpenGenome(genome) as opened:
        rows, holes = places.rows(opened, console.say), places.blacklist(opened, console.say)
        from genint.prediction.devices import choose_devices, choose_dtype
        from genint.prediction.job import Options
        from genint.prediction.to_folder import predict_job as run
        from genint.prediction.windows import Augmentation

        devices = choose_devices(device)
        how = Options(
            scale=scale,
            max_n=most_n,
            blacklist=holes,
            augmentation=Augmentation(**augmentation),
            batch_size=batch_size,
            devices=devices,
            threads=options.count_threads(threads),
            dtype=choose_dtype(dtype, devices[0]),
            compile=compile,
            format=format,
            summary=cast(Any, summary),
            summary_file=f"summary.{table_format}",
        )
        job = _job(opened, rows, [model, *ensemble], tracks, how, console)
        if dry_run:
            return _forecast(job, json_output)
        report = run(job, out, overwrite=overwrite, resume=resume, console=console)
    _tell(report, out, len(rows), console, json_output)


def _forecast(job: "Job", as_json: bool) -> None:
    from dataclasses import asdict

    from rich.console import Console as RichConsole
    from rich.table import Table

    from genint.prediction.dry_run import estimate

    found = estimate(job)
    if as_json:
        print(json.dumps(asdict(found), indent=1))
        return
    table = Table("what", "about", show_header=False)
    table.columns[1].justify = "right"
    for line in found.lines():
        table.add_row(*line)
    RichConsole().print(table)


def _job(
    genome: "Genome", rows: "list[BedRow]", names: list[str], tracks: list[str], how: "Options", console: "Console"
) -> "Job":
    from genint.models.folder import load_model
    from genint.prediction.devices import describe_device
    from genint.prediction.job import prepare

    models = [load_model(name) for name in names]
    console.say(describe_device(how.devices[0], how.threads))
    for model in models:
        _compare_assemblies(model, genome, console.say)
    columns = models[0].tracks.select(tracks) if tracks else None
    return prepare(genome, rows, models, columns=columns, options=how)


def _tell(report: "RunReport", out: Path, n_rows: int, console: "Console", as_json: bool) -> None:
    if as_json:
        print(json.dumps({"out": str(out), **report}, indent=1))
        return
    fates = ", ".join(f"{count} {status}" for status, count in report["regions"].items())
    console.say(f"{n_rows} region(s): {fates}; {report['bins']:,} bins in {report['seconds']:.1f} s")
    for name in report["files"]:
        print(out / name)


def _shifts(text: str) -> tuple[int, ...]:
    try:
        shifts = tuple(int(word) for word in text.split(","))
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is not a list of whole numbers such as -1,0,1", param_hint="--shifts"
        ) from None
    if len(set(shifts)) < len(shifts):
        raise typer.BadParameter(f"{text!r} names a shift twice", param_hint="--shifts")
    return shifts


def _max_n(policy: str, most: float | None) -> float:
    """The share of N that a bin may have. To predict every bin whatever its N is to allow all of it."""
    _check_one_of("--n-policy", policy, "mask", "zero")
    if policy == "zero" and most is not None:
        raise typer.BadParameter("zero predicts bins of any N; leave out --max-n", param_hint="--n-policy")
    return 1.0 if policy == "zero" else 0.5 if most is None else most


def _summary_format(statistic: str | None, file_format: str | None) -> str:
    if statistic is None and file_format is not None:
        raise typer.BadParameter("says how to write a table; give --summary, too", param_hint="--summary-format")
    if statistic is not None:
        _check_one_of("--summary", statistic, "mean", "sum", "max")
    _check_one_of("--summary-format", file_format or "tsv", "tsv", "parquet")
    return file_format or "tsv"


def _check_one_of(option: str, value: str, *choices: str) -> None:
    if value not in choices:
        raise typer.BadParameter(f"{value!r} is not one of {', '.join(choices)}", param_hint=option)


def _compare_assemblies(model: "Model", genome: "Genome", say: "Callable[[str], None]") -> None:
    """A model answers for the genome it learned from; on another it guesses, and the user should know."""
    if model.assembly.sizes and model.assembly.digest != genome.assembly.digest:  # imported models may not know theirs
        say(
            f"note: {model.name} was trained on {model.assembly.name}; {genome.path.name} is another genome "
            "or version, so predictions on it are an extrapolation"
        )
