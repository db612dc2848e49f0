"""Training: a data set goes in, a model folder comes out, and a killed run goes on where it stopped."""

import csv
import dataclasses
import json
import logging
import math
import platform
import tomllib
import warnings
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightning
import torch
from lightning.pytorch.callbacks import Callback, ModelCheckpoint, WeightAveraging
from torch import Tensor
from torch.utils.data import DataLoader

from genint import __version__
from genint.console import Console
from genint.data.loader import SplitTiles, TrainingWindows, track_means
from genint.data.store import DataSet
from genint.errors import InputError
from genint.losses import poisson
from genint.metrics import Pearson, mean_over_tracks
from genint.models.folder import ARCHITECTURES, Model, build, load_model, save_model
from genint.models.layers import ModelConfig, TrackModel


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """Everything that decides a training run besides the data set. Written beside the model as train.toml."""

    architecture: str = "interpreter"
    preset: str = "small"
    steps: int = 10_000
    batch_size: int = 4
    learning_rate: float = 1e-3
    warmup_steps: int = 300
    weight_decay: float = 0.05
    gradient_clip: float = 1.0
    ema_decay: float = 0.999
    shift_bp: int = 16
    reverse_complement: bool = True
    precision: str = "auto"
    validate_every: int = 500
    seed: int = 1

    def __post_init__(self) -> None:
        if self.architecture not in ARCHITECTURES:
            raise InputError(f"architecture {self.architecture!r}: not one of {', '.join(ARCHITECTURES)}")
        presets = ARCHITECTURES[self.architecture].presets
        if self.preset not in presets:
            raise InputError(f"preset {self.preset!r}: {self.architecture} has {', '.join(presets)}")
        if self.precision not in ("auto", "float32", "bfloat16"):
            raise InputError(f"precision {self.precision!r}: not one of auto, float32, bfloat16")
        for name in ("steps", "batch_size", "learning_rate", "validate_every"):
            if not getattr(self, name) > 0:
                raise InputError(f"{name} is {getattr(self, name)}. Expected a number above 0")
        for name in ("warmup_steps", "weight_decay", "gradient_clip", "shift_bp", "seed"):
            if not getattr(self, name) >= 0:
                raise InputError(f"{name} is {getattr(self, name)}. Expected 0 or more")
        if not 0 <= self.ema_decay < 1:
            raise InputError(f"ema_decay is {self.ema_decay}. Expected 0 (off) or a number below 1")


def read_train_config(file: Path | None, overrides: dict[str, Any]) -> TrainConfig:
    """Defaults, then the TOML file's values, then `overrides` (None = not given)."""
    kinds = {field.name: type(field.default) for field in dataclasses.fields(TrainConfig)}
    values: dict[str, Any] = {}
    if file is not None:
        try:
            values = tomllib.loads(file.read_text(encoding="utf-8"))
        except OSError as error:
            raise InputError(f"{file}: cannot read ({error.strerror}). Expected a TOML file") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise InputError(f"{file}: is not TOML ({error})") from None
    for name, value in values.items():
        if name not in kinds:
            raise InputError(f"{file}: {name} is not a setting. Known are {', '.join(kinds)}")
        accepted = (int, float) if kinds[name] is float else kinds[name]
        if not isinstance(value, accepted) or (isinstance(value, bool) and kinds[name] is not bool):
            raise InputError(f"{file}: {name} = {value!r} is not of type {kinds[name].__name__}")
    return TrainConfig(**{**values, **{name: value for name, value in overrides.items() if value is not None}})


def write_train_config(config: TrainConfig, file: Path) -> None:
    """TOML that reads back as the same config (its scalars are spelled as in JSON)."""
    file.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in dataclasses.asdict(config).items()))


def train(dataset: DataSet, out: Path, config: TrainConfig, console: Console, command: str = "") -> Model:
    """Train until `config.steps`, going on from `out`/training/last.ckpt if it is there; write the best model to `out`.

    Best is the highest mean validation Pearson over tracks, of the averaged weights when ema_decay is set.
    Raises InputError when `out` holds a run of other settings or another data set.
    """
    folder = out / "training"
    _claim(folder, config, dataset)
    model_config = ARCHITECTURES[config.architecture].presets[config.preset]()
    lightning.seed_everything(config.seed, verbose=False)
    module = build(config.architecture, model_config, len(dataset.tracks))
    module.start_at(torch.from_numpy(track_means(dataset)).float())
    learner = Learner(module, config)
    averaging = [_Averaging(config.ema_decay)] if config.ema_decay else []
    # Two, because Lightning writes `last` of the one that monitors a figure only when the figure is a new best.
    best = ModelCheckpoint(
        folder, "best", monitor="val_pearson", mode="max", save_on_train_epoch_end=True, enable_version_counter=False
    )
    last = ModelCheckpoint(folder, "last", save_on_train_epoch_end=True, enable_version_counter=False)
    with ExitStack() as stack:
        stack.enter_context(_quiet_lightning())
        report = _Report(
            folder / "log.csv", config, stack.enter_context(console.progress("training", config.steps)), console
        )
        trainer = lightning.Trainer(
            default_root_dir=folder,
            max_steps=config.steps,
            precision="bf16-mixed" if _wants_bfloat16(config.precision) else "32-true",
            gradient_clip_val=config.gradient_clip or None,
            callbacks=[*averaging, report, best, last],
            logger=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            num_sanity_val_steps=0,
            reload_dataloaders_every_n_epochs=1,
        )
        learner.windows = lambda epoch: _training_loader(dataset, model_config, config, epoch)
        validation = DataLoader(SplitTiles(dataset, model_config.geometry, "valid"), batch_size=config.batch_size)
        resume = folder / "last.ckpt"
        trainer.fit(learner, val_dataloaders=validation, ckpt_path=resume if resume.exists() else None)
    checkpoint = torch.load(folder / "best.ckpt", map_location="cpu", weights_only=True)
    learner.load_state_dict(checkpoint["state_dict"])
    best_pearson = float(best.best_model_score) if best.best_model_score is not None else float("nan")
    return _save(learner.model, dataset, out, config, model_config, best_pearson, command)


class Learner(lightning.LightningModule):
    """Wires the model to its loss, optimizer and validation metric."""

    def __init__(self, model: TrackModel, config: TrainConfig) -> None:
        super().__init__()
        self.model, self._config = model, config
        self.windows: Callable[[int], DataLoader[Any]]

    def train_dataloader(self) -> DataLoader[Any]:
        return self.windows(self.trainer.current_epoch)

    def training_step(self, batch: Sequence[Tensor], index: int) -> Tensor:
        tokens, targets = batch
        loss = poisson(self.model(tokens), targets)
        self.log("train_loss", loss, on_step=False, on_epoch=True, batch_size=len(tokens))
        return loss

    def on_validation_epoch_start(self) -> None:
        self._pearson: Pearson | None = None

    def validation_step(self, batch: Sequence[Tensor], index: int) -> None:
        tokens, targets = batch
        self._pearson = self._pearson or Pearson(targets.shape[-1])
        self._pearson.update(self.model(tokens).float().cpu().numpy(), targets.cpu().numpy())

    def on_validation_epoch_end(self) -> None:
        assert self._pearson is not None
        self.log("val_pearson", mean_over_tracks(self._pearson.compute()))

    def configure_optimizers(self) -> Any:
        config = self._config
        # Biases, gains and norms are not pulled towards zero.
        groups = [
            {"params": [p for p in self.parameters() if p.ndim > 1], "weight_decay": config.weight_decay},
            {"params": [p for p in self.parameters() if p.ndim <= 1], "weight_decay": 0.0},
        ]
        optimizer = torch.optim.AdamW(groups, lr=config.learning_rate, betas=(0.9, 0.98))

        def rate(step: int) -> float:
            if step < config.warmup_steps:
                return (step + 1) / config.warmup_steps
            done = (step - config.warmup_steps) / max(config.steps - config.warmup_steps, 1)
            return 0.5 * (1 + math.cos(math.pi * min(done, 1.0)))

        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, rate)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


class _Averaging(WeightAveraging):
    """Exponential moving average of the weights, over fewer steps at the start so that it forgets where it began."""

    def __init__(self, decay: float) -> None:
        def average(averaged: Tensor, current: Tensor, seen: Tensor | int) -> Tensor:
            steps = float(seen)
            return averaged + (1 - min(decay, (1 + steps) / (10 + steps))) * (current - averaged)

        super().__init__(avg_fn=average)


class _Report(Callback):
    """Moves the progress bar, prints a line per validation and keeps log.csv."""

    def __init__(self, log: Path, config: TrainConfig, advance: Callable[[int], None], console: Console) -> None:
        self._log, self._config, self._advance, self._console = log, config, advance, console

    def on_train_start(self, trainer: lightning.Trainer, learner: lightning.LightningModule) -> None:
        self._reported = trainer.global_step
        self._advance(trainer.global_step)

    def on_train_batch_end(self, trainer: lightning.Trainer, *_: Any) -> None:
        self._advance(1)

    def on_train_epoch_end(self, trainer: lightning.Trainer, learner: lightning.LightningModule) -> None:
        if trainer.global_step == self._reported:
            return  # a resumed run passes the end of the epoch that its checkpoint was written in once more
        self._reported = trainer.global_step
        figures = {name: float(trainer.callback_metrics[name]) for name in ("train_loss", "val_pearson")}
        row = {"step": trainer.global_step, **figures}
        new = not self._log.exists()
        with open(self._log, "a", newline="") as file:
            writer = csv.DictWriter(file, list(row))
            if new:
                writer.writeheader()
            writer.writerow(row)
        line = "  ".join(f"{name} {value:.4f}" for name, value in figures.items())
        self._console.say(f"step {trainer.global_step:,} of {self._config.steps:,}  {line}")


def _training_loader(dataset: DataSet, model: ModelConfig, config: TrainConfig, epoch: int) -> DataLoader[Any]:
    """The windows between two validations. Which they are depends on the epoch alone, not on what ran before."""
    per_epoch = config.validate_every * config.batch_size
    first, last = epoch * per_epoch, min((epoch + 1) * per_epoch, config.steps * config.batch_size)
    windows = TrainingWindows(
        dataset,
        model.geometry,
        seed=config.seed,
        shift_bp=config.shift_bp,
        reverse=config.reverse_complement,
        indices=range(first, last),
    )
    return DataLoader(windows, batch_size=config.batch_size)


def _wants_bfloat16(precision: str) -> bool:
    """`auto`: where the device multiplies bfloat16 natively (recent GPUs, and CPUs with AMX)."""
    if precision != "auto":
        return precision == "bfloat16"
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return platform.machine() in ("x86_64", "AMD64") and bool(torch.cpu._is_amx_tile_supported())


def _claim(folder: Path, config: TrainConfig, dataset: DataSet) -> None:
    """Start a run in `folder`, or make sure that the run it holds is this one."""
    identity = {"dataset": dataset.digest, **dataclasses.asdict(config)}
    file = folder / "run.json"
    if file.exists():
        before = json.loads(file.read_text())
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
    folder.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(identity, indent=1) + "\n")
    write_train_config(config, folder / "train.toml")


def _quiet_lightning() -> Any:
    """Lightning's hints speak to its own users; ours read console lines."""
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    return warnings.catch_warnings(action="ignore")


def _save(
    module: TrackModel,
    dataset: DataSet,
    out: Path,
    config: TrainConfig,
    model_config: ModelConfig,
    val_pearson: float,
    command: str,
) -> Model:
    training = {"genint": __version__, "command": command, "dataset": dataset.digest, "val_pearson": val_pearson}
    training |= dataclasses.asdict(config)
    model = Model(
        name=out.name,
        architecture=config.architecture,
        config=model_config,
        module=module,
        tracks=dataset.tracks,
        assembly=dataset.assembly,
        digest="",
        training=training,
    )
    save_model(out, model, _card(model, dataset))
    return load_model(out)


def _card(model: Model, dataset: DataSet) -> str:
    """The model card: what a reader of the folder needs to know, from what the run knows."""
    splits = {
        name: sorted({s.chrom for s in dataset.stretches if s.split == name}) for name in ("train", "valid", "test")
    }
    assays = sorted({track.assay for track in model.tracks})
    settings = ", ".join(f"{name}={value}" for name, value in model.training.items() if name in _SETTINGS)
    return "\n".join(
        [
            f"# {model.name}",
            "",
            f"A {model.architecture} ({model.training['preset']}) that predicts {len(model.tracks)} tracks "
            f"({', '.join(assays)}) in bins of {model.geometry.bin_bp} bp from {model.geometry.input_bp:,} bp of DNA.",
            "",
            f"- Assembly: {model.assembly.name}",
            *(f"- {name}: {', '.join(chroms) or 'none'}" for name, chroms in splits.items()),
            f"- Best mean validation Pearson over tracks: {model.training['val_pearson']:.4f}",
            f"- Command: `{model.training['command']}`",
            f"- Settings: {settings}",
            "",
            "Judge it on its test split with `genint eval` before trusting it on other chromosomes. Nothing is known",
            "of its worth on other species, cell types or conditions.",
            "",
        ]
    )


_SETTINGS = {field.name for field in dataclasses.fields(TrainConfig)}
