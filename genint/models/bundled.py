"""Where models are: folders given by path, pulled ones, and those that come with the package, all without torch."""

from pathlib import Path

from genint.console import Console
from genint.errors import InputError
from genint.models.hub_cache import find_pulled
from genint.models.hugging_face import SCHEME

BUNDLED = Path(__file__).parent.parent / "pretrained"
DEFAULT_MODEL = "genomic-interpreter-yeast"


def list_models() -> list[str]:
    """Names of the bundled models."""
    return sorted(folder.name for folder in BUNDLED.iterdir() if (folder / "config.json").is_file())


def find_model(model: str | Path) -> Path:
    """The folder of a model given by path, bundled name, or hf://OWNER/NAME once pulled. InputError for others.

    Text without a slash is a bundled name first, so that no folder here takes the place of a bundled model unseen; a
    warning says so where there is one. A Path is a folder first.
    """
    if str(model).startswith("hf:/"):  # a Path has one slash of two
        return find_pulled(SCHEME + str(model)[4:].lstrip("/"))
    is_here, is_bundled = Path(model).is_dir(), (BUNDLED / str(model) / "config.json").is_file()
    if is_bundled and isinstance(model, str) and "/" not in model:
        if is_here:
            Console().warn(f"{model} is the bundled model, not the folder of that name, which is ./{model}")
        return BUNDLED / model
    if is_here:
        return Path(model)
    if is_bundled:
        return BUNDLED / str(model)
    if Path(model).is_file():
        raise InputError(
            f"{model}: is a file. Expected a model folder with config.json (pickled models are never opened)"
        )
    raise InputError(f"{model}: no such model folder, and not one of the bundled models ({', '.join(list_models())})")
