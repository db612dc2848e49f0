"""The folder of a run: claimed for one set of settings, resumed from its last checkpoint."""

import dataclasses
import errno
import json
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lightning.pytorch.callbacks import ModelCheckpoint

from genint.atomic import replacing
from genint.errors import InputError, cannot_write
from genint.training.config import RunConfig, write_settings

_MODEL_FILES = ("config.json", "model.safetensors", "tracks.tsv", "README.md")


def claim(folder: Path, config: RunConfig, data: Mapping[str, Any]) -> None:
    """Start a run in `folder`, or make sure that the run it holds is this one: the same settings and the same `data`.

    `data` is JSON; its entries win over settings of the same name. Raises InputError for another run, a damaged record
    and a model folder around it that no run wrote.
    """
    identity = json.loads(json.dumps({**dataclasses.asdict(config), **data}, allow_nan=False))  # tuples become lists
    file = folder / "run.json"
    if file.exists():
        _compare(file, identity)
        return
    for name in _MODEL_FILES:
        if (folder.parent / name).exists():
            raise InputError(
                f"{folder.parent}: {name} is there, and no training/run.json beside it. Choose another `out`"
            )
    folder.mkdir(parents=True, exist_ok=True)
    write_settings(config, folder / "train.toml")
    with replacing(file) as new:  # other processes of the run read it
        new.write_text(json.dumps(identity, indent=1) + "\n")


def _compare(file: Path, identity: Mapping[str, Any]) -> None:
    """Raise InputError unless a run's record says the same."""
    folder = file.parent
    try:
        before = dict(json.loads(file.read_text()))
    except (ValueError, TypeError) as error:
        raise InputError(f"{file}: is damaged ({error}). Remove {folder} to start over") from None
    changed = [
        f"{name}: {before.get(name)} then, {value} now" for name, value in identity.items() if before.get(name) != value
    ]
    if changed:
        raise InputError(f"{folder.parent}: holds a run of other settings ({'; '.join(changed)}). Choose another `out`")


def make_checkpoint(folder: Path, name: str, **options: Any) -> ModelCheckpoint:
    """The callback that keeps `folder`/`name`.ckpt, written after every validation."""
    return ModelCheckpoint(folder, name, save_on_train_epoch_end=True, enable_version_counter=False, **options)


def find_checkpoint(folder: Path, names: list[str]) -> Path | None:
    """last.ckpt, to resume from, if it is there, once all of `names` are whole.

    Each is a zip file, which ends with its table of contents.
    """
    last = folder / "last.ckpt"
    if not last.exists():
        return None
    for file in (last, *(folder / f"{name}.ckpt" for name in names)):
        if not zipfile.is_zipfile(file):
            raise InputError(f"{file}: is missing or cut short. Remove {folder} to start over")
    return last


@contextmanager
def report_refusals(out: Path) -> Iterator[None]:
    """A refusal of the system that names no file is of the model folder; the message has the size that it got."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EACCES, errno.EROFS):
            raise
        held = sum(file.stat().st_size for file in out.rglob("*") if file.is_file())
        reason = OSError(error.errno, f"{error.strerror}; {out} holds {held:,} bytes")
        raise cannot_write(error.filename or out / "training", reason) from None
