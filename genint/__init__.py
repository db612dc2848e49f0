"""genint predicts genomic assays from DNA.

    import genint

    model = genint.load_model()
    tracks = model.predict("ACGT" * 4_000)
    tracks.to_pandas()

Names load on first use, so that importing genint costs nothing. docs/python.md shows them at work.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # what mypy and editors see; _HOMES says the same to Python
    from genint.console import Console as Console
    from genint.datasets.build import make_dataset as make_dataset
    from genint.datasets.dataset import TrackDataset as TrackDataset
    from genint.errors import InputError as InputError
    from genint.errors import OutputError as OutputError
    from genint.errors import UserError as UserError
    from genint.evaluation.evaluate import evaluate as evaluate
    from genint.genome.bed import BedRow as BedRow
    from genint.genome.bed import read_bed as read_bed
    from genint.genome.fasta import Genome as Genome
    from genint.genome.projection import align_relative as align_relative
    from genint.genome.region import Region as Region
    from genint.interpretation.attention.explain import Attention as Attention
    from genint.interpretation.attention.explain import explain_attention as explain_attention
    from genint.interpretation.attribution.attribution import Attribution as Attribution
    from genint.interpretation.attribution.regions import attribute as attribute
    from genint.interpretation.variants.effects import variant_effects as variant_effects
    from genint.interpretation.variants.run import variants_to_file as variants_to_file
    from genint.models.bundled import list_models as list_models
    from genint.models.folder import Model as Model
    from genint.models.folder import Trunk as Trunk
    from genint.models.folder import load_model as load_model
    from genint.models.swin1d import BlockConfig as BlockConfig
    from genint.models.swin1d import Swin1dBlock as Swin1dBlock
    from genint.output.merge import merge as merge
    from genint.prediction.in_memory import predict_regions as predict_regions
    from genint.prediction.in_memory import predict_sequence as predict_sequence
    from genint.prediction.to_folder import predict_to_folder as predict_to_folder
    from genint.reporting.hub_folder import make_hub as make_hub
    from genint.reporting.report_file import make_report as make_report
    from genint.tracks.table import TrackTable as TrackTable
    from genint.tracks.table import read_tracks as read_tracks
    from genint.tracks.track_data import TrackData as TrackData
    from genint.training.config import TrainConfig as TrainConfig
    from genint.training.pretrain import pretrain as pretrain
    from genint.training.pretrain_config import PretrainConfig as PretrainConfig
    from genint.training.train import train as train

__version__ = "0.1.0"

_HOMES = {
    "Attention": "genint.interpretation.attention.explain",
    "Attribution": "genint.interpretation.attribution.attribution",
    "BedRow": "genint.genome.bed",
    "BlockConfig": "genint.models.swin1d",
    "Console": "genint.console",
    "Genome": "genint.genome.fasta",
    "InputError": "genint.errors",
    "Model": "genint.models.folder",
    "OutputError": "genint.errors",
    "PretrainConfig": "genint.training.pretrain_config",
    "Region": "genint.genome.region",
    "Swin1dBlock": "genint.models.swin1d",
    "TrackData": "genint.tracks.track_data",
    "TrackDataset": "genint.datasets.dataset",
    "TrackTable": "genint.tracks.table",
    "TrainConfig": "genint.training.config",
    "Trunk": "genint.models.folder",
    "UserError": "genint.errors",
    "attribute": "genint.interpretation.attribution.regions",
    "align_relative": "genint.genome.projection",
    "evaluate": "genint.evaluation.evaluate",
    "explain_attention": "genint.interpretation.attention.explain",
    "list_models": "genint.models.bundled",
    "load_model": "genint.models.folder",
    "make_dataset": "genint.datasets.build",
    "make_hub": "genint.reporting.hub_folder",
    "make_report": "genint.reporting.report_file",
    "merge": "genint.output.merge",
    "predict_regions": "genint.prediction.in_memory",
    "predict_sequence": "genint.prediction.in_memory",
    "predict_to_folder": "genint.prediction.to_folder",
    "pretrain": "genint.training.pretrain",
    "read_bed": "genint.genome.bed",
    "read_tracks": "genint.tracks.table",
    "train": "genint.training.train",
    "variant_effects": "genint.interpretation.variants.effects",
    "variants_to_file": "genint.interpretation.variants.run",
}
__all__ = [
    "Attention",
    "Attribution",
    "BedRow",
    "BlockConfig",
    "Console",
    "Genome",
    "InputError",
    "Model",
    "OutputError",
    "PretrainConfig",
    "Region",
    "Swin1dBlock",
    "TrackData",
    "TrackDataset",
    "TrackTable",
    "TrainConfig",
    "Trunk",
    "UserError",
    "__version__",
    "align_relative",
    "attribute",
    "evaluate",
    "explain_attention",
    "list_models",
    "load_model",
    "make_dataset",
    "make_hub",
    "make_report",
    "merge",
    "predict_regions",
    "predict_sequence",
    "predict_to_folder",
    "pretrain",
    "read_bed",
    "read_tracks",
    "train",
    "variant_effects",
    "variants_to_file",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'genint' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value  # so that the second access is an ordinary one
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
