"""genint predicts genomic assays from DNA.

The public names load on first use, so that importing genint costs nothing:

    from genint import Genome, load_model, predict
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "Console": "genint.console",
    "DataSet": "genint.data.store",
    "Genome": "genint.genome",
    "Geometry": "genint.grid",
    "Region": "genint.regions",
    "Row": "genint.regions",
    "UserError": "genint.errors",
    "evaluate": "genint.evaluate",
    "load_model": "genint.models.folder",
    "predict": "genint.predict",
    "prepare": "genint.predict",
    "read_bed": "genint.regions",
    "read_tracks": "genint.tracks",
    "train": "genint.train",
}
__all__ = [*_HOMES, "__version__"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'genint' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
