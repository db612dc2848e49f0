"""genint predicts genomic assays from DNA.

The public names load on first use, so that importing genint costs nothing:

    from genint import Genome, load_model, predict
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "Console": "genint.console",
    "TrackDataset": "genint.datasets.dataset",
    "Genome": "genint.genome.fasta",
    "Geometry": "genint.genome.grid",
    "Region": "genint.genome.region",
    "BedRow": "genint.genome.bed",
    "UserError": "genint.errors",
    "evaluate": "genint.evaluation.evaluate",
    "load_model": "genint.models.folder",
    "predict": "genint.prediction.predict",
    "prepare": "genint.prediction.job",
    "read_bed": "genint.genome.bed",
    "read_tracks": "genint.tracks.table",
    "train": "genint.training.train",
}
__all__ = [*_HOMES, "__version__"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'genint' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
