"""What is replaced is there complete or not at all."""

from pathlib import Path

import pytest

from genint.atomic import replacing


def test_a_file_appears_when_its_block_ends(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with replacing(path) as new:
        new.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_appears_when_its_block_ends(tmp_path: Path) -> None:
    with replacing(tmp_path / "folder") as new:
        new.mkdir()
        (new / "a").write_text("a")
        assert not (tmp_path / "folder").exists()
    assert (tmp_path / "folder" / "a").read_text() == "a"


@pytest.mark.parametrize("kind", ["file", "folder", "nothing"])
def test_an_exception_leaves_what_was_there_and_nothing_else(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")

    def fail() -> None:
        with replacing(path) as new:
            if kind == "file":
                new.write_text("half")
            elif kind == "folder":
                new.mkdir()
                (new / "half").write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert [(file, file.read_text()) for file in tmp_path.iterdir()] == [(path, "old")]


def test_two_writers_of_one_path_do_not_meet(tmp_path: Path) -> None:
    with replacing(tmp_path / "a") as first, replacing(tmp_path / "a") as second:
        first.write_text("first")
        second.write_text("second")
    assert (tmp_path / "a").read_text() == "first"
