"""genint models: which models there are, and what they are made of."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from genint.commands import options

app = typer.Typer(help="List models and show what they are made of.", no_args_is_help=True)


@app.command("list")
def list_models(json_output: options.Json = False) -> None:
    """List the bundled models and the presets that `genint train` can start from.

    Example: genint models list
    """
    from genint.models.folder import ARCHITECTURES
    from genint.models.folder import list_models as bundled

    presets = [f"{name}:{preset}" for name, kind in ARCHITECTURES.items() for preset in kind.presets]
    if json_output:
        print(json.dumps({"models": bundled(), "presets": presets}))
        return
    for name in bundled():
        print(f"model\t{name}")
    for preset in presets:
        print(f"preset\t{preset}")


@app.command()
def show(
    model: Annotated[
        str, typer.Argument(help="Model folder, bundled model, or preset as ARCHITECTURE:PRESET.")
    ] = "genomic-interpreter-yeast",
    tracks: Annotated[int, typer.Option("--n-tracks", min=1, help="Tracks of a preset; a model has its own.")] = 5_313,
    json_output: options.Json = False,
) -> None:
    """Show a model's geometry, parameters, work per tile and origin.

    Example: genint models show interpreter:paper
    """
    from genint.models.folder import describe

    facts = describe(model, tracks)
    if json_output:
        print(json.dumps(facts, indent=1))
        return
    for name, value in facts.items():
        print(f"{name}\t{_text(value)}")


@app.command()
def halve(
    model: Annotated[str, typer.Argument(help="Model folder, or name of a bundled model.", show_default=False)],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the smaller copy.", show_default=False)],
) -> None:
    """Copy a model with its weights in float16: half the size, the same predictions to about three digits.

    Example: genint models halve my-model -o my-model-to-ship
    """
    from genint.models.folder import halve_model

    halve_model(model, out)
    print(out)


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}={inner}" for name, inner in value.items())
    return f"{value:,}" if isinstance(value, int) else str(value)
