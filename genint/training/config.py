"""The settings of a training run: defaults, a TOML file, the command line, in this order."""

import dataclasses
import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genint.errors import InputError
from genint.models.bundled import find_model
from genint.models.config_file import read_config, read_header
from genint.models.registry import ARCHITECTURES
from genint.training.losses import LOSSES


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """Everything that decides a training run besides the data set. Written beside the model as train.toml."""

    architecture: str = ""  # filled in: that of from_model, or interpreter
    preset: str = ""  # filled in: the one with from_model's numbers, if any, or small
    steps: int = 10_000
    batch_size: int = 4  # windows per step, shared out over all processes
    accumulate: int = 1  # parts that a step's windows are computed in, where a whole batch does not fit
    loss: str = "poisson"
    learning_rate: float = 1e-3
    warmup_steps: int = 300
    weight_decay: float = 0.05
    gradient_clip: float = 1.0
    ema_decay: float = 0.999
    shift_bp: int = 16
    reverse_complement: bool = True
    precision: str = "auto"
    validate_every: int = 500
    patience: int = 0  # validations without a better Pearson before training stops; 0: never
    seed: int = 1
    from_model: str = ""  # start from this model's trunk, with a new head
    freeze_trunk: bool = False  # and leave that trunk as it is

    def __post_init__(self) -> None:
        self._fill_in()
        if self.architecture not in ARCHITECTURES:
            raise InputError(f"architecture {self.architecture!r}: not one of {', '.join(ARCHITECTURES)}")
        presets = ARCHITECTURES[self.architecture].presets
        if self.preset not in presets and not self.from_model:
            raise InputError(f"preset {self.preset!r}: {self.architecture} has {', '.join(presets)}")
        if self.precision not in ("auto", "float32", "bfloat16"):
            raise InputError(f"precision {self.precision!r}: not one of auto, float32, bfloat16")
        if self.loss not in LOSSES:
            raise InputError(f"loss {self.loss!r}: not one of {', '.join(LOSSES)}")
        if self.freeze_trunk and not self.from_model:
            raise InputError("freeze_trunk needs from_model: a trunk that never learned is of no use")
        if self.accumulate < 1 or self.batch_size % self.accumulate:
            raise InputError(f"accumulate is {self.accumulate}. Expected a divisor of batch_size, {self.batch_size}")
        for name in ("steps", "batch_size", "learning_rate", "validate_every"):
            if not getattr(self, name) > 0:
                raise InputError(f"{name} is {getattr(self, name)}. Expected a number above 0")
        for name in ("warmup_steps", "weight_decay", "gradient_clip", "shift_bp", "seed", "patience"):
            if not getattr(self, name) >= 0:
                raise InputError(f"{name} is {getattr(self, name)}. Expected 0 or more")
        if self.seed >= 2**32:
            raise InputError(f"seed is {self.seed}. Expected less than 4294967296")
        if not 0 <= self.ema_decay < 1:
            raise InputError(f"ema_decay is {self.ema_decay}. Expected 0 (off) or a number below 1")

    def _fill_in(self) -> None:
        """Architecture and preset where they are not given; beside from_model they can only be its own."""
        architecture, preset = _kind_of(self.from_model) if self.from_model else ("interpreter", "small")
        for name, value in (("architecture", architecture), ("preset", preset)):
            given = getattr(self, name)
            if self.from_model and given not in ("", value):
                raise InputError(f"{name} is {given!r}, from_model's is {value or 'none'!r}. Leave {name} out")
            object.__setattr__(self, name, given or value)


def _kind_of(model: str) -> tuple[str, str]:
    """The architecture of a model folder and the preset with just its numbers, "" when there is none."""
    folder = find_model(model)
    header = read_header(folder)
    architecture, numbers = header["architecture"], read_config(folder, header)
    presets = ARCHITECTURES[architecture].presets.items()
    return architecture, next((name for name, make in presets if make() == numbers), "")


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
