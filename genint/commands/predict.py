"""genint predict: DNA in, one bigWig per track out."""

import json
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from genint.commands import options
from genint.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from genint.console import Console
    from genint.genome import Genome
    from genint.models.folder import Model
    from genint.regions import Row


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
MaxN = Annotated[
    float, typer.Option("--max-n", min=0, max=1, help="A bin with a larger share of N becomes a hole in the bigWig.")
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
Workers = Annotated[int, typer.Option("--workers", "-w", min=1, help="Processes that share the work on CPUs.")]
Compile = Annotated[bool, typer.Option("--compile", help="Compile the model first: minutes that long runs win back.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Start anew, whatever run the folder holds.")]
Resume = Annotated[bool, typer.Option("--resume", help="Only go on with a run that was cut short.")]


def predict(
    genome: options.Genome,
    regions: Regions = None,
    out: Out = Path("predictions"),
    model: options.Model = "genomic-interpreter-yeast",
    tracks: options.Tracks = [],  # noqa: B006  typer copies it
    region: Region = [],  # noqa: B006
    chroms: Chroms = "",
    whole_genome: WholeGenome = False,
    aliases: options.Aliases = None,
    scale: Scale = "coverage",
    max_n: MaxN = 0.5,
    rc: Rc = False,
    shifts: Shifts = "0",
    overlap: Overlap = 0.0,
    ensemble: Ensemble = [],  # noqa: B006
    device: options.Device = "auto",
    dtype: options.Dtype = "auto",
    batch_size: options.Batch = 8,
    threads: options.Threads = 0,
    workers: Workers = 1,
    compile: Compile = False,
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
    _check_usage(regions, region, chroms, whole_genome, scale)
    moved = _shifts(shifts)
    if overwrite and resume:
        raise typer.BadParameter("cannot go with --resume", param_hint="--overwrite")
    from genint.console import Console
    from genint.genome import Genome as OpenGenome
    from genint.regions import read_aliases

    console = Console(quiet=quiet)
    with OpenGenome(genome) as opened:
        table = read_aliases(aliases) if aliases else None
        rows = _rows(opened, regions, region, _split(chroms), whole_genome, table, console.say)
        from genint.devices import choose_devices, choose_dtype, describe_device
        from genint.models.folder import load_model
        from genint.predict import Options, prepare
        from genint.predict import predict as run
        from genint.views import Views

        options.use_threads(threads)
        devices = choose_devices(device, workers)
        models = [load_model(name) for name in (model, *ensemble)]
        console.say(describe_device(devices[0]))
        for loaded in models:
            _compare_assemblies(loaded, opened, console.say)
        job = prepare(
            opened,
            rows,
            models,
            columns=models[0].tracks.select(tracks) if tracks else None,
            options=Options(
                scale=scale,
                max_n=max_n,
                views=Views(rc=rc, shifts=moved, overlap=overlap),
                batch_size=batch_size,
                devices=devices,
                dtype=choose_dtype(dtype, devices[0]),
                compile=compile,
            ),
        )
        command = shlex.join(["genint", *sys.argv[1:]])
        report = run(job, out, overwrite=overwrite, resume=resume, console=console, command=command)
    _tell(report, out, len(rows), console, json_output)


def _tell(report: dict[str, Any], out: Path, n_rows: int, console: "Console", as_json: bool) -> None:
    if as_json:
        print(json.dumps({"out": str(out), **report}, indent=1))
        return
    fates = ", ".join(f"{count} {status}" for status, count in report["regions"].items())
    console.say(f"{n_rows} region(s): {fates}; {report['bins']:,} bins in {report['seconds']:.1f} s")
    for name in report["files"]:
        print(out / name)


def _shifts(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(word) for word in text.split(","))
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is not a list of whole numbers such as -1,0,1", param_hint="--shifts"
        ) from None


def _check_usage(regions: Path | None, region: list[str], chroms: str, whole_genome: bool, scale: str) -> None:
    if not (regions or region or chroms or whole_genome):
        raise typer.BadParameter("give a BED file, --region, --chroms or --whole-genome", param_hint="REGIONS")
    if whole_genome and (regions or region or chroms):
        raise typer.BadParameter("is everything; leave out REGIONS, --region and --chroms", param_hint="--whole-genome")
    if chroms and not _split(chroms):
        raise typer.BadParameter(f"{chroms!r} names no chromosome", param_hint="--chroms")
    if scale not in ("coverage", "model"):
        raise typer.BadParameter(f"{scale!r} is neither coverage nor model", param_hint="--scale")


def _split(chroms: str) -> list[str]:
    return [name.strip() for name in chroms.split(",") if name.strip()]


def _rows(
    genome: "Genome",
    bed: Path | None,
    texts: list[str],
    chroms: list[str],
    whole_genome: bool,
    aliases: list[list[str]] | None,
    say: "Callable[[str], None]",
) -> "list[Row]":
    """What the user asked for, in the genome's own chromosome names."""
    from genint.regions import Region, Row, parse_region, read_bed, reconcile, split_region

    def ours(names: list[str], asked_by: str) -> dict[str, str]:
        return reconcile(names, genome.sizes, asked_by=asked_by, known_by=str(genome.path), aliases=aliases)

    rows = read_bed(bed) if bed else []
    names = ours([row.region.chrom for row in rows], str(bed))
    rows = [Row(s, Region(names[r.chrom], r.start, r.end), name) for s, r, name in rows]
    wanted = list(dict.fromkeys(genome.sizes if whole_genome else ours(chroms, "--chroms").values()))
    if not bed:
        source = "--whole-genome" if whole_genome else "--chroms"
        rows = [Row(source, Region(chrom, 0, genome.sizes[chrom]), chrom) for chrom in wanted]
    elif chroms:
        kept = [row for row in rows if row.region.chrom in wanted]
        if not kept:
            raise InputError(f"--chroms {','.join(chroms)}: no row of {bed} lies there. Leave out --chroms, or {bed}")
        say(f"{len(rows) - len(kept):,} of {len(rows):,} row(s) of {bed} are left out by --chroms")
        rows = kept
    for text in texts:
        chrom = ours([split_region(text, genome.sizes)[0]], f"--region {text}")
        found = parse_region(text, {theirs: genome.sizes[name] for theirs, name in chrom.items()})
        rows.append(Row(f"--region {text}", Region(chrom[found.chrom], found.start, found.end), "."))
    return rows


def _compare_assemblies(model: "Model", genome: "Genome", say: "Callable[[str], None]") -> None:
    """A model answers for the genome it learned from; on another it guesses, and the user should know."""
    if model.assembly.sizes and model.assembly.digest != genome.assembly.digest:  # imported models may not know theirs
        say(
            f"note: {model.name} was trained on {model.assembly.name}; {genome.path.name} is another genome "
            "or version, so predictions on it are an extrapolation"
        )
