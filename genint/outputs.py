"""Where results go: a hidden folder while the work runs, the user's folder once everything in it is complete."""

import errno
import fcntl
import json
import os
import platform
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import numpy as np
import numpy.typing as npt

from genint.errors import OutputError, advice

RUN_FILE = "run.json"
_STAGE = ".genint-partial"
_SYNCS_AT_ONCE = 32


@contextmanager
def staged(out: Path, names: Sequence[str] = ()) -> Iterator[Path]:
    """Give a folder to write into; when the block ends well, its files replace those in `out`, run.json last.

    A block that fails, or a process that is killed, leaves what `out` held before. One run at a time may write to
    `out`; a second one gets an OutputError. So does a run whose files, `names` among them, would replace files in
    `out` that no earlier run wrote.
    """
    stage = out / _STAGE
    try:
        out.mkdir(parents=True, exist_ok=True)
        stage.mkdir(exist_ok=True)
        with open(stage / "lock", "w") as lock:
            if not _lock(lock):
                raise OutputError(f"{out}: another genint is writing there. Wait for it, or choose another -o")
            try:
                folder = stage / "files"
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
                _check_free(out, names)
                yield folder
                _publish(folder, out)
            finally:
                shutil.rmtree(folder, ignore_errors=True)
                shutil.rmtree(stage, ignore_errors=True)  # the lock goes last: until then nobody else may start
    except OSError as error:
        if error.filename is not None and not _is_about(out, Path(str(error.filename))):
            raise
        raise OutputError(
            f"{error.filename or out}: cannot write ({error.strerror or error}). {advice(error)}, or choose another -o"
        ) from None


def _lock(file: IO[str]) -> bool:
    """Whether this process alone may go on. On a file system without locks (some Lustre mounts) everyone may."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        return error.errno in (errno.ENOSYS, errno.ENOTSUP, errno.ENOLCK)
    return os.path.exists(file.name) and os.path.samestat(os.fstat(file.fileno()), os.stat(file.name))


def _is_about(out: Path, path: Path) -> bool:
    """Whether an error on `path` is one of writing to `out`: below it, or above it while it was made."""
    return path.is_relative_to(out) or out.is_relative_to(path)


def _check_free(out: Path, names: Iterable[str]) -> None:
    ours = {*_files_of_last_run(out), RUN_FILE}
    for name in names:
        if name not in ours and (out / name).exists():
            raise OutputError(
                f"{out / name}: is there already, and no earlier run wrote it. Choose another -o, or move it"
            )


def _publish(folder: Path, out: Path) -> None:
    """Move files into place. run.json says which files are the run's, so it goes first and comes last."""
    _check_free(out, [file.name for file in folder.iterdir()])
    _to_disk(list(folder.iterdir()))
    outdated = [name for name in _files_of_last_run(out) if not (folder / name).exists()]
    (out / RUN_FILE).unlink(missing_ok=True)
    for name in outdated:
        (out / name).unlink(missing_ok=True)
    for file in sorted(folder.iterdir(), key=lambda file: file.name == RUN_FILE):
        os.replace(file, out / file.name)


def _to_disk(files: Sequence[Path]) -> None:
    """Wait until the files would survive a power cut: many at once, as a file system commits together what waits."""
    with ThreadPoolExecutor(_SYNCS_AT_ONCE) as pool:
        for _ in pool.map(_sync, files):  # here an error of any of them shows
            pass


def _sync(file: Path) -> None:
    with open(file, "rb") as opened:
        os.fsync(opened.fileno())


def _files_of_last_run(out: Path) -> list[str]:
    try:
        files = json.loads((out / RUN_FILE).read_text())["files"]
        return [name for name in files if Path(name).name == name and (out / name).is_file()]
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
        self._file = open(path, "wb")  # noqa: SIM115  closed by read() or __exit__

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

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """The values are of no use once the bigWigs are written, or cannot be."""
        self._file.close()
        self._path.unlink(missing_ok=True)


def provenance(command: str) -> dict[str, Any]:
    """What made a result: versions and the command line."""
    packages = ("genint", "torch", "numpy", "pyfaidx", "pybigtools")
    return {
        "command": command or " ".join(sys.argv),
        "versions": {"python": platform.python_version(), **{name: version(name) for name in packages}},
        "platform": f"{platform.system()} {platform.machine()}",
    }
