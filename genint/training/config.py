"""The settings of a training run: defaults, a TOML file, the command line, in this order. Nothing heavy is imported."""

import dataclasses
import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args, get_type_hints

from genint.choices import Dtype
from genint.errors import InputError
from genint.text import read_lines

Loss = Literal["poisson", "poisson-multinomial"]
LossWeights = Literal["equal", "assay"]


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """What every training run decides: model, steps, optimizer. InputError for a number that makes no sense."""

    architecture: Annotated[str, "Kind of model. Left out: from_model's, or interpreter."] = ""
    preset: Annotated[str, "Its size. Left out: the one with from_model's numbers, or small."] = ""
    steps: Annotated[int, "Optimizer steps."] = 10_000
    batch_size: Annotated[int, "Windows per step, over all processes."] = 4
    accumulate: Annotated[int, "Parts that a step's windows are computed in, to save memory."] = 1
    learning_rate: Annotated[float, "Peak of the cosine schedule."] = 1e-3
    warmup_steps: Annotated[int, "Steps over which the learning rate rises to its peak."] = 300
    weight_decay: Annotated[float, "AdamW's, of weights; biases and norms are left out."] = 0.05
    gradient_clip: Annotated[float, "Largest norm of a step's gradient; 0: no limit."] = 1.0
    ema_decay: Annotated[float, "Of the averaged weights, which are kept; 0: no average."] = 0.999
    precision: Annotated[Dtype, "auto: bfloat16 where the device multiplies it."] = "auto"
    validate_every: Annotated[int, "Steps between validations, each of which saves a checkpoint."] = 500
    seed: Annotated[int, "Decides weights and windows."] = 1

    def __post_init__(self) -> None:
        if self.precision not in get_args(Dtype):
            raise InputError(f"`precision` {self.precision!r}: not one of {', '.join(get_args(Dtype))}")
        if self.accumulate < 1 or self.batch_size % self.accumulate:
            raise InputError(
                f"`accumulate` is {self.accumulate}. Expected a divisor of `batch_size`, {self.batch_size}"
            )
        for name in ("steps", "batch_size", "learning_rate", "validate_every"):
            if not getattr(self, name) > 0:
                raise InputError(f"`{name}` is {getattr(self, name)}. Expected a number above 0")
        for name in ("warmup_steps", "weight_decay", "gradient_clip", "seed"):
            if not getattr(self, name) >= 0:
                raise InputError(f"`{name}` is {getattr(self, name)}. Expected 0 or more")
        if self.seed >= 2**32:
            raise InputError(f"`seed` is {self.seed}. Expected less than 4294967296")
        if not 0 <= self.ema_decay < 1:
            raise InputError(f"`ema_decay` is {self.ema_decay}. Expected 0 (off) or a number below 1")


@dataclass(frozen=True, kw_only=True)
class TrainConfig(RunConfig):
    """Everything that decides a training run besides the data set. Written beside the model as train.toml.

    Raises InputError for a number that makes no sense. What depends on other files, `architecture`, `preset` and
    `from_model`, is filled in and checked by `resolve`.
    """

    loss: Annotated[Loss, "What is minimised."] = "poisson"
    loss_weights: Annotated[LossWeights, "equal: tracks as they are; assay: as much to gain in each assay."] = "equal"
    shift_bp: Annotated[int, "Most bases that DNA is shifted by against its targets."] = 16
    reverse_complement: Annotated[bool, "Show half of the windows reverse-complemented."] = True
    relatives: Annotated[float, "Fraction of the windows whose DNA is a relative's, if the data set has any."] = 0.5
    identity_power: Annotated[float, "A relative's chance grows as its identity to this power; 0: all alike."] = 0.0
    mutation_rate: Annotated[float, "Most of a window's bases that random others replace; each draws less."] = 0.0
    clean_steps: Annotated[int, "Last steps, on the reference's own, unmutated DNA alone."] = 0
    patience: Annotated[int, "Validations without a better Pearson before it stops; 0: never."] = 0
    attention: Annotated[bool, "Off: a twin without attention layers, to learn what attention gives."] = True
    from_model: Annotated[str, "Fine-tune: start from this model's trunk, with a new head."] = ""
    freeze_trunk: Annotated[bool, "With from_model: train the head alone."] = False
    teachers: Annotated[tuple[str, ...], "Also learn from this model's predictions; may be given several times."] = ()
    teacher_weight: Annotated[float, "With teachers: the fraction of the loss that is theirs."] = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, choices in (("loss", get_args(Loss)), ("loss_weights", get_args(LossWeights))):
            if getattr(self, name) not in choices:
                raise InputError(f"`{name}` {getattr(self, name)!r}: not one of {', '.join(choices)}")
        if self.freeze_trunk and not self.from_model:
            raise InputError("`freeze_trunk` needs `from_model`: a trunk that never learned is of no use")
        if not 0 < self.teacher_weight <= 1:
            raise InputError(f"`teacher_weight` is {self.teacher_weight}. Expected more than 0 and at most 1")
        for name in ("shift_bp", "patience", "identity_power", "clean_steps"):
            if not getattr(self, name) >= 0:
                raise InputError(f"`{name}` is {getattr(self, name)}. Expected 0 or more")
        for name in ("relatives", "mutation_rate"):
            if not 0 <= getattr(self, name) <= 1:
                raise InputError(f"`{name}` is {getattr(self, name)}. Expected a fraction, from 0 to 1")
        if self.clean_steps > self.steps:
            raise InputError(f"`clean_steps` is {self.clean_steps}. Expected at most `steps`, {self.steps}")


Config = TypeVar("Config", bound=RunConfig)
SETTINGS = {setting.name: setting for setting in dataclasses.fields(TrainConfig)}


def describe_setting(name: str, kind: type[RunConfig] = TrainConfig) -> str:
    """What a setting of a kind of run means, in a sentence, as help on the command line."""
    return str(get_type_hints(kind, include_extras=True)[name].__metadata__[0])


def show_default(name: str, kind: type[RunConfig] = TrainConfig) -> str | bool:
    """A setting's default as help shows it; False where it depends on other settings or is plain from the text."""
    default = kind.__dataclass_fields__[name].default
    return False if isinstance(default, bool) or default in ("", ()) else str(default)


def resolve(config: TrainConfig) -> TrainConfig:
    """Fill in `architecture` and `preset` where they are left out; beside `from_model` they can only be its own.

    Opens the folder of `from_model`. Raises InputError for an architecture or preset that there is not, for others than
    the source's, for a source that cannot be read, and for attention that cannot be left out.
    """
    architecture, preset = _identify(config.from_model) if config.from_model else ("interpreter", "small")
    for name, value in (("architecture", architecture), ("preset", preset)):
        given = getattr(config, name)
        if config.from_model and given not in ("", value):
            raise InputError(f"`{name}` is {given!r}, from_model's is {value or 'none'!r}. Leave {name} out")
    filled = dataclasses.replace(
        config, architecture=config.architecture or architecture, preset=config.preset or preset
    )
    check_architecture(filled.architecture)
    if not filled.from_model:
        check_preset(filled.architecture, filled.preset)
    if not filled.attention:
        _check_attention_can_be_off(filled)
    return filled


def check_architecture(architecture: str) -> None:
    """Raise InputError for an architecture that there is not."""
    from genint.models.registry import ARCHITECTURES

    if architecture not in ARCHITECTURES:
        raise InputError(f"`architecture` {architecture!r}: not one of {', '.join(ARCHITECTURES)}")


def check_preset(architecture: str, preset: str) -> None:
    """Raise InputError for a preset that an architecture has not, or for an architecture that there is not."""
    from genint.models.registry import ARCHITECTURES

    check_architecture(architecture)
    presets = ARCHITECTURES[architecture].presets
    if preset not in presets:
        raise InputError(f"`preset` {preset!r}: {architecture} has {', '.join(presets)}")


def _check_attention_can_be_off(config: TrainConfig) -> None:
    from genint.models.registry import ARCHITECTURES

    able = [name for name, architecture in ARCHITECTURES.items() if architecture.without_attention]
    if config.architecture not in able:
        raise InputError(
            f"`attention` is off: {config.architecture} has none that can be left out. Choose `architecture` "
            f"{' or '.join(able)}, or leave it on"
        )
    if config.from_model:
        raise InputError("`attention` is off: the layers are from_model's. Train it without attention, or leave it on")


def _identify(model: str) -> tuple[str, str]:
    """The architecture of a model folder and the preset with just its numbers, "" when there is none."""
    from genint.models.bundled import find_model
    from genint.models.config_file import read_config, read_header
    from genint.models.registry import ARCHITECTURES

    folder = find_model(model)
    header = read_header(folder)
    architecture, numbers = header["architecture"], read_config(folder, header)
    presets = ARCHITECTURES[architecture].presets.items()
    return architecture, next((name for name, make in presets if make() == numbers), "")


def read_settings(kind: type[Config], file: Path | None, overrides: dict[str, Any]) -> Config:
    """Defaults, then the TOML file's values, then `overrides` (None = not given). Raises InputError for either."""
    values: dict[str, Any] = {}
    settings = {setting.name: setting for setting in dataclasses.fields(kind)}
    if file is not None:
        try:
            values = tomllib.loads("\n".join(read_lines(file, "a TOML file")))
        except tomllib.TOMLDecodeError as error:
            raise InputError(f"{file}: is not TOML ({error})") from None
    for name, value in values.items():
        if name not in settings:
            raise InputError(f"{file}: {name} is not a setting. Known are {', '.join(settings)}")
        expected = type(settings[name].default)
        accepted = (int, float) if expected is float else expected
        if expected is tuple and isinstance(value, list) and all(isinstance(part, str) for part in value):
            values[name] = value = tuple(value)
        if not isinstance(value, accepted) or (isinstance(value, bool) and expected is not bool):
            named = "a list of strings" if expected is tuple else f"of type {expected.__name__}"
            raise InputError(f"{file}: {name} = {value!r} is not {named}")
    return kind(**{**values, **{name: value for name, value in overrides.items() if value is not None}})


def write_settings(config: RunConfig, file: Path) -> None:
    """TOML that reads back as the same config (its scalars are spelled as in JSON)."""
    lines = [f"{name} = {json.dumps(value, allow_nan=False)}\n" for name, value in dataclasses.asdict(config).items()]
    file.write_text("".join(lines), encoding="utf-8")
