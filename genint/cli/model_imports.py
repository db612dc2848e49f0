"""genint models import: model folders from weights published elsewhere."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from genint.choices import Recipe

app = typer.Typer(help="Make model folders from weights published elsewhere.", no_args_is_help=True)

Tracks = Annotated[
    Path, typer.Option("--tracks", help="The head's track table: targets_human.txt.", show_default=False)
]
Out = Annotated[Path, typer.Option("--out", "-o", help="Model folder to write.", show_default=False)]
Head = Annotated[str, typer.Option("--head", help="Which of the model's heads: human or mouse.")]
KnownGenome = Annotated[
    Path | None,
    typer.Option("--genome", help="FASTA or .fai of the assembly, to be compared with.", show_default=False),
]
InputBp = Annotated[int, typer.Option("--input-bp", min=1, help="DNA that the model reads in one go.")]


@app.command("enformer")
def import_enformer(
    source: Annotated[
        str,
        typer.Argument(
            help="Folder with config.json and pytorch_model.bin of enformer-pytorch, or a hub id as OWNER/NAME.",
            show_default=False,
        ),
    ],
    tracks: Tracks,
    out: Out,
    head: Head = "human",
    genome: KnownGenome = None,
    gamma: Annotated[
        Literal["tensorflow", "pytorch"],
        typer.Option("--gamma", help="Scaling of distance features that the weights were trained with."),
    ] = "tensorflow",
    input_bp: InputBp = 196_608,
) -> None:
    """Import published Enformer weights, one head to a model folder; nothing in them is run.

    Example: genint models import enformer EleutherAI/enformer-official-rough --tracks targets_human.txt -o enformer
    """
    from genint.models.enformer_weights import import_enformer as run

    run(source, out, tracks, head=head, genome=genome, gamma=gamma, input_bp=input_bp)
    print(out)


@app.command("borzoi")
def import_borzoi(
    source: Annotated[
        str,
        typer.Argument(
            help="Folder with config.json and model.safetensors of borzoi-pytorch, or a hub id as OWNER/NAME.",
            show_default=False,
        ),
    ],
    tracks: Tracks,
    out: Out,
    head: Head = "human",
    genome: KnownGenome = None,
    recipe: Annotated[
        Recipe, typer.Option("--recipe", help="How the targets were squashed; the published weights' are old.")
    ] = "old",
    input_bp: InputBp = 524_288,
) -> None:
    """Import published Borzoi or Flashzoi weights, one head to a model folder; nothing in them is run.

    Example: genint models import borzoi johahi/flashzoi-replicate-0 --tracks targets_human.txt -o flashzoi
    """
    from genint.models.borzoi_weights import import_borzoi as run

    run(source, out, tracks, head=head, genome=genome, recipe=recipe, input_bp=input_bp)
    print(out)
