"""genint attention: who attends to whom in a region, and what it is worth."""

from pathlib import Path
from typing import Annotated

import typer

from genint import choices
from genint.cli import options

TRACING = "Where bins come from"

RegionText = Annotated[str, typer.Argument(help="What to explain: chrom:start-end, 1-based.", show_default=False)]
Out = Annotated[
    Path, typer.Option("--out", "-o", help="Folder to make.", show_default=False, rich_help_panel=options.OUTPUT)
]
Arcs = Annotated[
    int,
    typer.Option("--arcs", min=1, help="Strongest pairs to write as arcs.", rich_help_panel=options.OUTPUT),
]
Method = Annotated[
    choices.RolloutMethod,
    typer.Option(
        "--method",
        help="Rollout and flow: how much of what a layer passes on is its attention. norm measures it; half, the "
        "convention, takes one half; raw takes all.",
        rich_help_panel=TRACING,
    ),
]
Convolutions = Annotated[
    choices.Convolutions,
    typer.Option(
        "--convolutions",
        help="Rollout and flow: count what convolutions and merges bring together, or ignore it.",
        rich_help_panel=TRACING,
    ),
]
Flow = Annotated[
    bool,
    typer.Option(
        "--flow",
        help="Also write flow.tsv: an upper bound on what could reach each bin from elsewhere. It saturates.",
        rich_help_panel=TRACING,
    ),
]
FlowBetween = Annotated[
    tuple[str, str] | None,
    typer.Option(
        "--flow-between",
        metavar="PREDICTED READ",
        help="Also write flow_between.tsv: the same for the bins of one interval and the bases of another.",
        show_default=False,
        rich_help_panel=TRACING,
    ),
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
    method: Method = "norm",
    convolutions: Convolutions = "count",
    flow: Flow = False,
    flow_between: FlowBetween = None,
    device: options.Device = "auto",
    threads: options.Threads = 1,
    quiet: options.Quiet = False,
) -> None:
    """Show where every layer and head of a model looks in REGION of GENOME, and what that is worth.

    A map says where a head looks, not whether the prediction depends on it. So every head, every layer's attention and
    all attention are switched off in turn. change is the norm of a track's change over the norm of its prediction, over
    the bins of REGION, mean over tracks. Heads that change less than 0.1 % are drawn pale and have no arcs. Writes all
    weights, heads.tsv, worth.tsv, figures, a bigWig per layer of attention received, and arcs. Rollout says where the
    bins of REGION come from through all layers together: rollout.tsv, rollout.bw and a figure.

    Example: genint attention genome.fa chr1:5,001-6,000 -o attention
    """
    if bool(region) == (worth is not None):
        raise typer.BadParameter("give a region, or a BED with --worth", param_hint="REGION")
    if worth and (flow or flow_between):
        raise typer.BadParameter("is about one region; leave it out with --worth", param_hint="--flow, --flow-between")
    from genint.console import Console

    console = Console(quiet=quiet)
    console.say(f"loading {model} ...")
    from genint.genome.fasta import Genome
    from genint.interpretation.attention.explain import AttentionSettings
    from genint.interpretation.attention.folder import attention_to_folder, worth_to_folder

    settings: AttentionSettings = {"device": device, "threads": options.count_threads(threads)}
    with Genome(genome, console) as opened:
        if worth:
            worth_to_folder(opened, worth, out, model, console=console, **settings)
        else:
            attention_to_folder(
                opened,
                region,
                out,
                model,
                arcs=arcs,
                flow=flow,
                flow_between=flow_between,
                console=console,
                method=method,
                convolutions=convolutions,
                **settings,
            )
    console.say(f"wrote {out}")
