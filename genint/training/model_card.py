"""The model card: what a reader of a model folder needs to know."""

from typing import Any

from genint.datasets.dataset import SPLITS, TrackDataset
from genint.models.base import TrackModel
from genint.training.config import SETTINGS


def write_card(
    name: str, architecture: str, module: TrackModel, training: dict[str, Any], dataset: TrackDataset
) -> str:
    """The model card: Markdown on what was learned, from which chromosomes, how well and how."""
    splits = {split: sorted({s.chrom for s in dataset.segments if s.split == split}) for split in SPLITS}
    assays = sorted({track.assay for track in dataset.tracks})
    preset, score, geometry = training["preset"], training["val_pearson"], module.geometry
    settings = ", ".join(f"{key}={value}" for key, value in training.items() if key in SETTINGS)
    teachers = zip(training.get("teachers", ()), training.get("teacher_digests", ()), strict=True)
    return "\n".join(
        [
            f"# {name}",
            "",
            f"A model, {architecture}{f' ({preset})' if preset else ''}, of {len(dataset.tracks)} tracks "
            f"({', '.join(assays)}) in bins of {geometry.bin_bp} bp from {geometry.input_bp:,} bp of DNA.",
            "",
            f"- Assembly: {dataset.assembly.name}",
            *(f"- {split}: {', '.join(chroms) or 'none'}" for split, chroms in splits.items()),
            f"- Best mean validation Pearson over tracks: {'not known' if score is None else f'{score:.4f}'}",
            f"- Command: `{training['command']}`",
            f"- Settings: {settings}",
            *(f"- Teacher: {name}, sha256 {digest}" for name, digest in teachers),
            "",
            "Evaluate it on its test split with `genint eval` before trusting it on other chromosomes. Nothing is",
            "known of its worth on other species, cell types or conditions.",
            "",
        ]
    )
