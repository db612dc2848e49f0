"""genint attention: who attends to whom in a region, and what it is worth."""

from pathlib import Path
from typing import Annotated

import typer

from genint.cli import options

RegionText = Annotated[
    str, typer.Argument(metavar="[REGION]", help="What to explain: chrom:start-end, 1-based.", show_default=False)
]
Out = Annotated[
    Path, typer.Option("--out", "-o", help="Folder to make.", show_default=False, rich_help_panel=options.OUTPUT)
]
Arcs = Annotated[
    int,
    typer.Option("--arcs", min=1, help="Strongest pairs to write as arcs.", rich_help_panel=options.OUTPUT),
]
Worth = Annotated[
    Path | None,
    typer.Option(
        "--worth",
        metavar="BED",
        help="Instead of REGION: only the table of what heads and layers are worth over the regions of a BED.",
        show_default=False,
        rich_help_panel=options.WHERE,
    ),
]


def attention(
    genome: options.Genome,
    out: Out,
    region: RegionText = "",
    worth: Worth = None,
    model: options.Model = "genomic-interpreter-yeast",
    arcs: Arcs = 500,
    device: options.Device = "auto",
    threads: options.Threads = 1,
    quiet: options.Quiet = False,
) -> None:
    """Show where every layer and head of a model looks in REGION of GENOME, and what that is worth.

    A map says where a head looks, not whether the prediction depends on it. So every head, every layer's attention and
    all attention are switched off in turn. change is the norm of a track's change over the norm of its prediction, over
    the bins of REGION, mean over tracks. Heads that change less than 0.1 % are drawn pale and have no arcs. Writes all
    weights, heads.tsv, worth.tsv, figures, a bigWig per layer of attention received, and arcs.

    Example: genint attention genome.fa chr1:5,001-6,000 -o attention
    """
    if bool(region) == (worth is not None):
        raise typer.BadParameter("give a region, or a BED with --worth", param_hint="REGION")
    from genint.console import Console

    console = Console(quiet=quiet)
    console.say(f"loading {model} ...")
    from genint.genome.fasta import Genome
    from genint.interpretation.attention_folder import attention_to_folder, worth_to_folder
    from genint.interpretation.explain_attention import AttentionSettings

    settings: AttentionSettings = {"device": device, "threads": options.count_threads(threads)}
    with Genome(genome, console) as opened:
        if worth:
            worth_to_folder(opened, worth, out, model, console=console, **settings)
        else:
            attention_to_folder(opened, region, out, model, arcs=arcs, console=console, **settings)
    console.say(f"wrote {out}")
