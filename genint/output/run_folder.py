"""Where results go: a hidden folder while the work runs, the user's folder once everything in it is complete.

OUT/.genint-partial/
  lock          held by the run that writes here
  plan.json     which run this is: the same run resumes with what is here, another is refused
  unfinished/   the files of the run that are complete, and, their names beginning with a dot, those being written
  complete/     the files of a run that is done, on their way to OUT
  outdated      names of the last run's files that the new run has none for
and whatever else the run needs while it works, such as its spool.
"""

import errno
import fcntl
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from genint.errors import InputError, OutputError, UserError, cannot_write
from genint.output.report import (
    RUN_FILE,
    Plan,
    RunReport,
    changed_file,
    difference,
    list_files,
    read_json,
    read_report,
)
from genint.provenance import provenance

_STAGE = ".genint-partial"
_SYNCS_AT_ONCE = 32
_START_OVER = "Give `overwrite` to start over, or choose another `out`"


class OutputFolder:
    """The folder that one run writes to; see `output_folder`.

    Attributes: `path`, for the files to be; `scratch`, for what the run needs while it works; `report`, what run.json
    holds once the run is done, None until then.
    """

    def __init__(self, out: Path) -> None:
        self._out, self.scratch = out, out / _STAGE
        self.lock, self._plan = self.scratch / "lock", self.scratch / "plan.json"
        self.path, self._complete = self.scratch / "unfinished", self.scratch / "complete"
        self._outdated = self.scratch / "outdated"
        self.report: RunReport | None = None
        self._is_of_another_run = False  # what lies in `scratch`

    def publish(self, report: RunReport) -> RunReport:
        """Every file in `path` is complete: they replace the last run's files in the user's folder, run.json last.

        `report` goes into run.json, with its provenance, the plan and the sizes of the files; returns what that holds.
        A run that is killed in here is done: the next one moves the rest.
        """
        files = {file.name: file.stat().st_size for file in sorted(self.path.iterdir()) if file.name != RUN_FILE}
        _check_free(self._out, files)
        published: RunReport = {**provenance(), **report, "plan": read_json(self._plan), "files": files}
        outdated = list_files(self._out).keys() - files.keys()
        self._outdated.write_text(json.dumps(sorted(outdated)))
        (self.path / RUN_FILE).write_text(json.dumps(published, indent=1) + "\n")
        to_disk(list(self.path.iterdir()))
        os.replace(self.path, self._complete)
        self._move()
        self.report = published
        return published

    def _move(self) -> None:
        """run.json vouches for the files beside it, so it goes first and comes last."""
        if (self._complete / RUN_FILE).exists():  # if not, a run that was killed in here had moved everything
            (self._out / RUN_FILE).unlink(missing_ok=True)
            for name in read_json(self._outdated) or []:
                (self._out / name).unlink(missing_ok=True)
            for file in sorted(self._complete.iterdir(), key=lambda file: file.name == RUN_FILE):
                os.replace(file, self._out / file.name)
        self._clear()

    def begin(self, plan: Plan, names: Iterable[str], overwrite: bool, resume: bool) -> None:
        """Finish what a killed run had completed, then find out whether this run is done, unfinished or new."""
        if self._complete.exists():
            self._move()
        kept = not overwrite and self.is_worth_keeping()
        unfinished = read_json(self._plan) if kept else None
        if not overwrite and unfinished != plan:
            self.report = self._find_finished(plan)
        if self.report is not None:
            self._is_of_another_run = kept
            return
        _check_free(self._out, names)
        if kept and unfinished != plan:
            raise OutputError(
                f"{self._out}: holds an unfinished run, and {difference(unfinished, plan)}. {_START_OVER}"
            )
        if not kept:
            if resume:
                raise InputError(f"{self._out}: holds no unfinished run. Leave out `resume` to begin one")
            self._clear()
            self._plan.write_text(json.dumps(plan))
        self.path.mkdir(exist_ok=True)
        for left in self.path.glob(".*"):
            shutil.rmtree(left) if left.is_dir() else left.unlink()

    def _find_finished(self, plan: Plan) -> RunReport | None:
        """The report of the run that made what `out` holds, None if there is none. It must be this run, unchanged."""
        if not (self._out / RUN_FILE).exists():
            return None
        report = read_report(self._out)
        if report["plan"] != plan:
            raise OutputError(
                f"{self._out}: holds a finished run, and {difference(report['plan'], plan)}. {_START_OVER}"
            )
        if changed := changed_file(self._out, report):
            raise OutputError(f"{changed}: was changed or removed since the run that made it. {_START_OVER}")
        return report

    def leave(self) -> None:
        """Remove what no run can resume from."""
        if self._is_of_another_run:
            return
        if self.report is not None or not self.is_worth_keeping():
            self._clear()
            self.lock.unlink()  # last: until then nobody else may start
            with suppress(OSError):  # from now on somebody may, with a lock of their own
                self.scratch.rmdir()

    def _clear(self) -> None:
        """Remove everything but the lock. What says how far the run had come goes last, should this one be killed."""
        last = (self._complete, self._plan)
        for file in sorted(self.scratch.iterdir(), key=lambda file: last.index(file) if file in last else -1):
            if file.is_dir():
                shutil.rmtree(file)
            elif file != self.lock:
                file.unlink()

    def is_worth_keeping(self) -> bool:
        """Whether a run can resume from what is here: files that are complete, or something in `scratch`."""
        own = (self.lock, self._plan, self.path)
        found = [file for file in self.scratch.iterdir() if file not in own]
        if self.path.exists():
            found += [file for file in self.path.iterdir() if not file.name.startswith(".")]
        return self._complete.exists() or any(file.stat().st_size for file in found)


@contextmanager
def output_folder(
    out: Path, plan: Plan, names: Iterable[str], *, overwrite: bool = False, resume: bool = False
) -> Iterator[OutputFolder]:
    """The folder for a run's files; `names` are those to come, and `plan` says what makes it this run and no other.

        with output_folder(out, plan, names) as folder:
            if folder.report is None:
                (folder.path / "a.bw").write_bytes(...)
                folder.publish({"seconds": 3})

    The user's folder holds what it held before until `publish`. What a killed or failed run with the same plan left
    in `path` and `scratch` is still there.

    Raises OutputError when `out` cannot be written, when another run is writing there, when it holds a run with another
    plan (with `overwrite` it starts over), and when one of `names` is there already and no run wrote it. With `resume`,
    InputError when there is no run to resume.
    """
    folder = OutputFolder(out)
    with _report_refusals(out):
        out.mkdir(parents=True, exist_ok=True)
        folder.scratch.mkdir(exist_ok=True)
        with open(folder.lock, "w") as lock:
            if not _take_lock(lock):
                raise OutputError(f"{out}: another genint is writing there. Wait for it, or choose another `out`")
            try:
                folder.begin(json.loads(json.dumps(plan)), names, overwrite, resume)
                with _report_kept_work(folder), _report_refusals(out):
                    yield folder
            finally:
                folder.leave()


def to_disk(files: Sequence[Path]) -> None:
    """Wait until the files would survive a power cut: many at once, as a file system commits together what waits."""
    with ThreadPoolExecutor(_SYNCS_AT_ONCE) as pool:
        for _ in pool.map(_sync, files):  # here an error of any of them shows
            pass


def _sync(file: Path) -> None:
    with open(file, "rb") as opened:
        os.fsync(opened.fileno())


@contextmanager
def _report_kept_work(folder: OutputFolder) -> Iterator[None]:
    """Add to the message of a failure that the work is not lost."""
    try:
        yield
    except UserError as error:
        if folder.is_worth_keeping():
            raise type(error)(f"{error}. What is done is kept, and the same command resumes there") from None
        raise


@contextmanager
def _report_refusals(out: Path) -> Iterator[None]:
    """What the system refuses in `out` becomes one line for the user."""
    try:
        yield
    except OSError as error:
        if error.filename is not None and not _is_about(out, Path(str(error.filename))):
            raise
        raise cannot_write(error.filename or out, error) from None


def _is_about(out: Path, path: Path) -> bool:
    """Whether an error on `path` is one of writing to `out`: below it, or above it while it was made."""
    return path.is_relative_to(out) or out.is_relative_to(path)


def _take_lock(file: IO[str]) -> bool:
    """Whether this process has the lock. On a file system without locks (some Lustre mounts) everyone has."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        return error.errno in (errno.ENOSYS, errno.ENOTSUP, errno.ENOLCK)
    return os.path.exists(file.name) and os.path.samestat(os.fstat(file.fileno()), os.stat(file.name))


def _check_free(out: Path, names: Iterable[str]) -> None:
    ours = {*list_files(out), RUN_FILE}
    for name in names:
        if name not in ours and (out / name).exists():
            raise OutputError(
                f"{out / name}: is there already, and no earlier run wrote it. Choose another `out`, or move it"
            )


def is_unfinished(out: Path) -> bool:
    """Whether a run that writes to `out` is running or was cut short."""
    return (out / _STAGE / "plan.json").exists()


def check_space(folder: OutputFolder, needed: int) -> None:
    """Raise OutputError when the disk has not room for `needed` bytes, those that a killed run has written included."""
    held = sum(file.stat().st_size for file in folder.scratch.rglob("*") if file.is_file())
    free = shutil.disk_usage(folder.scratch).free
    if free + held < needed:
        raise OutputError(
            f"{folder.scratch.parent}: needs about {format_bytes(needed - held)}, the disk has {format_bytes(free)} "
            "free. Free space, choose fewer `tracks` or regions, or choose another `out`"
        )


def format_bytes(n_bytes: int) -> str:
    """Three digits and a unit in which that is not 0, unless there is nothing: 0 bytes, 12.3 kB, 4,560 GB."""
    if n_bytes < 1_000:
        return f"{n_bytes} bytes"
    unit, size = next(
        ((unit, size) for unit, size in (("kB", 1e3), ("MB", 1e6)) if n_bytes < 999.5 * size), ("GB", 1e9)
    )
    value = n_bytes / size
    return f"{value:,.{0 if value >= 99.95 else 1 if value >= 9.995 else 2}f} {unit}"
