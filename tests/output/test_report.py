"""run.json says what made the files beside it, and what two runs do not have in common."""

import json
from pathlib import Path

import pytest

from genint.output.report import RUN_FILE, changed_file, difference, read_report


def test_lists_differ_by_what_only_one_has() -> None:
    assert difference({"t": ["a", "b"]}, {"t": ["b", "c"]}) == 't is without ["a"] and with ["c"]'
    assert difference({"t": ["a", "b"]}, {"t": ["b", "a"]}) == 't was ["a", "b"], is ["b", "a"]'
    assert difference({"m": [{"d": 1}]}, {"m": [{"d": 2}]}) == "m 1.d was 1, is 2"


def test_no_more_than_three_differences_are_named() -> None:
    old, new = (dict.fromkeys("abcd", value) for value in (1, 2))
    assert difference(old, new) == "a was 1, is 2; b was 1, is 2; c was 1, is 2; more"
    assert difference(None, new) == "nothing records which"


@pytest.mark.parametrize("content", [None, "", "[1]", '{"files": 3, "plan": []}', "{"])
def test_a_report_that_is_missing_or_damaged_names_no_files(content: str | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / RUN_FILE).write_text(content)
    report = read_report(tmp_path)
    assert (report["plan"], report["files"]) == ({}, {})


def test_a_file_that_was_changed_or_removed_is_found(tmp_path: Path) -> None:
    for name in ("a.bw", "b.bw"):
        (tmp_path / name).write_text("12345")
    report = {"plan": {}, "files": {"a.bw": 5, "b.bw": 5, "../c.bw": 5}}
    (tmp_path / RUN_FILE).write_text(json.dumps(report))
    (tmp_path.parent / "c.bw").write_text("12345")  # a name that leaves the folder is not one of its files
    assert changed_file(tmp_path, report) == tmp_path / "../c.bw"
    del report["files"]["../c.bw"]
    assert changed_file(tmp_path, report) is None
    (tmp_path / "b.bw").write_text("1234")
    assert changed_file(tmp_path, report) == tmp_path / "b.bw"
