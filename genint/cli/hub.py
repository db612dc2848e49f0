"""genint hub: predictions as genome browsers open them."""

from pathlib import Path
from typing import Annotated

import typer

from genint.cli import options
from genint.cli.streams import print_json

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
