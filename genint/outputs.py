"""Where results go: a hidden folder while the work runs, the user's folder once everything in it is complete."""

import fcntl
import json
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from genint.errors import OutputError

RUN_FILE = "run.json"
_STAGE = ".genint-partial"


@contextmanager
def staged(out: Path) -> Iterator[Path]:
    """Give a folder to write into; when the block ends well, its files replace those in `out`, run.json last.

    A block that fails, or a process that is killed, leaves what `out` held before. One run at a time may write to
    `out`; a second one gets an OutputError.
    """
    stage = out / _STAGE
    try:
        out.mkdir(parents=True, exist_ok=True)
        stage.mkdir(exist_ok=True)
        with open(stage / "lock", "w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise OutputError(f"{out}: another genint is writing there. Wait for it, or choose another -o") from None
            try:
                folder = stage / "files"
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
                yield folder
                _publish(folder, out)
            finally:
                shutil.rmtree(stage, ignore_errors=True)
    except OSError as error:
        raise OutputError(f"{error.filename or out}: cannot write ({error.strerror or error}). Free space, or choose another -o") from None


def _publish(folder: Path, out: Path) -> None:
    """Move files into place. run.json says which files are the run's, so it goes first and comes last."""
    for old in _files_of_last_run(out):
        if not (folder / old).exists():
            (out / old).unlink(missing_ok=True)
    (out / RUN_FILE).unlink(missing_ok=True)
    for file in sorted(folder.iterdir(), key=lambda file: file.name == RUN_FILE):
        os.replace(file, out / file.name)


def _files_of_last_run(out: Path) -> list[str]:
    try:
        files = json.loads((out / RUN_FILE).read_text())["files"]
        return [name for name in files if Path(name).name == name]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def check_space(folder: Path, needed: int) -> None:
    """Raise OutputError when the disk under `folder` has fewer than `needed` bytes free."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise OutputError(
            f"{folder.parent.parent}: needs about {needed / 1e6:,.0f} MB, the disk has {free / 1e6:,.0f} MB free. "
            "Free space, ask for fewer --tracks or regions, or choose another -o"
        )


class Spool:
    """Predictions on disk until they are written: tile after tile, each (T, core_bins) float32."""

    def __init__(self, path: Path, n_tracks: int, core_bins: int) -> None:
        self._path, self._shape = path, (n_tracks, core_bins)
        self._file = open(path, "wb")  # noqa: SIM115  closed by read()

    def append(self, values: npt.NDArray[np.float32]) -> None:
        """Add one tile: (T, core_bins)."""
        if values.shape != self._shape or values.dtype != np.float32:
            raise ValueError(f"a tile of shape {values.shape} and {values.dtype}, not {self._shape} float32")
        self._file.write(np.ascontiguousarray(values).data)

    def read(self) -> npt.NDArray[np.float32]:
        """Everything appended: (tiles, T, core_bins), mapped from disk."""
        self._file.close()
        if not self._path.stat().st_size:
            return np.empty((0, *self._shape), dtype=np.float32)
        return np.memmap(self._path, dtype=np.float32, mode="r").reshape(-1, *self._shape)

    def discard(self) -> None:
        self._file.close()
        self._path.unlink(missing_ok=True)


def provenance(command: str) -> dict[str, Any]:
    """What made a result: versions and the command line."""
    packages = ("genint", "torch", "numpy", "pyfaidx", "pyBigWig")
    return {
        "command": command or " ".join(sys.argv),
        "versions": {"python": platform.python_version(), **{name: version(name) for name in packages}},
        "platform": f"{platform.system()} {platform.machine()}",
    }
