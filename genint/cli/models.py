"""genint models: which models there are, and what they are made of."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from genint.cli import model_imports, options
from genint.cli.streams import print_json
from genint.models.bundled import DEFAULT_MODEL

app = typer.Typer(help="List models and show what they are made of.", no_args_is_help=True)
app.add_typer(model_imports.app, name="import")


@app.command("list")
def list_models(json_output: options.Json = False) -> None:
    """List the bundled and the pulled models, and the presets that `genint train` can start from.

    Example: genint models list
    """
    from genint.models.bundled import list_models as bundled
    from genint.models.hub_cache import list_pulled
    from genint.models.registry import ARCHITECTURES

    presets = [f"{name}:{preset}" for name, kind in ARCHITECTURES.items() for preset in kind.presets]
    if json_output:
        print_json({"models": bundled(), "pulled": list_pulled(), "presets": presets})
        return
    for name in bundled():
        print(f"model\t{name}")
    for address in list_pulled():
        print(f"pulled\t{address}")
    for preset in presets:
        print(f"preset\t{preset}")


@app.command()
def show(
    model: Annotated[
        str, typer.Argument(help="Model folder, bundled model, or preset as ARCHITECTURE:PRESET.")
    ] = DEFAULT_MODEL,
    n_tracks: Annotated[
        int, typer.Option("--n-tracks", min=1, help="Tracks of a preset or a pretrained trunk; a model has its own.")
    ] = 5_313,
    batch_size: Annotated[
        int | None,
        typer.Option("--batch-size", "-b", min=1, help="Count a training step on so many windows.", show_default=False),
    ] = None,
    json_output: options.Json = False,
) -> None:
    """Show a model's geometry, parameters, work per tile and origin.

    With --batch-size, also the operations and the memory (10^6 bytes) of a training step, counted without running it.

    Example: genint models show interpreter:paper --batch-size 8
    """
    from genint.models.describe import describe, describe_training_step

    facts = describe(model, n_tracks)
    if batch_size:
        from genint.training.losses import poisson

        facts["training_step"] = describe_training_step(model, n_tracks, batch_size, poisson)
    if json_output:
        print_json(facts)
        return
    for name, value in facts.items():
        for line in _lines(name, value):
            print(line)


@app.command()
def convert(
    model: Annotated[str, typer.Argument(help="Model folder, or name of a bundled model.", show_default=False)],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the converted copy.", show_default=False)],
    dtype: Annotated[
        Literal["float16", "float32"], typer.Option("--dtype", help="Number format of the weights.")
    ] = "float16",
) -> None:
    """Copy a model with its weights in another number format.

    float16 is half the size of float32, with the same predictions to about three digits.

    Example: genint models convert my-model -o my-model-to-ship --dtype float16
    """
    from genint.models.folder import convert_model

    convert_model(model, out, dtype)
    print(out)


@app.command()
def pull(
    address: Annotated[
        str, typer.Argument(help="Model on the Hugging Face hub: hf://OWNER/NAME[@REVISION].", show_default=False)
    ],
) -> None:
    """Download a model from the Hugging Face hub, once; then the address is a model, also without a network.

    Digests are compared with the hub's, and again whenever the model is used. HF_ENDPOINT, HF_TOKEN and HF_HUB_OFFLINE
    are heeded. Prints the model folder.

    Example: genint models pull hf://me/my-model@v1
    """
    from genint.models.hub_cache import pull as run

    print(run(address))


@app.command()
def push(
    model: Annotated[str, typer.Argument(help="Model folder, or name of a bundled model.", show_default=False)],
    address: Annotated[
        str, typer.Argument(help="Where on the Hugging Face hub: hf://OWNER/NAME[@BRANCH].", show_default=False)
    ],
    licence: Annotated[
        str | None,
        typer.Option("--license", help="Licence of the weights, as the hub spells it: mit.", show_default=False),
    ] = None,
    private: Annotated[bool, typer.Option("--private", help="If the repository is new: for its owner alone.")] = False,
) -> None:
    """Upload a model folder to the Hugging Face hub, its card with the header that the hub reads.

    HF_TOKEN, or a login with `hf auth login`, says who you are. Prints the address of the commit.

    Example: genint models push my-model hf://me/my-model --license mit
    """
    from genint.models.hub_upload import push as run

    print(run(model, address, licence=licence, private=private))


def _lines(name: str, value: Any) -> Iterator[str]:
    """A fact as lines of name, tab and text: one for itself, and one for each object of a list inside it."""
    if not isinstance(value, dict):
        yield f"{name}\t{_text(value)}"
        return
    lists = {key: inner for key, inner in value.items() if isinstance(inner, list | tuple) and inner}
    lists = {key: inner for key, inner in lists.items() if isinstance(inner[0], dict)}
    yield f"{name}\t{', '.join(f'{key}={_text(inner)}' for key, inner in value.items() if key not in lists)}"
    for key, inner in lists.items():
        for index, entry in enumerate(inner):
            yield from _lines(f"{name}.{key}[{index}]", entry)


def _text(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
