"""A folder of results is what it was before or what the run made, never something in between."""

import errno
import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genint.errors import InputError, OutputError
from genint.output import run_folder as outputs
from genint.output.bedgraph import BedGraphWriter
from genint.output.report import RUN_FILE
from genint.output.run_folder import OutputFolder, check_space, format_bytes, output_folder
from genint.provenance import provenance

PLAN = {"model": "small", "options": {"scale": "coverage", "shifts": (0,)}}
OTHER = {"model": "small", "options": {"scale": "model", "shifts": (0,)}}
STAGE = ".genint-partial"


def run(out: Path, files: dict[str, str], plan: dict[str, Any] = PLAN, **how: bool) -> dict[str, Any]:
    """A run that makes these files, but for those that are there already."""
    with output_folder(out, plan, files, **how) as folder:
        if folder.report is not None:
            return folder.report
        for name, content in files.items():
            if not (folder.path / name).exists():
                (folder.path / name).write_text(content)
        return folder.publish({"made by": "test"})


def stop_halfway(out: Path, plan: dict[str, Any] = PLAN, **how: bool) -> None:
    """A run that is stopped when a.bw is complete and b.bw is not."""

    def begin() -> None:
        with output_folder(out, plan, ["a.bw", "b.bw"], **how) as folder:
            (folder.path / "a.bw").write_text("complete")
            (folder.path / ".b.bw.tmp").write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        begin()


def held(folder: Path) -> dict[str, str]:
    """The files that the user sees, and their contents; run.json's are in `report`."""
    return {file.name: file.read_text() for file in folder.iterdir() if file.name not in (RUN_FILE, STAGE)}


def report(out: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((out / RUN_FILE).read_text())
    return read


def test_a_run_that_ends_well_leaves_its_files_and_what_made_them(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    told = run(out, {"a.bw": "1", "tracks.tsv": "22"})
    assert held(out) == {"a.bw": "1", "tracks.tsv": "22"}
    assert not (out / STAGE).exists()
    assert told == report(out)
    own = {"made by": "test", "plan": json.loads(json.dumps(PLAN)), "files": {"a.bw": 1, "tracks.tsv": 2}}
    assert told == {**provenance(), **own}


def test_nothing_appears_before_the_end(tmp_path: Path) -> None:
    with output_folder(tmp_path, PLAN, ["a.bw"]) as folder:
        (folder.path / "a.bw").write_text("1")
        assert held(tmp_path) == {}
        folder.publish({})
    assert held(tmp_path) == {"a.bw": "1"}


def test_a_run_that_fails_with_nothing_done_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^wrong$"), output_folder(tmp_path, PLAN, ["a.bw"]):
        raise InputError("wrong")
    assert list(tmp_path.iterdir()) == []


def test_the_message_of_a_failure_says_that_the_work_is_kept(tmp_path: Path) -> None:
    def fail() -> None:
        with output_folder(tmp_path, PLAN, []) as folder:
            (folder.scratch / "spool").write_text("work")
            raise InputError("wrong")

    with pytest.raises(InputError, match=r"^wrong\. What is done is kept"):
        fail()
    with output_folder(tmp_path, PLAN, []) as folder:
        assert (folder.scratch / "spool").read_text() == "work"


def test_a_finished_run_returns_the_report_it_had_returned(tmp_path: Path) -> None:
    told = run(tmp_path, {"a.bw": "1"})
    assert run(tmp_path, {"a.bw": "never written"}) == told
    assert run(tmp_path, {"a.bw": "never written"}, resume=True) == told
    assert held(tmp_path) == {"a.bw": "1"}


@pytest.mark.parametrize("change", [Path.unlink, lambda file: file.write_text("longer")])
def test_a_finished_run_whose_files_have_changed_is_not_trusted(change: Callable[[Path], Any], tmp_path: Path) -> None:
    run(tmp_path, {"a.bw": "1", "b.bw": "2"})
    change(tmp_path / "b.bw")
    with pytest.raises(OutputError, match=r"b\.bw: was changed or removed since .* Give `overwrite`"):
        run(tmp_path, {"a.bw": "1", "b.bw": "2"})
    assert held(tmp_path)["a.bw"] == "1"
    run(tmp_path, {"a.bw": "1", "b.bw": "2"}, overwrite=True)
    assert held(tmp_path) == {"a.bw": "1", "b.bw": "2"}


def test_another_finished_run_is_replaced_only_when_asked_and_the_users_files_are_not(tmp_path: Path) -> None:
    run(tmp_path, {"a.bw": "old", "b.bw": "old", "c.bw": "old"})
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "c.bw").unlink()
    before = held(tmp_path)
    with pytest.raises(OutputError, match=r'a finished run, and options\.scale was "coverage", is "model"\. Give `ove'):
        run(tmp_path, {"a.bw": "new"}, OTHER)
    assert held(tmp_path) == before
    run(tmp_path, {"a.bw": "new"}, OTHER, overwrite=True)
    assert held(tmp_path) == {"a.bw": "new", "notes.txt": "mine"}
    assert report(tmp_path)["plan"]["options"]["scale"] == "model"


def test_plans_that_differ_in_much_are_summarised(tmp_path: Path) -> None:
    run(tmp_path, {"a.bw": "1"}, {"a": 1, "b": 2, "c": list(range(99)), "d": 4})
    with pytest.raises(
        OutputError, match=r"a was 1, is null; b was 2, is null; c was \[0, 1,.*\.\.\., is null; more\."
    ):
        run(tmp_path, {"a.bw": "1"}, {"e": 5})


@pytest.mark.parametrize(
    "content",
    [
        "",
        "no json",
        "[]",
        "{}",
        '{"files": 5}',
        '{"plan": [1], "files": ["a.bw"]}',
        '{"files": {"..": 1, ".": 1, "": 1, "../outside.txt": 4, "folder": 4096, "folder/inside.txt": 4}}',
    ],
)
def test_a_strange_run_json_removes_nothing_of_the_users(content: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    (out / "folder").mkdir(parents=True)
    for mine in (tmp_path / "outside.txt", out / "folder" / "inside.txt"):
        mine.write_text("mine")
    (out / RUN_FILE).write_text(content)
    with pytest.raises(OutputError, match="holds a finished run, and nothing records which"):
        run(out, {"a.bw": "new"})
    assert (out / RUN_FILE).read_text() == content
    run(out, {"a.bw": "new"}, overwrite=True)
    assert (tmp_path / "outside.txt").read_text() == (out / "folder" / "inside.txt").read_text() == "mine"
    assert report(out)["files"] == {"a.bw": 3}


def test_the_same_run_resumes_with_what_is_complete(tmp_path: Path) -> None:
    stop_halfway(tmp_path)
    assert held(tmp_path) == {}
    with output_folder(tmp_path, PLAN, ["a.bw", "b.bw"], resume=True) as folder:
        assert {file.name: file.read_text() for file in folder.path.iterdir()} == {"a.bw": "complete"}
    run(tmp_path, {"a.bw": "again", "b.bw": "2"})
    assert held(tmp_path) == {"a.bw": "complete", "b.bw": "2"}


def test_another_run_is_refused_with_what_differs_and_loses_nothing(tmp_path: Path) -> None:
    stop_halfway(tmp_path)
    for how in ({}, {"resume": True}):
        with pytest.raises(OutputError, match=r'an unfinished run, and options\.scale was "coverage", is "model"'):
            run(tmp_path, {"a.bw": "other"}, OTHER, **how)
    run(tmp_path, {"a.bw": "again", "b.bw": "2"})
    assert held(tmp_path)["a.bw"] == "complete"


def test_overwrite_starts_over(tmp_path: Path) -> None:
    stop_halfway(tmp_path)
    with output_folder(tmp_path, PLAN, ["a.bw"], overwrite=True) as folder:
        assert list(folder.path.iterdir()) == []
        assert sorted(file.name for file in folder.scratch.iterdir()) == ["lock", "plan.json", "unfinished"]


def test_a_run_that_was_to_overwrite_another_resumes_without_the_option(tmp_path: Path) -> None:
    run(tmp_path, {"a.bw": "old"}, OTHER)
    stop_halfway(tmp_path, overwrite=True)
    assert held(tmp_path) == {"a.bw": "old"}
    run(tmp_path, {"a.bw": "again", "b.bw": "2"})
    assert held(tmp_path) == {"a.bw": "complete", "b.bw": "2"}


def test_a_finished_run_returns_its_report_beside_the_unfinished_work_of_another(tmp_path: Path) -> None:
    files = {"a.bw": "new", "b.bw": "new"}
    run(tmp_path, files, OTHER)
    stop_halfway(tmp_path, overwrite=True)
    assert run(tmp_path, files, OTHER)["made by"] == "test"
    with pytest.raises(OutputError, match="holds a finished run"):
        run(tmp_path, files, {"model": "third"})
    run(tmp_path, files, resume=True)
    assert held(tmp_path) == {"a.bw": "complete", "b.bw": "new"}, "a.bw was done before the run was stopped"


def test_resume_needs_a_run_that_was_begun(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"holds no unfinished run\. Leave out `resume`"):
        run(tmp_path, {"a.bw": "1"}, resume=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", ["", '{"model": "sm', "[1]"])
def test_work_whose_plan_is_damaged_is_neither_trusted_nor_thrown_away(content: str, tmp_path: Path) -> None:
    stop_halfway(tmp_path)
    (tmp_path / STAGE / "plan.json").write_text(content)
    with pytest.raises(OutputError, match=r"holds an unfinished run, and .*Give `overwrite`"):
        run(tmp_path, {"a.bw": "1"})
    assert (tmp_path / STAGE / "unfinished" / "a.bw").read_text() == "complete"
    run(tmp_path, {"a.bw": "1"}, overwrite=True)
    assert held(tmp_path) == {"a.bw": "1"}


@pytest.mark.parametrize("plan", [None, "", '{"model": "sm'])
@pytest.mark.parametrize("unfinished", [False, True])
def test_a_run_killed_while_it_began_stops_no_other(plan: str | None, unfinished: bool, tmp_path: Path) -> None:
    (tmp_path / STAGE).mkdir()
    if unfinished:
        (tmp_path / STAGE / "unfinished").mkdir()
    if plan is not None:
        (tmp_path / STAGE / "plan.json").write_text(plan)
    (tmp_path / STAGE / "spool").touch()
    run(tmp_path, {"a.bw": "1"}, OTHER)
    assert held(tmp_path) == {"a.bw": "1"}


# -- killed while files change places ----------------------------------------------------------------------------------

# Every call by which publish and leave change the disk.
CHANGES = {
    "replace": (os, "replace"),
    "unlink": (Path, "unlink"),
    "write": (Path, "write_text"),
    "remove folder": (Path, "rmdir"),
    "remove tree": (outputs.shutil, "rmtree"),
}


class Killed(BaseException):
    """Nothing runs after it, as after SIGKILL."""


def publish_and_die(out: Path, name: str, times: int, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Make a run that dies at one change of the disk; whether it got so far as to die."""
    place, attribute = CHANGES[name]
    real, calls = getattr(place, attribute), []

    def dying(*arguments: Any, **options: Any) -> Any:
        calls.append(0)
        if len(calls) > times:
            raise Killed
        return real(*arguments, **options)

    folder = OutputFolder(out)
    folder.scratch.mkdir(parents=True)
    folder.lock.touch()
    folder.begin(json.loads(json.dumps(PLAN)), ["a.bw", "z.bw"], True, False)
    for file in ("a.bw", "z.bw"):
        (folder.path / file).write_text("new")
    (folder.scratch / "spool").write_text("work")
    with monkeypatch.context() as patched:
        patched.setattr(place, attribute, dying)
        try:
            folder.publish({})
            folder.leave()
        except Killed:
            return True
    return False


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("times", range(7))
def test_wherever_a_run_is_killed_while_its_files_move_the_next_one_finishes_it(
    name: str, times: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(tmp_path, {"a.bw": "old", "b.bw": "old"}, OTHER)
    (tmp_path / "notes.txt").write_text("mine")
    new = {"a.bw": "new", "notes.txt": "mine", "z.bw": "new"}
    if not publish_and_die(tmp_path, name, times, monkeypatch):
        assert times > 0
        assert held(tmp_path) == new
        return
    if (tmp_path / RUN_FILE).exists():  # whoever reads now can trust it
        files = report(tmp_path)["files"]
        assert {file: (tmp_path / file).stat().st_size for file in files} == files
    run(tmp_path, {"a.bw": "done twice", "z.bw": "done twice"})
    assert held(tmp_path) == new
    assert report(tmp_path)["files"] == {"a.bw": 3, "z.bw": 3}
    assert not (tmp_path / STAGE).exists()


def test_a_run_killed_before_its_files_move_is_published_by_the_next_with_true_sizes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_and_die(tmp_path, "replace", 0, monkeypatch)
    assert (tmp_path / STAGE / "unfinished" / RUN_FILE).exists()
    run(tmp_path, {"a.bw": "new", "z.bw": "new"})
    assert report(tmp_path)["files"] == {"a.bw": 3, "z.bw": 3}
    run(tmp_path, {"a.bw": "new", "z.bw": "new"})


def test_a_run_killed_while_its_files_move_is_finished_before_another_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_and_die(tmp_path, "replace", 2, monkeypatch)
    with pytest.raises(OutputError, match="holds a finished run"):
        run(tmp_path, {"a.bw": "other"}, OTHER)
    assert held(tmp_path) == {"a.bw": "new", "z.bw": "new"}
    assert not (tmp_path / STAGE).exists()


def test_while_files_move_no_run_json_vouches_for_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(tmp_path, {"a.bw": "old", "b.bw": "old"}, OTHER)
    moved = []

    def replace(source: Path, target: Path) -> None:
        moved.append((target.name, (tmp_path / RUN_FILE).exists()))
        os.rename(source, target)

    monkeypatch.setattr(outputs.os, "replace", replace)
    run(tmp_path, {"z.bw": "new", "a.bw": "new"}, overwrite=True)
    assert [*sorted(moved[1:3]), *moved[3:]] == [("a.bw", False), ("z.bw", False), (RUN_FILE, False)]


def test_a_process_that_is_killed_leaves_what_was_there_and_does_not_stop_the_next(tmp_path: Path) -> None:
    run(tmp_path, {"a.bw": "old"}, OTHER)
    code = f"""if True:
        import os, pathlib
        from genint.output.run_folder import output_folder
        with output_folder(pathlib.Path({str(tmp_path)!r}), {PLAN}, ["a.bw"], overwrite=True) as folder:
            (folder.path / "a.bw").write_text("new")
            os.kill(os.getpid(), 9)
    """
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
    assert held(tmp_path) == {"a.bw": "old"}
    run(tmp_path, {"a.bw": "later"}, overwrite=True)
    assert held(tmp_path) == {"a.bw": "later"}


def test_every_file_is_on_the_disk_before_any_moves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    events: list[str] = []

    def replace(source: Path, target: Path) -> None:
        events.append("moved")
        os.rename(source, target)

    monkeypatch.setattr(outputs.os, "fsync", lambda _: events.append("synced"))
    monkeypatch.setattr(outputs.os, "replace", replace)
    run(tmp_path, {"a.bw": "1", "b.bw": "2"})
    at = events.index("synced")
    assert events[at : at + 3] == ["synced"] * 3  # two files and run.json
    assert "synced" not in events[at + 3 :]
    assert events.count("moved") >= 3


def test_a_full_disk_that_shows_only_at_the_end_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_space(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    run(tmp_path, {"a.bw": "old"})
    monkeypatch.setattr(outputs.os, "fsync", no_space)
    with pytest.raises(
        OutputError, match=r"cannot write \(No space left on device\)\. Free space, or choose another `out`"
    ):
        run(tmp_path, {"a.bw": "new"}, overwrite=True)
    assert held(tmp_path) == {"a.bw": "old"}


def test_two_runs_cannot_write_to_one_folder_at_once(tmp_path: Path) -> None:
    with output_folder(tmp_path, PLAN, ["a.bw"]) as folder:
        for how in ({}, {"overwrite": True}):
            with pytest.raises(OutputError, match="another genint is writing there"):
                run(tmp_path, {"a.bw": "second"}, **how)
        (folder.path / "a.bw").write_text("first")
        folder.publish({})
    assert held(tmp_path) == {"a.bw": "first"}


def test_a_lock_on_a_file_that_another_run_has_removed_is_no_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lock_after_the_other_run_ended(file: object, how: int) -> None:
        (tmp_path / STAGE / "lock").unlink()

    monkeypatch.setattr(fcntl, "flock", lock_after_the_other_run_ended)
    with pytest.raises(OutputError, match="another genint"):
        run(tmp_path, {"a.bw": "1"})


def test_a_run_that_begins_when_another_ends_does_not_make_that_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path.rmdir

    def rmdir_after_another_began(path: Path) -> None:
        (path / "lock").touch()
        real(path)

    monkeypatch.setattr(Path, "rmdir", rmdir_after_another_began)
    assert run(tmp_path, {"a.bw": "1"})["files"] == {"a.bw": 1}


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOTSUP, errno.ENOLCK])
def test_a_file_system_without_locks_holds_results_too(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_locks(file: object, how: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", no_locks)
    run(tmp_path, {"a.bw": "1"})
    assert (tmp_path / "a.bw").read_text() == "1"


def test_a_folder_that_cannot_be_made_is_a_message(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for out in (tmp_path / "file", tmp_path / "file" / "out"):
        with pytest.raises(OutputError, match=r"file.*: cannot write \((File exists|Not a directory)\)"):
            run(out, {"a.bw": "1"})
    assert held(tmp_path) == {"file": "mine"}


def test_a_disk_that_can_only_be_read_is_a_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def read_only(path: Path, *_: object, **__: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))

    monkeypatch.setattr(Path, "mkdir", read_only)
    with pytest.raises(OutputError, match=r"cannot write \(Read-only file system\)\. Look at that place, or choose"):
        run(tmp_path, {"a.bw": "1"})


@pytest.mark.parametrize(
    ("number", "advice"),
    [(errno.ENOSPC, "Free space"), (errno.EACCES, "Look at that place"), (errno.EDQUOT, "Free space")],
)
def test_a_disk_without_space_or_permission_is_a_message_and_leaves_what_was_there(
    number: int, advice: str, tmp_path: Path
) -> None:
    run(tmp_path, {"a.bw": "old"}, OTHER)
    for name in (None, str(tmp_path / STAGE / "spool")):
        with (
            pytest.raises(OutputError, match=rf"cannot write \(.*\)\. {advice}, or choose another `out`$"),
            output_folder(tmp_path, PLAN, ["a.bw"], overwrite=True),
        ):
            raise OSError(number, os.strerror(number), name)
    assert held(tmp_path) == {"a.bw": "old"}
    assert report(tmp_path)["files"] == {"a.bw": 3}


def test_a_file_or_folder_of_the_users_where_a_result_should_go_is_a_message(tmp_path: Path) -> None:
    (tmp_path / "a.bw").mkdir()
    (tmp_path / "b.bw").write_text("mine")
    for name in ("a.bw", "b.bw"):
        for overwrite in (False, True):
            with pytest.raises(OutputError, match=f"{name}: is there already, and no earlier run wrote it"):
                run(tmp_path, {name: "1"}, overwrite=overwrite)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.bw", "b.bw"]
    assert (tmp_path / "b.bw").read_text() == "mine"


def test_a_file_that_comes_in_the_way_meanwhile_costs_nothing(tmp_path: Path) -> None:
    def run_meanwhile() -> None:
        with output_folder(tmp_path, PLAN, ["a.bw"]) as folder:
            (folder.path / "a.bw").write_text("1")
            (tmp_path / "a.bw").write_text("mine")
            folder.publish({})

    with pytest.raises(OutputError, match=r"is there already.*What is done is kept"):
        run_meanwhile()
    assert held(tmp_path) == {"a.bw": "mine"}
    (tmp_path / "a.bw").unlink()
    run(tmp_path, {"a.bw": "again"})
    assert held(tmp_path) == {"a.bw": "1"}


@pytest.mark.parametrize("place", [(Path, "write_text"), (os, "replace"), (Path, "unlink")])
def test_a_disk_that_fails_when_all_is_done_costs_nothing(
    place: tuple[Any, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def run_meanwhile() -> None:
        with output_folder(tmp_path, PLAN, ["a.bw"]) as folder, monkeypatch.context() as patched:
            (folder.path / "a.bw").write_text("1")
            patched.setattr(*place, full)
            folder.publish({})

    with pytest.raises(OutputError, match=r"Free space.*What is done is kept"):
        run_meanwhile()
    run(tmp_path, {"a.bw": "done twice"})
    assert held(tmp_path) == {"a.bw": "1"}


def test_an_error_about_another_file_is_not_blamed_on_the_output(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), output_folder(tmp_path / "out", PLAN, []):
        (tmp_path / "weights.bin").read_bytes()


def test_too_little_space_is_an_error_before_the_work_begins(tmp_path: Path) -> None:
    with output_folder(tmp_path / "out", PLAN, []) as folder:
        check_space(folder, 1)
        with pytest.raises(OutputError, match=r"out: needs about 1,000,000,000 GB, the disk has [\d,.]+ .B free"):
            check_space(folder, 10**18)


@pytest.mark.parametrize(
    ("n_bytes", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1_000, "1.00 kB"),
        (12_345, "12.3 kB"),
        (999_499, "999 kB"),
        (999_500, "1.00 MB"),
        (400_000, "400 kB"),
        (99_960_000, "100 MB"),
        (1_200_000_000, "1.20 GB"),
        (4_560_000_000_000, "4,560 GB"),
    ],
)
def test_sizes_have_three_digits_and_their_unit(n_bytes: int, text: str) -> None:
    assert format_bytes(n_bytes) == text


@given(st.integers(1, 10**15))
def test_a_size_is_never_written_as_nothing_and_is_right_to_half_a_percent(n_bytes: int) -> None:
    number, unit = format_bytes(n_bytes).split()
    written = float(number.replace(",", "")) * {"bytes": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9}[unit]
    assert written == pytest.approx(n_bytes, rel=0.0051)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    mounted = subprocess.run(command, capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("file systems cannot be mounted here")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_disk_that_is_really_full_is_named_with_its_true_sizes(small_disk: Path) -> None:
    out = small_disk / "out"

    def write_more_than_fits() -> None:
        with output_folder(out, PLAN, []) as folder:
            with pytest.raises(OutputError, match=r"out: needs about 1.50 MB, the disk has 1.0\d MB free"):
                check_space(folder, 1_500_000)
            with BedGraphWriter(folder.path / "atac.bedgraph", {"a": 10**9}, bin_bp=10) as writer:
                writer.add("a", 0, np.arange(200_000, dtype=np.float32))

    with pytest.raises(OutputError, match=r"atac.bedgraph: cannot write \(No space left on device\)"):
        write_more_than_fits()


def test_what_a_killed_run_has_written_needs_no_space_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outputs.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 10}))
    with output_folder(tmp_path, PLAN, []) as folder:
        (folder.scratch / "spool").write_bytes(bytes(1000))
        check_space(folder, 1000)
        with pytest.raises(OutputError, match=r"needs about 8.9. kB, the disk has 10 bytes free\. Free space"):
            check_space(folder, 10_000)
