"""How many CPU cores this process may really use, whatever containers, batch systems and taskset leave of the machine.

cgroup files: https://docs.kernel.org/admin-guide/cgroup-v2.html (cpu.max) and
https://docs.kernel.org/scheduler/sched-bwc.html (cpu.cfs_quota_us, cpu.cfs_period_us).
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from math import ceil
from pathlib import Path, PurePosixPath

AFFINITY, QUOTA, SLURM = CPU_LIMITS = ("affinity", "cgroup quota", "SLURM_CPUS_PER_TASK")


def usable_cpus(root: Path = Path("/")) -> int:
    """The least of what limits the process, see `cpu_limits`. At least 1."""
    return max(min(cpu_limits(root).values()), 1)


def cpu_limits(root: Path = Path("/")) -> dict[str, int]:
    """CPUs by what limits them: the process's affinity, its cgroup's quota rounded up, SLURM_CPUS_PER_TASK.

    What sets no limit is left out. `root` is where the files of the system begin.
    """
    limits = {AFFINITY: len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1}
    if quotas := list(_quotas(root)):
        limits[QUOTA] = ceil(min(quotas))
    with suppress(ValueError):
        limits[SLURM] = int(os.environ.get(SLURM, ""))
    return limits


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
