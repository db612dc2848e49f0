"""What may be read as a finished run; more of it through genint merge and genint hub."""

import json
from pathlib import Path

import pytest

from genint.errors import InputError
from genint.output.finished_run import read_finished_run

PLAN: dict[str, object] = {
    name: {} for name in ("genome", "models", "tracks", "bin_bp", "regions", "options", "versions")
}


def test_a_finished_run_is_what_run_json_says_and_its_files_must_be_as_they_were(tmp_path: Path) -> None:
    (tmp_path / "a.bw").write_bytes(b"12")
    (tmp_path / "run.json").write_text(json.dumps({"plan": PLAN, "files": {"a.bw": 2}}))
    assert read_finished_run(tmp_path)["plan"] == PLAN
    (tmp_path / "a.bw").write_bytes(b"123")
    with pytest.raises(InputError, match=r"a.bw: was changed or removed"):
        read_finished_run(tmp_path)


def test_an_unfinished_or_foreign_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not there"):
        read_finished_run(tmp_path / "none")
    with pytest.raises(InputError, match="names no finished run"):
        read_finished_run(tmp_path)
    (tmp_path / ".genint-partial").mkdir()
    (tmp_path / ".genint-partial" / "plan.json").write_text("{}")
    with pytest.raises(InputError, match="its run is not finished"):
        read_finished_run(tmp_path)
