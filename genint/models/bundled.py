"""Where models are: folders given by path, and those that come with the package. Nothing here needs torch."""

from pathlib import Path

from genint.errors import InputError

BUNDLED = Path(__file__).parent.parent / "pretrained"
DEFAULT_MODEL = "genomic-interpreter-yeast"


def list_models() -> list[str]:
    """Names of the bundled models."""
    return sorted(folder.name for folder in BUNDLED.iterdir() if (folder / "config.json").is_file())


def find_model(model: str | Path) -> Path:
    """The folder of a model given by path or by bundled name. InputError where there is none."""
    if Path(model).is_dir():
        return Path(model)
    if (BUNDLED / str(model) / "config.json").is_file():
        return BUNDLED / str(model)
    if Path(model).is_file():
        raise InputError(
            f"{model}: is a file. Expected a model folder with config.json (pickled models are never opened)"
        )
    raise InputError(f"{model}: no such model folder, and not one of the bundled models ({', '.join(list_models())})")
