"""Training: a data set goes in, a model folder comes out, and a killed run goes on where it stopped."""

import dataclasses
import json
import logging
import os
import signal
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightning
import numpy as np
import torch
from lightning.pytorch.callbacks import Callback, ModelCheckpoint

from genint import __version__
from genint.console import Console
from genint.datasets.dataset import TrackDataset
from genint.datasets.loader import track_means
from genint.errors import InputError
from genint.evaluation.metrics import Pearson
from genint.models.base import ModelConfig
from genint.models.folder import Model, load_model, save_model
from genint.models.registry import ARCHITECTURES, build
from genint.prediction.devices import choose_device, choose_dtype
from genint.training.callbacks import Averaging, Patience, Report
from genint.training.config import TrainConfig, write_train_config
from genint.training.lightning_module import Learner


@dataclass(frozen=True, kw_only=True)
class Machine:
    """Where a run computes; none of it changes what the run learns, beyond rounding.

    `device`: auto, cpu, cuda or mps. `processes`: on each of `nodes` machines, one per GPU. `strategy`: auto (ddp when
    there are several processes), ddp, or fsdp, which shares out the weights too. `tensorboard`: also log for it.
    """

    device: str = "auto"
    processes: int = 1
    nodes: int = 1
    strategy: str = "auto"
    tensorboard: bool = False


def train(
    dataset: TrackDataset,
    out: Path,
    config: TrainConfig,
    console: Console,
    command: str = "",
    machine: Machine | None = None,
) -> Model:
    """Train until `config.steps`, going on from `out`/training/last.ckpt if it is there; write the best model to `out`.

    Best is the highest mean validation Pearson over tracks, of the averaged weights when ema_decay is set.
    A finished run is answered with its model, and no file changes. Raises InputError when `out` holds a run of other
    settings or another data set, a model from elsewhere or a damaged checkpoint, and when the loss is not finite.
    """
    machine, folder = machine or Machine(), out / "training"
    _check_machine(config, machine)
    _check_validation(dataset)
    _claim(folder, config, dataset)
    if (out / "config.json").exists():  # the last file that a run writes
        console.say(f"{out}: this run is finished")
        return load_model(out)
    lightning.seed_everything(config.seed, verbose=False)
    model = _new_model(dataset, out.name, config)
    learner = Learner(model.module, dataset, model.geometry, config)
    best = _checkpoint(folder, "best", monitor="val_pearson", mode="max")
    # A second one, because Lightning writes `last` beside a monitored figure only when that is a new best.
    callbacks: list[Callback] = [best, _checkpoint(folder, "last")]
    if config.patience:
        callbacks.append(Patience(config.patience))
    with ExitStack() as stack:
        stack.enter_context(_quiet_lightning())
        advance = stack.enter_context(console.progress("training", config.steps))
        callbacks.insert(0, Report(folder / "log.csv", config, advance, console))
        if config.ema_decay:
            callbacks.insert(0, Averaging(config.ema_decay))
        trainer = _trainer(folder, config, machine, callbacks)
        stack.enter_context(_ctrl_c())
        trainer.fit(learner, ckpt_path=_resume(folder))
    if trainer.is_global_zero:
        checkpoint = torch.load(folder / "best.ckpt", map_location="cpu", weights_only=True)
        learner.load_state_dict(checkpoint["state_dict"])
        score = None if best.best_model_score is None else float(best.best_model_score)  # None: the folder was moved
        training = {"genint": __version__, "command": command, "dataset": dataset.digest, "val_pearson": score}
        model = dataclasses.replace(model, training={**training, **dataclasses.asdict(config)})
        save_model(out, model, _card(model, dataset))
    trainer.strategy.barrier()
    return load_model(out)


def _new_model(dataset: TrackDataset, name: str, config: TrainConfig) -> Model:
    """A model with fresh weights, or with another model's trunk under a fresh head."""
    source = load_model(config.from_model) if config.from_model else None
    architecture = source.architecture if source else config.architecture
    numbers: ModelConfig = source.config if source else ARCHITECTURES[architecture].presets[config.preset]()
    module = build(architecture, numbers, len(dataset.tracks))
    module.start_at(torch.from_numpy(track_means(dataset)).float())
    if source:
        trunk = {key: value for key, value in source.module.state_dict().items() if not key.startswith("head.")}
        module.load_state_dict(trunk, strict=False)
    if config.freeze_trunk:
        module.eval().requires_grad_(False)  # eval: no dropout, and batch statistics stay what they are
        module.head.train().requires_grad_(True)
    return Model(name, architecture, numbers, module, dataset.tracks, dataset.assembly, digest="", training={})


def _trainer(folder: Path, config: TrainConfig, machine: Machine, callbacks: list[Callback]) -> lightning.Trainer:
    several = machine.processes * machine.nodes > 1
    dtype = choose_dtype(config.precision, choose_device(machine.device), training=True)
    logger: Any = False
    if machine.tensorboard:
        from lightning.pytorch.loggers import TensorBoardLogger

        try:
            logger = TensorBoardLogger(folder, name="tensorboard", version="")
        except ModuleNotFoundError:
            raise InputError("--tensorboard: tensorboard is not installed. Run: pip install tensorboard") from None
    return lightning.Trainer(
        default_root_dir=folder,
        accelerator={"cuda": "gpu"}.get(machine.device, machine.device),
        devices=machine.processes,
        num_nodes=machine.nodes,
        strategy=("ddp" if several else "auto") if machine.strategy == "auto" else machine.strategy,
        max_steps=config.steps,
        accumulate_grad_batches=config.accumulate,
        precision="bf16-mixed" if dtype == torch.bfloat16 else "32-true",
        gradient_clip_val=config.gradient_clip or None,
        callbacks=callbacks,
        logger=logger,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        reload_dataloaders_every_n_epochs=1,
        use_distributed_sampler=False,  # the learner shares out windows itself, so that nothing is padded or shuffled
    )


def _checkpoint(folder: Path, name: str, **options: Any) -> ModelCheckpoint:
    return ModelCheckpoint(folder, name, save_on_train_epoch_end=True, enable_version_counter=False, **options)


def _check_machine(config: TrainConfig, machine: Machine) -> None:
    if machine.device not in ("auto", "cpu", "cuda", "mps"):
        raise InputError(f"--device {machine.device}: not one of auto, cpu, cuda, mps")
    if machine.device in ("cuda", "mps"):
        choose_device(machine.device)
    if machine.strategy not in ("auto", "ddp", "fsdp"):
        raise InputError(f"--strategy {machine.strategy}: not one of auto, ddp, fsdp")
    parts = machine.processes * machine.nodes * config.accumulate
    if config.batch_size % parts:
        raise InputError(
            f"batch_size is {config.batch_size}, which {machine.nodes} node(s) of {machine.processes} process(es) "
            f"computing in {config.accumulate} part(s) cannot share out. Expected a multiple of {parts}"
        )


def _check_validation(dataset: TrackDataset) -> None:
    """Without a track that varies there is no Pearson, and no best model."""
    pearson = Pearson(len(dataset.tracks))
    for segment in dataset.split("valid"):
        for first_bin in range(0, segment.bins(dataset.bin_bp), _BLOCK_BINS):
            targets = dataset.targets(segment, first_bin, _BLOCK_BINS)
            pearson.update(targets, targets)
            if np.isfinite(pearson.compute()).any():  # in most data sets after the first block
                return
    raise InputError(
        f"{dataset.path}: no track varies over the valid split, so no Pearson can be computed. "
        "Make the data set again with another --valid"
    )


_BLOCK_BINS = 128


def _claim(folder: Path, config: TrainConfig, dataset: TrackDataset) -> None:
    """Start a run in `folder`, or make sure that the run it holds is this one."""
    identity = {"dataset": dataset.digest, **dataclasses.asdict(config)}
    if config.from_model:
        identity["from_model"] = load_model(config.from_model).digest
    file = folder / "run.json"
    if file.exists():
        try:
            before = dict(json.loads(file.read_text()))
        except (ValueError, TypeError) as error:
            raise InputError(f"{file}: is damaged ({error}). Remove {folder} to begin anew") from None
        changed = [
            f"{name}: {before.get(name)} then, {value} now"
            for name, value in identity.items()
            if before.get(name) != value
        ]
        if changed:
            raise InputError(
                f"{folder.parent}: holds a run of other settings ({'; '.join(changed)}). Choose another -o"
            )
        return
    for name in ("config.json", "model.safetensors", "tracks.tsv", "README.md"):
        if (folder.parent / name).exists():
            raise InputError(f"{folder.parent}: {name} is there, and no training/run.json beside it. Choose another -o")
    folder.mkdir(parents=True, exist_ok=True)
    write_train_config(config, folder / "train.toml")
    new = folder / f".run.json.{os.getpid()}.tmp"  # renamed when complete: other processes of the run read it
    new.write_text(json.dumps(identity, indent=1) + "\n")
    os.replace(new, file)


def _resume(folder: Path) -> Path | None:
    """The checkpoint to go on from, if there is one. Each is a zip file, which ends with its table of contents."""
    last, best = folder / "last.ckpt", folder / "best.ckpt"
    if not last.exists():
        return None
    for file in (last, best):
        if not zipfile.is_zipfile(file):
            raise InputError(f"{file}: is missing or cut short. Remove {folder} to begin anew")
    return last


@contextmanager
def _ctrl_c() -> Iterator[None]:
    """Lightning answers Ctrl-C with exit 1, and ignores it from then on; who called us expects KeyboardInterrupt."""
    before = signal.getsignal(signal.SIGINT)
    try:
        yield
    except SystemExit as stop:
        if stop.code != 1:  # SIGTERM has a code of its own
            raise
        signal.signal(signal.SIGINT, before)
        raise KeyboardInterrupt from None


def _quiet_lightning() -> Any:
    """Lightning's hints speak to its own users; ours read console lines."""
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    return warnings.catch_warnings(action="ignore")


def _card(model: Model, dataset: TrackDataset) -> str:
    """The model card: what a reader of the folder needs to know, from what the run knows."""
    splits = {
        name: sorted({s.chrom for s in dataset.segments if s.split == name}) for name in ("train", "valid", "test")
    }
    assays = sorted({track.assay for track in model.tracks})
    preset, score = model.training["preset"], model.training["val_pearson"]
    settings = ", ".join(f"{name}={value}" for name, value in model.training.items() if name in _SETTINGS)
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
            "Judge it on its test split with `genint eval` before trusting it on other chromosomes. Nothing is known",
            "of its worth on other species, cell types or conditions.",
            "",
        ]
    )


_SETTINGS = {field.name for field in dataclasses.fields(TrainConfig)}
