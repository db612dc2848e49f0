"""The model card: what a reader of a model folder needs to know."""

from dataclasses import fields
from typing import Any

from genint.datasets.dataset import SPLITS, TrackDataset
from genint.models.base import TrackModel
from genint.training.config import SETTINGS
from genint.training.pretrain_config import PretrainConfig


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


def write_pretraining_card(name: str, module: TrackModel, training: dict[str, Any]) -> str:
    """The card of a pretrained trunk: which genomes, which chromosomes never, and how well masked bases are found."""
    settings = ", ".join(f"{field.name}={training[field.name]}" for field in fields(PretrainConfig))
    hidden = f"{training['mask_fraction']:.0%} of the bases hidden, {training['span']} bp in a row"
    scores = training["scores"] and [
        "",
        f"Held-out windows, {hidden}; cross-entropy in nats (1.386 when nothing is known). The bases on each side are",
        "the true ones, also where they are hidden from the model.",
        "",
        "| genome | predictor | bases | cross-entropy | accuracy |",
        "|---|---|---|---|---|",
        *(
            f"| {row['genome']} | {row['predictor']} | {row['bases']:,} | {row['cross_entropy']:.4f} | "
            f"{row['accuracy']:.4f} |"
            for row in training["scores"]
        ),
    ]
    return "\n".join(
        [
            f"# {name}",
            "",
            f"A trunk, {training['architecture']} ({training['preset']}), pretrained on DNA alone: from "
            f"{module.geometry.input_bp:,} bp it was to name the masked bases. It predicts no tracks. Train it with",
            f"`genint train DATASET --from {name} -o MODEL`.",
            "",
            f"- Held out of every genome that has them: {', '.join(training['hold_out']) or 'none'}",
            f"- Command: `{training['command']}`",
            f"- Settings: {settings}",
            "- Genomes:",
            *("  - " + ", ".join(f"{key} {value}" for key, value in genome.items()) for genome in training["genomes"]),
            *scores,
            "",
        ]
    )
