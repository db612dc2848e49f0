"""A folder of results is what it was before or what the run made, never something in between."""

import errno
import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genint import outputs
from genint.errors import InputError, OutputError
from genint.outputs import RUN_FILE, Spool, check_space, provenance, staged


def run(out: Path, files: dict[str, str]) -> None:
    """A run that makes these files and lists them in run.json."""
    with staged(out) as folder:
        for name, content in files.items():
            (folder / name).write_text(content)
        (folder / RUN_FILE).write_text(json.dumps({"files": list(files)}))


def fail_halfway(out: Path, error: BaseException) -> None:
    with staged(out) as folder:
        (folder / "a.bw").write_text("half")
        raise error


def held(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text() for file in folder.iterdir()}


def run_json(*files: str) -> str:
    return json.dumps({"files": list(files)})


# -- staged ------------------------------------------------------------------------------------------------------------


def test_a_run_that_ends_well_leaves_its_files_and_nothing_else(tmp_path: Path) -> None:
    run(tmp_path / "deep" / "out", {"a.bw": "1", "tracks.tsv": "2"})
    assert held(tmp_path / "deep" / "out") == {
        "a.bw": "1",
        "tracks.tsv": "2",
        RUN_FILE: run_json("a.bw", "tracks.tsv"),
    }


def test_nothing_appears_before_the_end(tmp_path: Path) -> None:
    with staged(tmp_path) as folder:
        (folder / "a.bw").write_text("1")
        assert [file.name for file in tmp_path.iterdir() if not file.name.startswith(".")] == []
    assert held(tmp_path) == {"a.bw": "1"}


@pytest.mark.parametrize("error", [ValueError, InputError, KeyboardInterrupt, SystemExit])
def test_a_run_that_fails_leaves_what_was_there(error: type[BaseException], tmp_path: Path) -> None:
    run(tmp_path, {"a.bw": "old", "b.bw": "old"})
    before = held(tmp_path)
    with pytest.raises(error):
        fail_halfway(tmp_path, error("stop"))
    assert held(tmp_path) == before


def test_a_killed_run_leaves_what_was_there_and_does_not_stop_the_next(tmp_path: Path) -> None:
    run(tmp_path, {"a.bw": "old"})
    code = f"""if True:
        import os, pathlib
        from genint.outputs import staged
        with staged(pathlib.Path({str(tmp_path)!r})) as folder:
            (folder / "a.bw").write_text("half")
            (folder / "junk.bw").write_text("half")
            os.kill(os.getpid(), 9)
    """
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
    assert (tmp_path / "a.bw").read_text() == "old"
    assert not (tmp_path / "junk.bw").exists()
    run(tmp_path, {"b.bw": "new"})
    assert held(tmp_path) == {"b.bw": "new", RUN_FILE: run_json("b.bw")}


def test_a_run_replaces_the_files_of_the_run_before_and_keeps_the_users_own(tmp_path: Path) -> None:
    run(tmp_path, {"a.bw": "old", "b.bw": "old", "c.bw": "old"})
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "c.bw").unlink()
    run(tmp_path, {"a.bw": "new"})
    assert held(tmp_path) == {"a.bw": "new", "notes.txt": "mine", RUN_FILE: run_json("a.bw")}


@pytest.mark.parametrize(
    "content",
    [
        "",
        "no json",
        "[]",
        "{}",
        '{"files": 5}',
        '{"files": [5, null]}',
        '{"files": ["..", ".", "", "../outside.txt", "folder", "folder/inside.txt"]}',
    ],
)
def test_a_strange_run_json_removes_nothing_of_the_users(content: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    (out / "folder").mkdir(parents=True)
    for mine in (tmp_path / "outside.txt", out / "folder" / "inside.txt"):
        mine.write_text("mine")
    (out / RUN_FILE).write_text(content)
    run(out, {"a.bw": "new"})
    assert (tmp_path / "outside.txt").read_text() == (out / "folder" / "inside.txt").read_text() == "mine"
    assert (out / RUN_FILE).read_text() == run_json("a.bw")


def test_while_files_move_no_run_json_vouches_for_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(tmp_path, {"a.bw": "old", "b.bw": "old"})
    moved = []

    def replace(source: Path, target: Path) -> None:
        moved.append((target.name, (tmp_path / RUN_FILE).exists()))
        os.rename(source, target)

    monkeypatch.setattr(outputs.os, "replace", replace)
    run(tmp_path, {"z.bw": "new", "a.bw": "new"})
    assert sorted(moved[:2]) == [("a.bw", False), ("z.bw", False)]
    assert moved[2:] == [(RUN_FILE, False)]


def test_every_file_is_on_the_disk_before_any_moves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    events: list[str] = []

    def replace(source: Path, target: Path) -> None:
        events.append("moved")
        os.rename(source, target)

    monkeypatch.setattr(outputs.os, "fsync", lambda _: events.append("synced"))
    monkeypatch.setattr(outputs.os, "replace", replace)
    run(tmp_path, {"a.bw": "1", "b.bw": "2"})
    assert events == ["synced"] * 3 + ["moved"] * 3


def test_a_full_disk_that_shows_only_at_the_end_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_space(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    run(tmp_path, {"a.bw": "old"})
    monkeypatch.setattr(outputs.os, "fsync", no_space)
    with pytest.raises(
        OutputError, match=r"cannot write \(No space left on device\)\. Free space, or choose another -o"
    ):
        run(tmp_path, {"a.bw": "new"})
    assert held(tmp_path) == {"a.bw": "old", RUN_FILE: run_json("a.bw")}


def test_two_runs_cannot_write_to_one_folder_at_once(tmp_path: Path) -> None:
    with staged(tmp_path) as folder:
        with pytest.raises(OutputError, match="another genint is writing there"):
            run(tmp_path, {"a.bw": "second"})
        (folder / "a.bw").write_text("first")
    assert held(tmp_path) == {"a.bw": "first"}


def test_a_lock_on_a_file_that_another_run_has_removed_is_no_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lock_after_the_other_run_ended(file: object, how: int) -> None:
        (tmp_path / ".genint-partial" / "lock").unlink()

    monkeypatch.setattr(fcntl, "flock", lock_after_the_other_run_ended)
    with pytest.raises(OutputError, match="another genint"):
        run(tmp_path, {"a.bw": "1"})


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


def test_a_disk_without_space_or_permission_is_a_message_and_leaves_what_was_there(tmp_path: Path) -> None:
    run(tmp_path, {"a.bw": "old"})
    before = held(tmp_path)
    for number, advice in (
        (errno.ENOSPC, "Free space"),
        (errno.EACCES, "Look at that place"),
        (errno.EDQUOT, "Free space"),
    ):
        with (
            pytest.raises(OutputError, match=rf"cannot write \(.*\)\. {advice}, or choose another -o"),
            staged(tmp_path),
        ):
            raise OSError(number, os.strerror(number))
    with pytest.raises(OutputError, match=r"a\.bw: cannot write \(Permission denied\)"), staged(tmp_path) as folder:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder / "a.bw"))
    assert held(tmp_path) == before


def test_a_folder_in_the_way_of_a_result_is_a_message(tmp_path: Path) -> None:
    (tmp_path / "a.bw").mkdir()
    with pytest.raises(OutputError, match="is there already, and no earlier run wrote it"):
        run(tmp_path, {"a.bw": "1"})
    assert [file.name for file in tmp_path.iterdir()] == ["a.bw"]


def test_an_error_about_another_file_is_not_blamed_on_the_output(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), staged(tmp_path / "out"):
        (tmp_path / "weights.bin").read_bytes()


# -- space and spool ---------------------------------------------------------------------------------------------------


def test_too_little_space_is_told_before_the_work_begins(tmp_path: Path) -> None:
    with staged(tmp_path / "out") as folder:
        check_space(folder, 1)
        with pytest.raises(OutputError, match=r"out: needs about 1,000,000,000,000 MB, the disk has [\d,]+ MB free"):
            check_space(folder, 10**18)


@given(n_tiles=st.integers(0, 5), n_tracks=st.integers(1, 4), core_bins=st.integers(1, 9))
def test_what_goes_into_the_spool_comes_out(
    n_tiles: int, n_tracks: int, core_bins: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "spool.f32"
    values = np.random.default_rng(0).normal(size=(n_tiles, n_tracks, core_bins)).astype(np.float32)
    values[values > 1] = np.nan
    with Spool(path, n_tracks, core_bins) as spool:
        for tile in values:
            spool.append(np.asfortranarray(tile))  # memory order must not matter
        np.testing.assert_array_equal(spool.read(), values)
    assert not path.exists()


def test_a_spool_is_gone_and_closed_when_the_run_fails(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.f32", 2, 3)
    with pytest.raises(KeyboardInterrupt), spool:
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ValueError, match="closed file"):
        spool.append(np.zeros((2, 3), np.float32))


@pytest.mark.parametrize("tile", [np.zeros((2, 4), np.float32), np.zeros((3, 2), np.float32), np.zeros((2, 3))])
def test_a_tile_of_another_shape_or_precision_is_a_bug(tile: np.ndarray, tmp_path: Path) -> None:
    with Spool(tmp_path / "spool.f32", 2, 3) as spool, pytest.raises(ValueError, match="a tile of shape"):
        spool.append(tile)


# -- provenance --------------------------------------------------------------------------------------------------------


def test_a_result_says_what_made_it() -> None:
    made_by = provenance("genint predict genome.fa")
    assert made_by["command"] == "genint predict genome.fa"
    assert set(made_by["versions"]) >= {"python", "genint", "torch", "numpy"}
    assert provenance("")["command"] == " ".join(sys.argv)
    json.dumps(made_by)
