"""What every writer promises: a file is there complete or not at all, and a refusal of the system names it."""

import errno
import os
from pathlib import Path

import numpy as np
import pytest

from genint.arrays import F32
from genint.errors import OutputError
from genint.output.formats import FORMATS
from genint.output.writer import TrackWriter


class Steps(TrackWriter):
    """Writes nothing but what is called, and fails where it is told to."""

    fails_at: str = ""
    error: BaseException = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _step(self, name: str) -> None:
        with open(self.hidden, "a") as file:
            file.write(f"{name} ")
        if name == self.fails_at:
            raise self.error

    def _add(self, chrom: str, first_bin: int, values: F32) -> None:
        self._step("add")

    def _finish(self) -> None:
        self._step("finish")


def steps(path: Path) -> Steps:
    return Steps(path, {"a": 1_000}, bin_bp=10)


@pytest.mark.parametrize("name", FORMATS)
def test_every_writer_leaves_nothing_behind_when_it_fails(name: str, tmp_path: Path) -> None:
    path = tmp_path / f"x{FORMATS[name].suffix}"
    writer = FORMATS[name].load_writer()(path, {"a": 1_000}, bin_bp=10, tracks=["x"])
    writer.add("a", 0, np.ones(3, np.float32))
    writer.discard()
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ValueError, match="is closed"):
        writer.add("a", 3, np.ones(3, np.float32))
    writer.close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", FORMATS)
def test_every_writer_completes_a_file_before_it_gives_it_its_name(name: str, tmp_path: Path) -> None:
    path = tmp_path / f"x{FORMATS[name].suffix}"
    with FORMATS[name].load_writer()(path, {"a": 1_000}, bin_bp=10, tracks=["x"]) as writer:
        writer.add("a", 0, np.ones(3, np.float32))
        complete = writer.finish().read_bytes()
        assert not path.exists()
    assert path.read_bytes() == complete
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_is_finished_once_and_closed_once(tmp_path: Path) -> None:
    with steps(tmp_path / "x") as writer:
        writer.add("a", 0, np.ones(1, np.float32))
        assert writer.finish() == writer.finish()
    writer.close()
    writer.discard()
    assert (tmp_path / "x").read_text() == "add finish "
    assert list(tmp_path.iterdir()) == [tmp_path / "x"]


def test_an_exception_in_the_block_leaves_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("old")

    def interrupted() -> None:
        with steps(tmp_path / "x") as writer:
            writer.add("a", 0, np.ones(1, np.float32))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("x", "old")]


@pytest.mark.parametrize("step", ["add", "finish"])
def test_a_refusal_becomes_a_message_that_names_the_file_and_removes_it(step: str, tmp_path: Path) -> None:
    def write() -> None:
        with steps(tmp_path / "x") as writer:
            writer.fails_at = step
            writer.add("a", 0, np.ones(1, np.float32))

    with pytest.raises(OutputError, match=r"/x: cannot write \(No space left on device\)\. Free space"):
        write()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("error", [ValueError("a bug"), KeyboardInterrupt()])
def test_any_other_error_stays_what_it_is_and_the_file_goes(error: BaseException, tmp_path: Path) -> None:
    writer = steps(tmp_path / "x")
    writer.fails_at, writer.error = "add", error
    with pytest.raises(type(error)) as caught:
        writer.add("a", 0, np.ones(1, np.float32))
    assert caught.value is error
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_cannot_be_taken_is_a_message(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    writer = steps(tmp_path / "x")
    writer.add("a", 0, np.ones(1, np.float32))
    with pytest.raises(OutputError, match=r"/x: cannot write \(Is a directory\)"):
        writer.close()
    assert [file.name for file in tmp_path.iterdir()] == ["x"]
