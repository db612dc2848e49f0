"""How many CPU cores this process may really use, whatever containers, batch systems and taskset leave of the machine.

cgroup files: https://docs.kernel.org/admin-guide/cgroup-v2.html (cpu.max) and
https://docs.kernel.org/scheduler/sched-bwc.html (cpu.cfs_quota_us, cpu.cfs_period_us).
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from math import ceil
from pathlib import Path, PurePosixPath


def usable_cpus(root: Path = Path("/")) -> int:
    """The least of: CPUs of the process's affinity, its cgroup's quota rounded up, SLURM_CPUS_PER_TASK. At least 1."""
    affinity = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    limits = [affinity, *map(ceil, _quotas(root))]
    with suppress(ValueError):
        limits.append(int(os.environ.get("SLURM_CPUS_PER_TASK", "")))
    return max(min(limits), 1)


def _quotas(root: Path) -> Iterator[float]:
    """CPUs that the process's cgroup and those above it allow; a container may see its own as the root."""
    for line in _read(root / "proc/self/cgroup").splitlines():
        _, controllers, path = [*line.split(":", 2), "", ""][:3]
        if not controllers:
            mount, quota = root / "sys/fs/cgroup", _quota_v2
        elif "cpu" in controllers.split(","):
            mount, quota = root / "sys/fs/cgroup/cpu", _quota_v1
        else:
            continue
        inside = PurePosixPath(path.lstrip("/"))
        for folder in (inside, *inside.parents):
            with suppress(ValueError, ZeroDivisionError):  # "max", -1 and empty files set no limit
                yield quota(mount / folder)


def _quota_v2(folder: Path) -> float:
    quota, period = _read(folder / "cpu.max").split()
    return int(quota) / int(period)


def _quota_v1(folder: Path) -> float:
    quota, period = (int(_read(folder / f"cpu.cfs_{name}_us")) for name in ("quota", "period"))
    if quota < 0:
        raise ValueError("no limit")
    return quota / period


def _read(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:
        return ""
