"""Training: a data set goes in, a model folder comes out, and a killed run goes on where it stopped."""

import dataclasses
import json
import logging
import os
import platform
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
from genint.models.base import TrackModel
from genint.models.folder import Model, load_model, save_model
from genint.models.registry import ARCHITECTURES, build
from genint.prediction.devices import choose_device
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
    architecture, module = _new_module(dataset, config)
    learner = Learner(module, dataset, module.geometry, config)
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
        training = {**training, **dataclasses.asdict(config)}
        card = _card(out.name, architecture, module, training, dataset)
        save_model(
            out, module, dataset.tracks, dataset.assembly, architecture=architecture, training=training, card=card
        )
    trainer.strategy.barrier()
    return load_model(out)


def _new_module(dataset: TrackDataset, config: TrainConfig) -> tuple[str, TrackModel]:
    """An architecture's name and module: with fresh weights, or with another model's trunk under a fresh head."""
    source = load_model(config.from_model) if config.from_model else None
    architecture = source.architecture if source else config.architecture
    numbers = source.config if source else ARCHITECTURES[architecture].presets[config.preset]()
    module = build(architecture, numbers, len(dataset.tracks))
    module.init_output_bias(torch.from_numpy(track_means(dataset)).float())
    if source:
        module.load_trunk(source.module)
    if config.freeze_trunk:
        module.freeze_trunk()
    return architecture, module


def _trainer(folder: Path, config: TrainConfig, machine: Machine, callbacks: list[Callback]) -> lightning.Trainer:
    several = machine.processes * machine.nodes > 1
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
        precision="bf16-mixed" if _wants_bfloat16(config.precision, machine.device) else "32-true",
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


def _wants_bfloat16(precision: str, device: str) -> bool:
    """`auto`: where the device multiplies bfloat16 natively (recent GPUs, and CPUs with AMX)."""
    if precision != "auto":
        return precision == "bfloat16"
    if torch.cuda.is_available() and device in ("auto", "cuda"):
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return platform.machine() in ("x86_64", "AMD64") and bool(torch.cpu._is_amx_tile_supported())


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


def _card(name: str, architecture: str, module: TrackModel, training: dict[str, Any], dataset: TrackDataset) -> str:
    """The model card: what a reader of the folder needs to know, from what the run knows."""
    splits = {
        name: sorted({s.chrom for s in dataset.segments if s.split == name}) for name in ("train", "valid", "test")
    }
    assays = sorted({track.assay for track in dataset.tracks})
    preset, score, geometry = training["preset"], training["val_pearson"], module.geometry
    settings = ", ".join(f"{name}={value}" for name, value in training.items() if name in _SETTINGS)
    return "\n".join(
        [
            f"# {name}",
            "",
            f"A model, {architecture}{f' ({preset})' if preset else ''}, of {len(dataset.tracks)} tracks "
            f"({', '.join(assays)}) in bins of {geometry.bin_bp} bp from {geometry.input_bp:,} bp of DNA.",
            "",
            f"- Assembly: {dataset.assembly.name}",
            *(f"- {name}: {', '.join(chroms) or 'none'}" for name, chroms in splits.items()),
            f"- Best mean validation Pearson over tracks: {'not known' if score is None else f'{score:.4f}'}",
            f"- Command: `{training['command']}`",
            f"- Settings: {settings}",
            "",
            "Judge it on its test split with `genint eval` before trusting it on other chromosomes. Nothing is known",
            "of its worth on other species, cell types or conditions.",
            "",
        ]
    )


_SETTINGS = {field.name for field in dataclasses.fields(TrainConfig)}
