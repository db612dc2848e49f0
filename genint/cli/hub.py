"""genint hub: predictions as genome browsers open them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from genint.cli import options
from genint.cli.streams import print_json

if TYPE_CHECKING:
    from genint.console import Console
    from genint.genome.fasta import Genome

Folders = Annotated[
    list[Path], typer.Argument(metavar="DIR", help="Folders that genint predict has written.", show_default=False)
]
Out = Annotated[
    Path,
    typer.Option("--out", "-o", help="Folder for the hub.", show_default=False, rich_help_panel=options.OUTPUT),
]
Genomes = Annotated[
    list[Path] | None,
    typer.Option(
        "--genome",
        "-g",
        metavar="FASTA",
        help="DNA of an assembly that UCSC does not have, as it was predicted. Repeatable.",
        show_default=False,
        rich_help_panel=options.OUTPUT,
    ),
]
Email = Annotated[
    str,
    typer.Option(
        "--email",
        help="Whom people write to about the hub; UCSC requires it.",
        show_default="a placeholder",
        rich_help_panel=options.OUTPUT,
    ),
]
Label = Annotated[
    str,
    typer.Option(
        "--label",
        help="What UCSC calls the hub, in 17 characters.",
        show_default="genint ASSEMBLY",
        rich_help_panel=options.OUTPUT,
    ),
]
WithHub = Annotated[
    bool, typer.Option("--hub", help="Also make OUT/hub, for genome browsers.", rich_help_panel=options.OUTPUT)
]


def hub(
    folders: Folders,
    out: Out,
    genomes: Genomes = None,
    email: Email = "",
    label: Label = "",
    overwrite: options.Overwrite = False,
    quiet: options.Quiet = False,
    json_output: options.Json = False,
) -> None:
    """Make a folder that genome browsers open of the outputs of `genint predict`: the bigWigs, hub.txt for UCSC, a
    session for IGV, config.json for JBrowse 2.

    Tracks are grouped by assay and coloured, strands mirrored, and scaled to what they hold; all paths are relative.

    Example: genint hub predictions -o hub --email you@lab.org
    """
    from genint.console import Console

    console = Console(quiet=quiet)
    console.say(f"reading {len(folders)} run(s) ...")
    from genint.reporting.hub_folder import NO_EMAIL, make_hub

    files = make_hub(
        folders,
        out,
        genomes=genomes or [],
        email=email or NO_EMAIL,
        label=label,
        overwrite=overwrite,
        console=console,
    )
    if not email:
        console.say("note: --email is a placeholder; give yours before you publish the hub")
    if json_output:
        return print_json({"out": str(out), "files": [file.name for file in files]})
    for file in files:
        print(file)


def make_hub_beside(run: Path, genome: "Genome", console: "Console") -> list[Path]:
    """What `predict --hub` adds to a run: the folder hub in its own, made anew if it is there."""
    from genint.output.made_of_run import HUB_FOLDER
    from genint.reporting.hub_folder import make_hub
    from genint.reporting.ucsc_assemblies import find_ucsc_name

    genomes = [] if find_ucsc_name(genome.sizes) else [genome.path]
    return make_hub([run], run / HUB_FOLDER, genomes=genomes, overwrite=True, console=console)
