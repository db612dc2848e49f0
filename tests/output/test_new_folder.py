from pathlib import Path

import pytest

from genint.errors import OutputError
from genint.output.new_folder import check_new_folder, new_folder


def test_what_is_written_takes_its_place_at_the_end_alone(tmp_path: Path) -> None:
    with new_folder(tmp_path / "a" / "out") as folder:
        (folder / "file").write_text("1")
        assert not (tmp_path / "a" / "out").exists()
    assert [file.name for file in (tmp_path / "a").iterdir()] == ["out"]
    assert (tmp_path / "a" / "out" / "file").read_text() == "1"


def _fail_in(folder: Path) -> None:
    (folder / "file").write_text("1")
    raise ZeroDivisionError


def test_an_exception_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), new_folder(tmp_path / "out") as folder:
        _fail_in(folder)
    assert list(tmp_path.iterdir()) == []


def test_an_empty_folder_is_used_and_a_full_one_or_a_file_is_not(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    check_new_folder(tmp_path / "empty")
    (tmp_path / "file").touch()
    for out in (tmp_path, tmp_path / "file"):
        with pytest.raises(OutputError, match=r"is there already, and not empty. Remove it, or choose another `out`"):
            check_new_folder(out)


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="file/out"), new_folder(tmp_path / "file" / "out"):
        pass
