"""Training: a data set goes in, a model folder comes out, and a killed run resumes where it stopped."""

import dataclasses
from pathlib import Path
from typing import Any

import lightning
import numpy as np
import torch
from lightning.pytorch.callbacks import Callback

from genint import __version__
from genint.console import Console
from genint.datasets.dataset import TrackDataset
from genint.datasets.loader import track_means
from genint.errors import InputError
from genint.evaluation.metrics import Pearson
from genint.genome.grid import Geometry
from genint.models.base import TrackModel
from genint.models.bundled import find_model
from genint.models.config_file import read_config, read_header
from genint.models.folder import Model, load_model, load_trunk, save_model
from genint.models.registry import ARCHITECTURES, build
from genint.provenance import command_line
from genint.training.callbacks import Patience, RunLog
from genint.training.config import TrainConfig, resolve
from genint.training.lightning_module import TrainingModule
from genint.training.model_card import write_card
from genint.training.run_folder import claim, make_checkpoint, report_refusals
from genint.training.teachers import Teachers, load_teachers
from genint.training.trainer import ComputeResources, check_resources, describe_resources, fit

_BINS_AT_ONCE = 128  # until one track varies, when validation is checked


def train(
    dataset: TrackDataset | Path | str,
    out: Path | str,
    config: TrainConfig | None = None,
    *,
    console: Console | None = None,
    resources: ComputeResources | None = None,
    **settings: Any,
) -> Model:
    """Train until `config.steps`, resuming from `out`/training/last.ckpt if it is there; write the best model to `out`.

    `settings` are fields of TrainConfig that win over `config`. Best is the highest mean validation Pearson over
    tracks, of the averaged weights when ema_decay is set. Of a finished run the model is returned, and no file changes.
    Raises InputError when `out` holds a run of other settings or another data set, a model from elsewhere or a damaged
    checkpoint, for teachers that do not fit, and when the loss is not finite; OutputError when the system refuses to
    write.
    """
    config = resolve(dataclasses.replace(config or TrainConfig(), **settings))
    dataset = dataset if isinstance(dataset, TrackDataset) else TrackDataset(dataset)
    out, console, resources = Path(out), console or Console(quiet=True), resources or ComputeResources()
    check_resources(config, resources)
    _check_validation(dataset)
    teachers = load_teachers(config.teachers, dataset, _choose_geometry(config), config.seed)
    with report_refusals(out):
        claim(out / "training", config, _identify_data(config, dataset, teachers))
    if (out / "config.json").exists():  # the last file that a run writes
        console.say(f"{out}: this run is finished")
        return load_model(out)
    console.say(describe_resources(config, resources))
    lightning.seed_everything(config.seed, verbose=False)
    architecture, module = _new_module(dataset, config)
    with report_refusals(out):
        _fit(dataset, out, architecture, module, config, teachers, console, resources)
    return load_model(out)


def _fit(
    dataset: TrackDataset,
    out: Path,
    architecture: str,
    module: TrackModel,
    config: TrainConfig,
    teachers: Teachers | None,
    console: Console,
    resources: ComputeResources,
) -> None:
    """Run Lightning over the steps that are left, then save the best checkpoint as a model folder."""
    folder = out / "training"
    training_module = TrainingModule(module, dataset, module.geometry, config, teachers)
    best = make_checkpoint(folder, "best", monitor="val_pearson", mode="max")
    # A second one, because Lightning writes `last` beside a monitored figure only when that is a new best.
    callbacks: list[Callback] = [best, make_checkpoint(folder, "last")]
    if config.patience:
        callbacks.append(Patience(config.patience))
    log = RunLog(folder / "log.csv", config.steps, console, ("train_loss", "val_pearson"))
    trainer = fit(training_module, folder, config, resources, log=log, callbacks=callbacks)
    if trainer.is_global_zero:
        checkpoint = torch.load(folder / "best.ckpt", map_location="cpu", weights_only=True)
        training_module.load_state_dict(checkpoint["state_dict"])
        score = None if best.best_model_score is None else float(best.best_model_score)  # None: the folder was moved
        made: dict[str, Any] = {"genint": __version__, "command": command_line(), "dataset": dataset.digest}
        training = {**made, "val_pearson": score, **dataclasses.asdict(config)}
        if teachers:
            training["teacher_digests"] = teachers.digests
        card = write_card(out.name, architecture, module, training, dataset)
        save_model(
            out, module, dataset.tracks, dataset.assembly, architecture=architecture, training=training, card=card
        )
    trainer.strategy.barrier()


def _choose_geometry(config: TrainConfig) -> Geometry:
    """What the model to be trained will read and predict: as from_model does, or the preset."""
    if config.from_model:
        folder = find_model(config.from_model)
        return read_config(folder, read_header(folder)).geometry
    return ARCHITECTURES[config.architecture].presets[config.preset]().geometry


def _identify_data(config: TrainConfig, dataset: TrackDataset, teachers: Teachers | None) -> dict[str, Any]:
    """What a run learns from, so that it is not resumed on something else."""
    source = {"from_model": load_trunk(config.from_model).digest} if config.from_model else {}
    return {"dataset": dataset.digest, **source, "teachers": teachers.digests if teachers else []}


def _new_module(dataset: TrackDataset, config: TrainConfig) -> tuple[str, TrackModel]:
    """An architecture's name and module: with fresh weights, or with another model's trunk under a fresh head."""
    source = load_trunk(config.from_model) if config.from_model else None
    architecture = source.architecture if source else config.architecture
    kind = ARCHITECTURES[architecture]
    numbers = source.config if source else kind.presets[config.preset]()
    if not config.attention and kind.without_attention:
        numbers = kind.without_attention(numbers)
    module = build(architecture, numbers, len(dataset.tracks))
    module.init_output_bias(torch.from_numpy(track_means(dataset)).float())
    if source:
        module.load_trunk(source.weights)
    if config.freeze_trunk:
        module.freeze_trunk()
    return architecture, module


def _check_validation(dataset: TrackDataset) -> None:
    """Without a track that varies there is no Pearson, and no best model."""
    pearson = Pearson(len(dataset.tracks))
    for segment in dataset.split("valid"):
        for first_bin in range(0, segment.bins(dataset.bin_bp), _BINS_AT_ONCE):
            targets = dataset.targets(segment, first_bin, _BINS_AT_ONCE)
            pearson.update(targets, targets)
            if np.isfinite(pearson.compute()).any():  # in most data sets after the first block
                return
    raise InputError(
        f"{dataset.path}: no track varies over the valid split, so no Pearson can be computed. "
        "Make the data set again with another `valid`"
    )
