"""genint predict: DNA in, one bigWig per track out."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from genint import choices
from genint.cli import hub, options
from genint.cli.region_options import RegionOptions
from genint.cli.streams import print_json
from genint.models.bundled import DEFAULT_MODEL
from genint.output.formats import FormatName

if TYPE_CHECKING:
    from genint.console import Console
    from genint.output.report import RunReport
    from genint.prediction.job import Job


Regions = Annotated[
    Path | None, typer.Argument(help="BED of regions, plain or gzipped; - for standard input.", show_default=False)
]
Region = Annotated[
    list[str] | None,
    typer.Option(
        "--region",
        "-r",
        metavar="CHROM:START-END",
        help="chrom:start-end, 1-based, both ends included, as in browsers. Repeatable.",
        show_default=False,
        rich_help_panel=options.WHERE,
    ),
]
Chroms = Annotated[
    str,
    typer.Option(
        "--chroms",
        metavar="A,B",
        help="Whole chromosomes A,B; with REGIONS, only its rows there.",
        show_default=False,
        rich_help_panel=options.WHERE,
    ),
]
WholeGenome = Annotated[
    bool, typer.Option("--whole-genome", help="Every chromosome of GENOME.", rich_help_panel=options.WHERE)
]
Blacklist = Annotated[
    list[Path] | None,
    typer.Option(
        "--blacklist",
        metavar="BED",
        help="BED of regions whose bins are masked. Repeatable.",
        show_default=False,
        rich_help_panel=options.WHERE,
    ),
]
MaxN = Annotated[
    float,
    typer.Option(
        "--max-n",
        min=0,
        max=1,
        help="Mask bins with a larger fraction of N; 1: predict them all.",
        rich_help_panel=options.WHERE,
    ),
]
Ensemble = Annotated[
    list[str] | None,
    typer.Option(
        "--ensemble",
        metavar="MODEL",
        help="One more model: predict the mean and the standard deviation over all. Repeatable.",
        show_default=False,
        rich_help_panel=options.AVERAGING,
    ),
]
Rc = Annotated[
    bool,
    typer.Option("--rc", help="Average over both strands. Twice the time.", rich_help_panel=options.AVERAGING),
]
Shifts = Annotated[
    str,
    typer.Option(
        "--shifts",
        metavar="A,B",
        help="Average over shifts of the DNA against the bins, in bases: -1,0,1.",
        rich_help_panel=options.AVERAGING,
    ),
]
Overlap = Annotated[
    float,
    typer.Option(
        "--overlap",
        min=0,
        max=0.999,
        help="Fraction of a window that the next one overlaps; averaged, centres weighted most.",
        rich_help_panel=options.AVERAGING,
    ),
]
Relatives = Annotated[Path | None, options.relatives(options.AVERAGING)]
Out = Annotated[
    Path, typer.Option("--out", "-o", help="Folder for the bigWigs and tables.", rich_help_panel=options.OUTPUT)
]
Scale = Annotated[
    choices.Scale,
    typer.Option(
        "--scale",
        help="coverage: mean per base in the units of the training bigWigs; model: the model's own scale.",
        rich_help_panel=options.OUTPUT,
    ),
]
Format = Annotated[
    FormatName,
    typer.Option(
        "--format",
        help="bigwig, bedgraph: a file per track; zarr: one file of arrays (bins, tracks).",
        rich_help_panel=options.OUTPUT,
    ),
]
SummaryFile = Annotated[
    str | None,
    typer.Option(
        "--summary",
        metavar="FILE",
        help="Also write a table to OUT/FILE, a row per region, a column per track: .tsv, or .parquet (needs pyarrow).",
        show_default=False,
        rich_help_panel=options.OUTPUT,
    ),
]
Summary = Annotated[
    choices.Statistic | None,
    typer.Option(
        "--summary-statistic",
        help="What of a region's bases that table holds.",
        show_default="mean",
        rich_help_panel=options.OUTPUT,
    ),
]
Compile = Annotated[
    bool,
    typer.Option(
        "--compile",
        help="Compile the model first: takes minutes, pays off in long runs.",
        rich_help_panel=options.MACHINE,
    ),
]
DryRun = Annotated[
    bool,
    typer.Option("--dry-run", help="Report what the run would take, and write nothing.", rich_help_panel=options.RUN),
]
Resume = Annotated[
    bool,
    typer.Option(
        "--resume", help="Only resume: refuse a folder without an interrupted run.", rich_help_panel=options.RUN
    ),
]


def predict(
    genome: options.Genome,
    regions: Regions = None,
    region: Region = None,
    chroms: Chroms = "",
    whole_genome: WholeGenome = False,
    blacklist: Blacklist = None,
    max_n: MaxN = 0.5,
    aliases: options.Aliases = None,
    model: options.Model = DEFAULT_MODEL,
    tracks: options.Tracks = None,
    ensemble: Ensemble = None,
    rc: Rc = False,
    shifts: Shifts = "0",
    overlap: Overlap = 0.0,
    relatives: Relatives = None,
    out: Out = Path("predictions"),
    scale: Scale = "coverage",
    format: Format = "bigwig",
    with_hub: hub.WithHub = False,
    summary_file: SummaryFile = None,
    summary: Summary = None,
    device: options.Device = "auto",
    dtype: options.Dtype = "auto",
    batch_size: options.Batch = 8,
    threads: options.Threads = 0,
    compile: Compile = False,
    dry_run: DryRun = False,
    resume: Resume = False,
    overwrite: options.Overwrite = False,
    quiet: options.Quiet = False,
    json_output: options.Json = False,
) -> None:
    """Predict every track over REGIONS of GENOME and write one bigWig per track.

    Tiles and bins are anchored to the chromosome, so a bin's value does not depend on which regions were requested.
    Beside the bigWigs: tracks.tsv (what each file is), regions.tsv (the status of each row), run.json (how it was
    made). A run that was interrupted resumes when the same command is given again.

    Example: genint predict genome.fa regions.bed -o out --tracks 'ATAC|CAGE'
    """
    places = RegionOptions(regions, region or [], chroms, whole_genome, aliases, blacklist or [])
    moved = _shifts(shifts)
    if summary and not summary_file:
        raise typer.BadParameter("is of a table; give --summary FILE, too", param_hint="--summary-statistic")
    if overwrite and resume:
        raise typer.BadParameter("cannot go with --resume", param_hint="--overwrite")
    if with_hub and format != "bigwig":
        raise typer.BadParameter("is of bigWigs; leave out --format", param_hint="--hub")
    from genint.console import Console

    console = Console(quiet=quiet)
    console.say(f"reading {genome} ...")
    from genint.genome.fasta import Genome as OpenGenome

    with OpenGenome(genome, console) as opened:
        rows, masked = places.rows(opened, console.say), places.blacklist(opened, console.say)
        from genint.prediction.settings import FolderSettings, plan_job
        from genint.prediction.to_folder import predict_to_folder

        settings: FolderSettings = {
            "scale": scale,
            "max_n": max_n,
            "rc": rc,
            "shifts": moved,
            "overlap": overlap,
            "device": device,
            "dtype": dtype,
            "threads": options.count_threads(threads),
            "batch_size": batch_size,
            "compile": compile,
            "format": format,
            "blacklist": masked,
        }
        if tracks:
            settings["tracks"] = tracks
        if summary_file:
            settings |= {"summary": summary or "mean", "summary_file": summary_file}
        models = [model, *(ensemble or [])]
        if dry_run:
            from genint.genome.relatives import open_relatives

            with open_relatives(relatives, opened) as related:
                job = plan_job(opened, rows, models, settings, relatives=related, console=console)
                return _print_estimate(job, json_output)
        report = predict_to_folder(
            opened,
            rows,
            models,
            out,
            overwrite=overwrite,
            resume=resume,
            relatives=relatives,
            console=console,
            **settings,
        )
        browser_files = hub.make_hub_beside(out, opened, console) if with_hub else []
    _print_report(report, out, len(rows), console, json_output)
    for file in browser_files if not json_output else []:
        print(file)


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


def _print_estimate(job: "Job", as_json: bool) -> None:
    from dataclasses import asdict

    from rich.console import Console as RichConsole
    from rich.table import Table

    from genint.prediction.dry_run import estimate

    found = estimate(job)
    if as_json:
        print_json(asdict(found))
        return
    table = Table("what", "about", show_header=False)
    table.columns[1].justify = "right"
    for line in found.lines():
        table.add_row(*line)
    RichConsole().print(table)


def _print_report(report: "RunReport", out: Path, n_rows: int, console: "Console", as_json: bool) -> None:
    if as_json:
        print_json({"out": str(out), **report})
        return
    statuses = ", ".join(f"{count} {status}" for status, count in report["regions"].items())
    console.say(f"{n_rows} region(s): {statuses}; {report['bins']:,} bins in {report['seconds']:.1f} s")
    for name in report["files"]:
        print(out / name)
