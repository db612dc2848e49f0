"""genint predict: DNA in, one bigWig per track out."""

import json
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from genint.commands import options
from genint.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from genint.genome import Genome
    from genint.models.folder import Model
    from genint.regions import Row


def predict(
    genome: options.Genome,
    regions: Annotated[
        Path | None, typer.Argument(help="BED of regions, plain or gzipped; - for standard input.", show_default=False)
    ] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the bigWigs and tables.")] = Path("predictions"),
    model: options.Model = "genomic-interpreter-yeast",
    tracks: options.Tracks = [],  # noqa: B006  typer copies it
    region: Annotated[
        list[str],
        typer.Option(
            "--region",
            "-r",
            help="chrom:start-end, 1-based, both ends included, as in browsers. Repeatable.",
            show_default=False,
        ),
    ] = [],  # noqa: B006
    chroms: Annotated[
        str,
        typer.Option("--chroms", help="Whole chromosomes A,B; with REGIONS, only its rows there.", show_default=False),
    ] = "",
    whole_genome: Annotated[bool, typer.Option("--whole-genome", help="Predict every chromosome of GENOME.")] = False,
    aliases: options.Aliases = None,
    scale: Annotated[
        str,
        typer.Option(
            "--scale", help="coverage: mean per base in the units of the training bigWigs; model: the model's own."
        ),
    ] = "coverage",
    max_n: Annotated[
        float,
        typer.Option("--max-n", min=0, max=1, help="A bin with a larger share of N becomes a hole in the bigWig."),
    ] = 0.5,
    device: options.Device = "auto",
    dtype: options.Dtype = "auto",
    batch_size: options.Batch = 8,
    threads: options.Threads = 0,
    quiet: options.Quiet = False,
    json_output: options.Json = False,
) -> None:
    """Predict every track over REGIONS of GENOME and write one bigWig per track.

    Tiles and bins are anchored to the chromosome, so a bin's value does not depend on which regions were asked for.
    Beside the bigWigs: tracks.tsv (what each file is), regions.tsv (what became of each row), run.json (how it was
    made).

    Example: genint predict genome.fa regions.bed -o out --tracks 'ATAC|CAGE'
    """
    _check_usage(regions, region, chroms, whole_genome, scale)
    from genint.console import Console
    from genint.genome import Genome as OpenGenome
    from genint.regions import read_aliases

    console = Console(quiet=quiet)
    with OpenGenome(genome) as opened:
        table = read_aliases(aliases) if aliases else None
        rows = _rows(opened, regions, region, _split(chroms), whole_genome, table, console.say)
        from genint.devices import choose_device, choose_dtype, describe_device
        from genint.models.folder import load_model
        from genint.predict import Options
        from genint.predict import predict as run

        options.use_threads(threads)
        chosen = choose_device(device)
        loaded = load_model(model, chosen)
        columns = loaded.tracks.select(tracks) if tracks else None
        console.say(describe_device(chosen))
        _compare_assemblies(loaded, opened, console.say)
        report = run(
            opened,
            rows,
            loaded,
            out,
            columns=columns,
            options=Options(
                scale=scale, max_n=max_n, batch_size=batch_size, device=chosen, dtype=choose_dtype(dtype, chosen)
            ),
            console=console,
            command=shlex.join(["genint", *sys.argv[1:]]),
        )
    if json_output:
        print(json.dumps({"out": str(out), **report}, indent=1))
        return
    fates = ", ".join(f"{count} {status}" for status, count in report["regions"].items())
    console.say(f"{len(rows)} region(s): {fates}; {report['bins']:,} bins in {report['seconds']:.1f} s")
    for name in report["files"]:
        print(out / name)


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
