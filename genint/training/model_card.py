"""The model card: what a reader of a model folder needs to know."""

from genint.datasets.dataset import SPLITS, TrackDataset
from genint.models.folder import Model
from genint.training.config import SETTINGS


def write_card(model: Model, dataset: TrackDataset) -> str:
    """The model card: Markdown on what was learned, from which chromosomes, how well and how."""
    splits = {name: sorted({s.chrom for s in dataset.segments if s.split == name}) for name in SPLITS}
    assays = sorted({track.assay for track in model.tracks})
    preset, score = model.training["preset"], model.training["val_pearson"]
    settings = ", ".join(f"{name}={value}" for name, value in model.training.items() if name in SETTINGS)
    return "\n".join(
        [
            f"# {model.name}",
            "",
            f"A model, {model.architecture}{f' ({preset})' if preset else ''}, of {len(model.tracks)} tracks "
            f"({', '.join(assays)}) in bins of {model.geometry.bin_bp} bp from {model.geometry.input_bp:,} bp of DNA.",
            "",
            f"- Assembly: {model.assembly.name}",
            *(f"- {name}: {', '.join(chroms) or 'none'}" for name, chroms in splits.items()),
            f"- Best mean validation Pearson over tracks: {'not known' if score is None else f'{score:.4f}'}",
            f"- Command: `{model.training['command']}`",
            f"- Settings: {settings}",
            "",
            "Evaluate it on its test split with `genint eval` before trusting it on other chromosomes. Nothing is",
            "known of its worth on other species, cell types or conditions.",
            "",
        ]
    )
