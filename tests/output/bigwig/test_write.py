"""A bigWig is complete or not there at all; what cannot be written is refused in one line."""

import errno
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from genint.errors import InputError, OutputError
from genint.output.bigwig import BigWigReader, BigWigWriter, write
from tests.output.bigwig.files import make, random_values, read_with_pybigwig


def test_a_file_appears_only_when_it_is_closed_and_replaces_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "track.bw"
    path.write_text("old")
    with BigWigWriter(path, {"a": 1000}, bin_bp=128) as bigwig:
        bigwig.add("a", 0, random_values(8))
        assert path.read_text() == "old"
    assert len(read_with_pybigwig(path)["a"]) == 8
    assert os.listdir(tmp_path) == ["track.bw"]


def test_an_exception_leaves_nothing_behind(tmp_path: Path) -> None:
    def interrupted() -> None:
        with BigWigWriter(tmp_path / "track.bw", {"a": 1000}, bin_bp=128) as bigwig:
            bigwig.add("a", 0, random_values(8))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert os.listdir(tmp_path) == []


def test_a_killed_process_leaves_no_file_of_the_final_name(tmp_path: Path) -> None:
    script = """if True:
        import pathlib, sys, time
        import numpy as np
        from genint.output.bigwig import BigWigWriter
        writer = BigWigWriter(pathlib.Path(sys.argv[1]), {"a": 10**9}, bin_bp=128)
        writer.add("a", 0, np.random.default_rng(0).random(10**6, np.float32))
        print("ready", flush=True)
        time.sleep(60)
    """
    path = tmp_path / "track.bw"
    with subprocess.Popen([sys.executable, "-c", script, path], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGKILL)
    (left,) = tmp_path.iterdir()
    assert left.name.startswith(f".track.bw.{process.pid}-")
    assert left.stat().st_size > 10**6
    with pytest.raises(InputError, match="expected a bigWig"):
        BigWigReader(left)


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    """Writing beyond `size` fails as it does on a full disk, with another number."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_is_reported_in_one_line_wherever_it_strikes(tmp_path: Path) -> None:
    sizes, track = {"a": 128 * 500_000}, {"a": random_values(500_000)}
    size = make(tmp_path / "whole.bw", sizes, track).stat().st_size
    os.remove(tmp_path / "whole.bw")
    for room in (0, size // 4, size * 3 // 4, size - 1):
        with files_no_larger_than(room), pytest.raises(OutputError) as caught:
            make(tmp_path / "track.bw", sizes, track, piece=1000)
        assert str(caught.value).startswith(f"{tmp_path / 'track.bw'}: cannot write (File too large). Free space, or")
        assert os.listdir(tmp_path) == []


def test_a_path_that_cannot_be_written_is_reported_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "folder.bw").mkdir()
    (tmp_path / "file").touch()
    reasons = {
        "folder.bw": "Is a directory",
        "missing/track.bw": "No such file or directory",
        "file/track.bw": "Not a directory",
    }
    for name, reason in reasons.items():
        with pytest.raises(OutputError, match=rf"{name}: cannot write \({reason}\)\. .*, or choose another `out`"):
            BigWigWriter(tmp_path / name, {"a": 1000}, bin_bp=128)
    assert sorted(os.listdir(tmp_path)) == ["file", "folder.bw"]


def test_a_folder_without_write_permission_is_reported_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, mode: str) -> None:  # as for anyone but root, who may write anywhere
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    monkeypatch.setattr(write, "open", refuse, raising=False)
    with pytest.raises(OutputError, match=r"/track.bw: cannot write \(Permission denied\)\. Look at that place, or"):
        BigWigWriter(tmp_path / "track.bw", {"a": 1000}, bin_bp=128)
    assert os.listdir(tmp_path) == []


BAD_CALLS: dict[str, tuple[str, int, object]] = {
    "b bin 2: infinite": ("b", 1, np.array([1, np.inf], np.float32)),
    "float32": ("b", 0, np.zeros(2)),
    "float32 array": ("b", 0, [1.0, 2.0]),
    "of one dimension": ("b", 0, np.zeros((2, 2), np.float32)),
    "not among": ("c", 0, np.zeros(2, np.float32)),
    "are not within": ("b", -1, np.zeros(2, np.float32)),
    "not within its 3": ("b", 2, np.zeros(2, np.float32)),
    "a bin 0 comes after b": ("a", 0, np.zeros(2, np.float32)),
    "b bin 0 comes after b bin 0": ("b", 0, np.zeros(1, np.float32)),
}


@pytest.mark.parametrize("message", BAD_CALLS)
def test_a_wrong_call_is_refused(tmp_path: Path, message: str) -> None:
    writer = BigWigWriter(tmp_path / "track.bw", {"a": 1000, "b": 300}, bin_bp=128)
    writer.add("b", 0, np.zeros(1, np.float32))
    with pytest.raises(ValueError, match=message):
        writer.add(*BAD_CALLS[message])  # type: ignore[arg-type]
    writer.discard()
    assert os.listdir(tmp_path) == []
    with pytest.raises(ValueError, match="is closed"):
        writer.add("b", 1, np.zeros(1, np.float32))


@pytest.mark.parametrize("sizes", [{}, {"a": 0}, {"": 10}, {"a\0b": 10}])
def test_a_chromosome_without_name_or_length_is_refused(tmp_path: Path, sizes: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="chromosome"):
        BigWigWriter(tmp_path / "track.bw", sizes, bin_bp=128)


def test_a_chromosome_too_long_for_the_format_is_the_users_to_know(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"lungfish has 2,147,483,648 bases, and .* count to 2,147,483,647"):
        BigWigWriter(tmp_path / "track.bw", {"lungfish": 2**31}, bin_bp=128)


def test_the_longest_possible_chromosome_can_be_written_to_its_end(tmp_path: Path) -> None:
    length = 2**31 - 1
    path = tmp_path / "track.bw"
    with BigWigWriter(path, {"a": length}, bin_bp=128) as bigwig:
        bigwig.add("a", length // 128 - 1, np.array([1, 2], np.float32))
    assert read_with_pybigwig(path) == {"a": [(length - 255, length - 127, 1.0), (length - 127, length, 2.0)]}
