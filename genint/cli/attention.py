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
    threads: options.Threads = 0,
    quiet: options.Quiet = False,
) -> None:
    """Show where every layer and head of a model looks in REGION of GENOME, and what that is worth.

    A map says where a head looks, not whether the prediction depends on it. So every head, every layer's attention and
    all attention are switched off in turn, and `change` is the norm of the prediction's change over its norm, `r` the
    correlation with the intact prediction, over the bins and tracks of REGION. Heads that change less than 0.1 % are
    drawn pale. Writes attention.zarr.zip (all weights), heads.tsv, worth.tsv, figures, a bigWig per layer and arcs.

    Example: genint attention genome.fa chr1:5,001-6,000 -o attention
    """
    if bool(region) == (worth is not None):
        raise typer.BadParameter("give a region, or a BED with --worth", param_hint="REGION")
    from genint.console import Console

    console = Console(quiet=quiet)
    console.say(f"loading {model} ...")
    import torch

    from genint.genome.fasta import Genome
    from genint.interpretation.explain_attention import attention_to_folder, worth_to_folder

    torch.set_num_threads(options.count_threads(threads))
    with Genome(genome, console) as opened:
        if worth:
            worth_to_folder(opened, worth, out, model, console=console)
        else:
            attention_to_folder(opened, region, out, model, arcs=arcs, console=console)
    console.say(f"wrote {out}")
