"""Training: a data set goes in, a model folder comes out, and a killed run resumes where it stopped."""

import dataclasses
import errno
import json
import logging
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
from genint.atomic import replacing
from genint.console import Console
from genint.datasets.dataset import TrackDataset
from genint.datasets.loader import track_means
from genint.errors import InputError, cannot_write
from genint.evaluation.metrics import Pearson
from genint.models.base import TrackModel
from genint.models.folder import Model, load_model, save_model
from genint.models.registry import ARCHITECTURES, build
from genint.prediction.devices import choose_device, choose_dtype
from genint.provenance import command_line
from genint.training.callbacks import Averaging, Patience, RunLog
from genint.training.config import TrainConfig, resolve, write_train_config
from genint.training.lightning_module import TrainingModule
from genint.training.model_card import write_card

_BINS_AT_ONCE = 128  # until one track varies, when validation is checked


@dataclass(frozen=True, kw_only=True)
class ComputeResources:
    """Where a run computes; none of it changes what the run learns, beyond rounding.

    `device`: auto, cpu, cuda or mps. `processes`: on each of `nodes` nodes, one per GPU. `strategy`: auto (ddp when
    there are several processes), ddp, or fsdp, which spreads the weights, too. `tensorboard`: also log for it.
    """

    device: str = "auto"
    processes: int = 1
    nodes: int = 1
    strategy: str = "auto"
    tensorboard: bool = False


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
    checkpoint, and when the loss is not finite; OutputError when the system refuses to write.
    """
    config = resolve(dataclasses.replace(config or TrainConfig(), **settings))
    dataset = dataset if isinstance(dataset, TrackDataset) else TrackDataset(dataset)
    out, console, resources = Path(out), console or Console(quiet=True), resources or ComputeResources()
    _check_resources(config, resources)
    _check_validation(dataset)
    with _report_refusals(out):
        _claim(out / "training", config, dataset)
    if (out / "config.json").exists():  # the last file that a run writes
        console.say(f"{out}: this run is finished")
        return load_model(out)
    lightning.seed_everything(config.seed, verbose=False)
    architecture, module = _new_module(dataset, config)
    with _report_refusals(out):
        _fit(dataset, out, architecture, module, config, console, resources)
    return load_model(out)


def _fit(
    dataset: TrackDataset,
    out: Path,
    architecture: str,
    module: TrackModel,
    config: TrainConfig,
    console: Console,
    resources: ComputeResources,
) -> None:
    """Run Lightning over the steps that are left, then save the best checkpoint as a model folder."""
    folder = out / "training"
    training_module = TrainingModule(module, dataset, module.geometry, config)
    best = _make_checkpoint(folder, "best", monitor="val_pearson", mode="max")
    # A second one, because Lightning writes `last` beside a monitored figure only when that is a new best.
    callbacks: list[Callback] = [best, _make_checkpoint(folder, "last")]
    if config.patience:
        callbacks.append(Patience(config.patience))
    with ExitStack() as stack:
        stack.enter_context(_quiet_lightning())
        callbacks.insert(0, stack.enter_context(RunLog(folder / "log.csv", config, console)))
        if config.ema_decay:
            callbacks.insert(0, Averaging(config.ema_decay))
        trainer = _make_trainer(folder, config, resources, callbacks)
        stack.enter_context(_keep_ctrl_c())
        trainer.fit(training_module, ckpt_path=_find_checkpoint(folder))
    if trainer.is_global_zero:
        checkpoint = torch.load(folder / "best.ckpt", map_location="cpu", weights_only=True)
        training_module.load_state_dict(checkpoint["state_dict"])
        score = None if best.best_model_score is None else float(best.best_model_score)  # None: the folder was moved
        training = {"genint": __version__, "command": command_line(), "dataset": dataset.digest, "val_pearson": score}
        training = {**training, **dataclasses.asdict(config)}
        card = write_card(out.name, architecture, module, training, dataset)
        save_model(
            out, module, dataset.tracks, dataset.assembly, architecture=architecture, training=training, card=card
        )
    trainer.strategy.barrier()


@contextmanager
def _report_refusals(out: Path) -> Iterator[None]:
    """A refusal of the system that names no file is of the model folder; the message has the size that it got."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EACCES, errno.EROFS):
            raise
        held = sum(file.stat().st_size for file in out.rglob("*") if file.is_file())
        reason = OSError(error.errno, f"{error.strerror}; {out} holds {held:,} bytes")
        raise cannot_write(error.filename or out / "training", reason) from None


def _new_module(dataset: TrackDataset, config: TrainConfig) -> tuple[str, TrackModel]:
    """An architecture's name and module: with fresh weights, or with another model's trunk under a fresh head."""
    source = load_model(config.from_model) if config.from_model else None
    architecture = source.architecture if source else config.architecture
    kind = ARCHITECTURES[architecture]
    numbers = source.config if source else kind.presets[config.preset]()
    if not config.attention and kind.without_attention:
        numbers = kind.without_attention(numbers)
    module = build(architecture, numbers, len(dataset.tracks))
    module.init_output_bias(torch.from_numpy(track_means(dataset)).float())
    if source:
        module.load_trunk(source.module)
    if config.freeze_trunk:
        module.freeze_trunk()
    return architecture, module


def _make_trainer(
    folder: Path, config: TrainConfig, resources: ComputeResources, callbacks: list[Callback]
) -> lightning.Trainer:
    several = resources.processes * resources.nodes > 1
    dtype = choose_dtype(config.precision, choose_device(resources.device), training=True)
    logger: Any = False
    if resources.tensorboard:
        from lightning.pytorch.loggers import TensorBoardLogger

        try:
            logger = TensorBoardLogger(folder, name="tensorboard", version="")
        except ModuleNotFoundError:
            raise InputError("`tensorboard`: it is not installed. Run: pip install tensorboard") from None
    return lightning.Trainer(
        default_root_dir=folder,
        accelerator={"cuda": "gpu"}.get(resources.device, resources.device),
        devices=resources.processes,
        num_nodes=resources.nodes,
        strategy=("ddp" if several else "auto") if resources.strategy == "auto" else resources.strategy,
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
        use_distributed_sampler=False,  # TrainingModule deals out windows itself: none is padded or shuffled
    )


def _make_checkpoint(folder: Path, name: str, **options: Any) -> ModelCheckpoint:
    return ModelCheckpoint(folder, name, save_on_train_epoch_end=True, enable_version_counter=False, **options)


def _check_resources(config: TrainConfig, resources: ComputeResources) -> None:
    if resources.device not in ("auto", "cpu", "cuda", "mps"):
        raise InputError(f"`device` {resources.device}: not one of auto, cpu, cuda, mps")
    if resources.device in ("cuda", "mps"):
        choose_device(resources.device)
    if resources.strategy not in ("auto", "ddp", "fsdp"):
        raise InputError(f"`strategy` {resources.strategy}: not one of auto, ddp, fsdp")
    parts = resources.processes * resources.nodes * config.accumulate
    if config.batch_size % parts:
        raise InputError(
            f"`batch_size` is {config.batch_size}; {resources.nodes} node(s) of {resources.processes} process(es), "
            f"computing in {config.accumulate} part(s), cannot divide that evenly. Expected a multiple of {parts}"
        )


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
            raise InputError(f"{file}: is damaged ({error}). Remove {folder} to start over") from None
        changed = [
            f"{name}: {before.get(name)} then, {value} now"
            for name, value in identity.items()
            if before.get(name) != value
        ]
        if changed:
            raise InputError(
                f"{folder.parent}: holds a run of other settings ({'; '.join(changed)}). Choose another `out`"
            )
        return
    for name in ("config.json", "model.safetensors", "tracks.tsv", "README.md"):
        if (folder.parent / name).exists():
            raise InputError(
                f"{folder.parent}: {name} is there, and no training/run.json beside it. Choose another `out`"
            )
    folder.mkdir(parents=True, exist_ok=True)
    write_train_config(config, folder / "train.toml")
    with replacing(file) as new:  # other processes of the run read it
        new.write_text(json.dumps(identity, indent=1, allow_nan=False) + "\n")


def _find_checkpoint(folder: Path) -> Path | None:
    """The checkpoint to resume from, if there is one. Each is a zip file, which ends with its table of contents."""
    last, best = folder / "last.ckpt", folder / "best.ckpt"
    if not last.exists():
        return None
    for file in (last, best):
        if not zipfile.is_zipfile(file):
            raise InputError(f"{file}: is missing or cut short. Remove {folder} to start over")
    return last


@contextmanager
def _keep_ctrl_c() -> Iterator[None]:
    """Lightning turns Ctrl-C into exit 1, and ignores it from then on; who called us expects KeyboardInterrupt."""
    before = signal.getsignal(signal.SIGINT)
    try:
        yield
    except SystemExit as stop:
        if stop.code != 1:  # SIGTERM has a code of its own
            raise
        signal.signal(signal.SIGINT, before)
        raise KeyboardInterrupt from None


def _quiet_lightning() -> Any:
    """Lightning's hints are for its own users; ours read console lines."""
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    return warnings.catch_warnings(action="ignore")
