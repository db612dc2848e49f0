"""The check-up of a machine: topic by topic, and a problem with its cure for each thing that is wrong."""

import json
import shutil
import tempfile
from pathlib import Path

import pytest

import genint
from genint.prediction import checkup
from genint.prediction.checkup import check_up
from genint.prediction.installed import Finding


def findings() -> dict[str, Finding]:
    return {finding.topic: finding for finding in check_up()}


def test_this_machine_is_well() -> None:
    found = findings()
    topics = ["program", "libraries", "extras", "loading", "threads", "disk", "caches", "device", "dtype", "prediction"]
    assert list(found) == topics
    assert [finding.problems for finding in found.values()] == [()] * len(topics)
    assert found["program"].facts["genint"] == genint.__version__
    json.dumps({topic: finding.facts for topic, finding in found.items()}, allow_nan=False)


def test_threads_are_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda pid: set(range(8)), raising=False)
    monkeypatch.setattr("os.cpu_count", lambda: 16)
    monkeypatch.setattr("genint.prediction.cpus._quotas", lambda root: iter([2.5, 4.0]))
    monkeypatch.setenv("SLURM_CPUS_PER_TASK", "6")
    found = checkup._find_threads()
    assert found.line == "3 of 16 cores, the least of: affinity 8, cgroup quota 3, SLURM_CPUS_PER_TASK 6"
    assert found.facts["used"] == 3


def test_a_full_disk_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10**9, 10**9, 5_000_000))
    problems = checkup._find_disk().problems
    assert str(Path.cwd()) in problems[0]
    assert "5 MB free, fewer than 100" in problems[0]


def test_no_temporary_folder_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> str:
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setattr(tempfile, "gettempdir", refuse)
    assert "Set TMPDIR" in checkup._find_disk().problems[0]


def test_a_pulled_model_that_changed_is_a_problem(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    home = tmp_path / "genint" / "models" / "me" / "mine"
    for folder in ("commits/abc", "revisions"):
        (home / folder).mkdir(parents=True)
    (home / "revisions" / "main").write_text("abc\n")
    (home / "commits" / "abc" / "pulled.json").write_text(json.dumps({"sha256": {"config.json": "0" * 64}}))
    (home / "commits" / "abc" / "config.json").write_text("{}")
    found = checkup._find_caches()
    assert found.facts["pulled"] == ["hf://me/mine"]
    assert found.facts["bytes"][str(tmp_path / "genint")] > 64
    (problem,) = found.problems
    assert "has changed since it was pulled" in problem


def test_without_a_home_nothing_is_cached(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkup, "user_cache", lambda: None)
    monkeypatch.setattr(checkup, "_hub_cache", lambda: None)
    assert checkup._find_caches() == ("caches", "0 pulled model(s)", {"bytes": {}, "pulled": []}, ())


def test_where_libraries_do_not_load_the_rest_is_still_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkup, "find_broken_imports", lambda: Finding("loading", "failed", None, ("no torch",)))
    assert [finding.topic for finding in check_up()][-1] == "caches"
