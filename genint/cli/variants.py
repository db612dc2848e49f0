"""genint variants: what the variants of a VCF do to every track."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from genint.choices import Dtype as DtypeName
from genint.cli import options
from genint.cli.streams import print_json
from genint.models.bundled import DEFAULT_MODEL

if TYPE_CHECKING:
    from genint.interpretation.variants.run import VariantReport
    from genint.interpretation.variants.truth import Agreement

SCORES = "Scores"
Vcf = Annotated[Path, typer.Argument(help="VCF of variants, plain or gzipped.", show_default=False)]
Rc = Annotated[bool, typer.Option("--rc", help="Average over both strands. Twice the time.", rich_help_panel=SCORES)]
Width = Annotated[
    int | None,
    typer.Option(
        "--width",
        metavar="BP",
        min=1,
        help="Bases around each allele whose signal is summed.",
        show_default="2048, or a quarter of the model's tile",
        rich_help_panel=SCORES,
    ),
]
Genes = Annotated[
    Path | None,
    typer.Option(
        "--genes",
        metavar="BED",
        help="Also write scores.genes.tsv beside scores.tsv: logSED of every gene in a variant's window.",
        show_default=False,
        rich_help_panel=SCORES,
    ),
]
Background = Annotated[
    Path | None,
    typer.Option(
        "--background",
        metavar="VCF",
        help="Variants to rank each logSUM among: a column quantile, from -1 to 1, per track.",
        show_default=False,
        rich_help_panel=SCORES,
    ),
]
Truth = Annotated[
    Path | None,
    typer.Option(
        "--truth",
        metavar="TABLE",
        help="Measured effects (chrom, pos, ref, alt, effect, perhaps replicate): print how the scores fit them.",
        show_default=False,
        rich_help_panel=SCORES,
    ),
]
TracksOf = Annotated[
    str | None,
    typer.Option(
        "--tracks-of",
        metavar="ID",
        help="Write bigWigs around this variant, reference and alternative, to the folder OUT, and no scores. "
        "An ID of VCF, or CHROM:POS:REF:ALT.",
        show_default=False,
        rich_help_panel=options.OUTPUT,
    ),
]
Out = Annotated[
    Path,
    typer.Option(
        "--out",
        "-o",
        help="Table to write: .tsv, .parquet (needs pyarrow), or .vcf with the scores in INFO.",
        show_default=False,
        rich_help_panel=options.OUTPUT,
    ),
]
Dtype = Annotated[
    DtypeName,
    typer.Option(
        "--dtype",
        help="Numbers that the model computes in; bfloat16 rounds away most effects.",
        rich_help_panel=options.MACHINE,
    ),
]


def variants(
    genome: options.Genome,
    vcf: Vcf,
    out: Out,
    model: options.Model = DEFAULT_MODEL,
    tracks: options.Tracks = None,
    rc: Rc = False,
    width: Width = None,
    genes: Genes = None,
    background: Background = None,
    truth: Truth = None,
    tracks_of: TracksOf = None,
    aliases: options.Aliases = None,
    device: options.Device = "auto",
    dtype: Dtype = "float32",
    batch_size: options.Batch = 8,
    threads: options.Threads = 0,
    overwrite: options.Overwrite = False,
    quiet: options.Quiet = False,
    json_output: options.Json = False,
) -> None:
    """Predict what every variant of VCF does to every track: a row per ALT, with a status where it has no scores.

    The signal over bases around the allele is compared between reference and alternative: logSUM, SUM and, but for
    indels, SAX, D1 and D2; the head of the table has their formulas. REF is checked against GENOME, and alleles are
    never flipped: what does not match, or cannot be scored for another reason, has that in the column status. Sort VCF
    by position, so that neighbours share a pass of the reference. An interrupted run resumes when the same command is
    given again.

    Example: genint variants genome.fa variants.vcf.gz -o scores.tsv --rc --tracks 'ATAC|CAGE'
    """
    if tracks_of is not None and (genes or background or truth or width is not None or overwrite):
        raise typer.BadParameter(
            "writes no scores, and to a new folder; leave out --genes, --background, --truth, --width, --overwrite",
            param_hint="--tracks-of",
        )
    from genint.console import Console
    from genint.interpretation.variants.run import variants_to_file
    from genint.interpretation.variants.settings import VariantSettings
    from genint.interpretation.variants.tracks import variant_tracks

    console = Console(quiet=quiet)
    console.say(f"reading {genome} ...")
    settings: VariantSettings = {
        "rc": rc,
        "device": device,
        "dtype": dtype,
        "threads": options.count_threads(threads),
        "batch_size": batch_size,
    }
    if tracks:
        settings["tracks"] = tracks
    if width is not None:
        settings["width"] = width
    if genes:
        settings["genes"] = genes
    if aliases:
        settings["aliases"] = aliases
    if tracks_of is not None:
        files = variant_tracks(genome, vcf, tracks_of, model, out, console=console, **settings)
        return print_json({"files": [str(file) for file in files]}) if json_output else print(*files, sep="\n")
    report = variants_to_file(
        genome,
        vcf,
        model,
        out,
        background=background,
        truth=truth,
        overwrite=overwrite,
        console=console,
        **settings,
    )
    _print_report(report, quiet=quiet, as_json=json_output)


def _print_report(report: "VariantReport", *, quiet: bool, as_json: bool) -> None:
    from genint.console import Console

    if as_json:
        truth = report.truth and {
            "measured": report.truth.measured,
            "scored": report.truth.scored,
            "tracks": report.truth.to_records(),
        }
        files = [str(file) for file in report.files]
        found = {"files": files, "rows": report.rows, "statuses": report.statuses, "seconds": report.seconds}
        return print_json({**found, **({"truth": truth} if truth else {})})
    statuses = ", ".join(f"{count:,} {status}" for status, count in report.statuses.items())
    Console(quiet=quiet).say(f"{report.rows:,} row(s): {statuses or 'none'}; {report.seconds:.1f} s")
    for file in report.files:
        print(file)
    if report.truth is not None:
        _print_truth(report.truth)


def _print_truth(truth: "Agreement") -> None:
    import sys

    from rich.console import Console as RichConsole
    from rich.table import Table

    title = (
        f"{truth.scored:,} of {truth.measured:,} measured variants have scores; logSUM against effect, 95 % intervals"
    )
    table = Table(title=title, title_justify="left", box=None, header_style="bold", pad_edge=False)
    for number, name in enumerate(("track", "n", *truth.statistics)):
        table.add_column(name, justify="right" if number else "left", no_wrap=True)
    for row in truth.to_records():
        figures = [_figure(row, name) for name in truth.statistics]
        table.add_row(str(row["track"]), f"{row['n']:,}", *figures)
    width = None if sys.stdout.isatty() else 1_000
    RichConsole(file=sys.stdout, width=width, markup=False, emoji=False).print(table)


def _figure(row: "dict[str, str | float | None]", name: str) -> str:
    value, low, high = (row[key] for key in (name, f"{name}_low", f"{name}_high"))
    return "-" if value is None else f"{value:+.3f} [{low:+.3f}, {high:+.3f}]"
