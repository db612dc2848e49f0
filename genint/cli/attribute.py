"""genint attribute: what every base adds to a prediction."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from genint import choices
from genint.cli import options

if TYPE_CHECKING:
    from genint.interpretation.attribution.attribution import Attribution
    from genint.interpretation.attribution.regions import AttributeSettings

EXPLAIN = "Explanation"

Regions = Annotated[
    str,
    typer.Argument(
        help="BED of the regions whose bases are scored, - for standard input; or one as chrom:start-end, 1-based.",
        show_default=False,
    ),
]
Out = Annotated[
    Path, typer.Option("--out", "-o", help="Folder to write.", show_default=False, rich_help_panel=options.OUTPUT)
]
Target = Annotated[
    str | None,
    typer.Option(
        "--target",
        metavar="CHROM:START-END",
        help="Explain the signal there, 1-based; by default over each region itself.",
        show_default=False,
        rich_help_panel=EXPLAIN,
    ),
]
Width = Annotated[
    int,
    typer.Option(
        "--width",
        min=0,
        help="Score so many bases around each region's middle; 0: the region's own. Modisco needs one even width.",
        rich_help_panel=EXPLAIN,
    ),
]
Method = Annotated[
    choices.AttributionMethod,
    typer.Option(
        "--method",
        help="screened: a gradient orders all mutants, the top ones are computed; mutagenesis: all are; gradient: "
        "none; integrated: integrated gradients.",
        rich_help_panel=EXPLAIN,
    ),
]
Top = Annotated[
    float,
    typer.Option("--top", help="Fraction of the mutants that screened computes exactly.", rich_help_panel=EXPLAIN),
]
Steps = Annotated[int, typer.Option("--steps", min=2, help="Points of integrated gradients.", rich_help_panel=EXPLAIN)]
Check = Annotated[
    bool,
    typer.Option(
        "--check",
        help="Also write check.tsv: scores of shuffled weights and of other tracks, deletion and insertion tests.",
        rich_help_panel=EXPLAIN,
    ),
]
Motifs = Annotated[
    Path | None,
    typer.Option(
        "--motifs",
        metavar="MEME",
        help="Name strong stretches after the motifs of this file in MEME's format.",
        show_default=False,
        rich_help_panel=options.OUTPUT,
    ),
]
Logos = Annotated[
    bool, typer.Option("--logos", help="Draw every region, as PNG and SVG.", rich_help_panel=options.OUTPUT)
]


def attribute(
    genome: options.Genome,
    regions: Regions,
    out: Out,
    model: options.Model = "genomic-interpreter-yeast",
    tracks: options.Tracks = None,
    target: Target = None,
    width: Width = 0,
    method: Method = "screened",
    top: Top = 0.05,
    steps: Steps = 32,
    check: Check = False,
    motifs: Motifs = None,
    logos: Logos = False,
    device: options.Device = "auto",
    batch_size: options.Batch = 48,
    threads: options.Threads = 0,
    quiet: options.Quiet = False,
) -> None:
    """Score every base of REGIONS of GENOME by what it adds to the signal there.

    The score that is explained is log(1 + sum over the region's bins and the tracks) on the model's scale. Writing
    another base changes it; a base contributes minus the mean of these changes. contributions.bw shows as letters in
    browsers (dynseq); bases.tsv has every change; modisco/ is input for modisco motifs. --tracks picks whose signal.

    Example: genint attribute genome.fa promoters.bed -o why --tracks ATAC --width 400 --logos
    """
    from genint.output.new_folder import check_new_folder

    check_new_folder(out)
    from genint.console import Console

    console = Console(quiet=quiet)
    console.say(f"reading {genome} ...")
    from genint.genome.fasta import Genome
    from genint.interpretation.attribution.checks import check_attributions
    from genint.interpretation.attribution.folder import write_attributions
    from genint.interpretation.attribution.motifs import read_meme
    from genint.interpretation.attribution.regions import explain, prepare
    from genint.prediction.settings import compare_genomes

    settings: dict[str, Any] = {"width": width, "method": method, "top": top, "steps": steps, "device": device}
    settings |= {"batch_size": batch_size, "threads": options.count_threads(threads)}
    settings |= {"tracks": tracks} if tracks else {}
    settings |= {"target": target} if target else {}
    known = read_meme(motifs) if motifs else []
    with Genome(genome) as opened:
        where = [regions] if ":" in regions and not Path(regions).exists() else regions
        prepared = prepare(opened, where, model, cast("AttributeSettings", settings))
        used = prepared.model
        compare_genomes(used, opened, console)
        asked = {"genome": opened.identity(), "regions": [str(place.region) for place in prepared.places], **settings}
        with console.progress("attributing", len(prepared.places), "regions") as advance:
            files = write_attributions(
                out,
                counted(explain(prepared), advance),
                opened.sizes,
                motifs=known,
                logos=logos,
                checks=partial(check_attributions, prepared) if check else None,
                console=console,
                report={"model": used.name, "model_digest": used.digest, "settings": asked},
            )
    for file in files:
        print(file)


def counted(attributions: "Iterator[Attribution]", advance: Callable[[int], None]) -> "Iterator[Attribution]":
    """The attributions as they come, each a step of progress."""
    for attribution in attributions:
        yield attribution
        advance(1)
