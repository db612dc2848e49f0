"""The cores that a process may use, from files and variables as Linux and batch systems set them."""

import os
from pathlib import Path

import pytest

from genint.prediction.cpus import CPU_LIMITS, cpu_limits, usable_cpus


@pytest.fixture(autouse=True)
def _eight_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)), raising=False)
    monkeypatch.delenv("SLURM_CPUS_PER_TASK", raising=False)


def files(root: Path, **texts: str) -> Path:
    """Write files whose names have | for /."""
    for name, text in texts.items():
        path = root / name.replace("|", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_without_limits_it_is_the_affinity(tmp_path: Path) -> None:
    assert usable_cpus(tmp_path) == 8


@pytest.mark.parametrize(
    ("limit", "cpus"),
    [
        ("max 100000", 8),
        ("200000 100000", 2),
        ("250000 100000", 3),
        ("10000 100000", 1),
        ("6400000 100000", 8),
        ("", 8),
    ],
)
def test_a_quota_of_cgroup_v2_is_rounded_up(limit: str, cpus: int, tmp_path: Path) -> None:
    cgroup = {"proc|self|cgroup": "0::/\n", "sys|fs|cgroup|cpu.max": limit + "\n"}
    assert usable_cpus(files(tmp_path, **cgroup)) == cpus


def test_a_quota_of_a_cgroup_above_counts_too(tmp_path: Path) -> None:
    cgroup = {
        "proc|self|cgroup": "0::/slice/job/step\n",
        "sys|fs|cgroup|slice|job|step|cpu.max": "max 100000\n",
        "sys|fs|cgroup|slice|job|cpu.max": "300000 100000\n",
        "sys|fs|cgroup|slice|cpu.max": "500000 100000\n",
    }
    assert usable_cpus(files(tmp_path, **cgroup)) == 3


@pytest.mark.parametrize(("quota", "cpus"), [("-1", 8), ("150000", 2)])
def test_a_quota_of_cgroup_v1_counts_although_a_container_does_not_see_its_path(
    quota: str, cpus: int, tmp_path: Path
) -> None:
    cgroup = {
        "proc|self|cgroup": "5:memory:/docker/1f\n4:cpu,cpuacct:/docker/1f\n3:cpuset:/docker/1f\n",
        "sys|fs|cgroup|cpu|cpu.cfs_quota_us": quota + "\n",
        "sys|fs|cgroup|cpu|cpu.cfs_period_us": "100000\n",
    }
    assert usable_cpus(files(tmp_path, **cgroup)) == cpus


@pytest.mark.parametrize(("given", "cpus"), [("3", 3), ("99", 8), ("", 8), ("0", 1), ("many", 8)])
def test_slurm_says_how_many_a_task_has(given: str, cpus: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLURM_CPUS_PER_TASK", given)
    assert usable_cpus(tmp_path) == cpus


def test_systems_without_affinity_have_their_cores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 5)
    assert usable_cpus(tmp_path) == 5


def test_what_sets_no_limit_is_not_among_the_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cpu_limits(tmp_path) == {"affinity": 8}
    monkeypatch.setenv("SLURM_CPUS_PER_TASK", "3")
    cgroup = {"proc|self|cgroup": "0::/\n", "sys|fs|cgroup|cpu.max": "250000 100000\n"}
    limits = cpu_limits(files(tmp_path, **cgroup))
    assert limits == {"affinity": 8, "cgroup quota": 3, "SLURM_CPUS_PER_TASK": 3}
    assert tuple(limits) == CPU_LIMITS
