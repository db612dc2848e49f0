"""What a run will take, before any of it is done: counted where it can be, timed and measured where not."""

import resource
import sys
import time
from collections import deque
from dataclasses import dataclass
from itertools import cycle, islice

from genint.prediction.inference import Engine
from genint.prediction.job import Job, disk_bytes
from genint.prediction.pipeline import make_stitcher, requests, task

_WRITERS_BYTES = 100 << 20  # what writing holds on top: pieces of the spool, and buffers of the files open at a time


@dataclass(frozen=True)
class Estimate:
    """`regions`: rows requested. `tiles`, `windows` (forward passes of each model) and `bins` are at most: runs of N
    are found on the way. `spool_bytes` are freed at the end. `minutes`: of the models alone, which reading and
    writing hardly add to. `memory_bytes`: at the peak, all processes together; a GPU's own memory is not in it.
    """

    regions: int
    tiles: int
    windows: int
    bins: int
    files: int
    spool_bytes: int
    result_bytes: int
    minutes: float
    memory_bytes: int

    def lines(self) -> list[tuple[str, str]]:
        """What it is and how much, for people."""
        return [
            ("regions", f"{self.regions:,}"),
            ("tiles", f"{self.tiles:,}"),
            ("forward passes", f"{self.windows:,}"),
            ("bins", f"{self.bins:,}"),
            ("files", f"{self.files:,}"),
            ("disk while it runs", f"{(self.spool_bytes + self.result_bytes) / 1e6:,.1f} MB"),
            ("disk afterwards", f"{self.result_bytes / 1e6:,.1f} MB"),
            ("time of the models", f"{self.minutes:,.1f} minutes"),
            ("peak memory", f"{self.memory_bytes / 1e6:,.0f} MB"),
        ]


def estimate(job: Job) -> Estimate:
    """Count the job's work, and time the models on as many windows as are computed together. Writes nothing.

    Memory is the peak of this process, and of others, after those windows, with what writing adds. Several processes
    that start at different speeds make the time an upper bound.
    """
    stitcher = make_stitcher(job)
    windows = stitcher.per_window * sum(len(stitcher.new_windows(tile)) for tile in job.todo)
    spool_bytes, result_bytes = disk_bytes(job)
    with Engine(task(job), job.options.devices, job.options.threads) as engine:
        seconds = _seconds_per_round(job, engine) * -(-windows // engine.windows_per_round)
    return Estimate(
        regions=len(job.clipped),
        tiles=len(job.todo),
        windows=windows,
        bins=sum(int(mask.sum()) for mask in job.requested.values()),
        files=len(job.files),
        spool_bytes=spool_bytes,
        result_bytes=result_bytes,
        minutes=seconds / 60,
        memory_bytes=_peak_bytes(engine.n_processes) + _WRITERS_BYTES,
    )


def _seconds_per_round(job: Job, engine: Engine) -> float:
    """How long the engine takes for a round of windows, after one to warm up. 0 when there is nothing to predict."""
    first = next(requests(job, job.todo), None)
    if first is None:
        return 0.0
    windows = list(islice(cycle(make_stitcher(job).windows([first])), engine.windows_per_round))
    deque(engine.map(windows), maxlen=0)
    started = time.monotonic()
    deque(engine.map(windows), maxlen=0)
    return time.monotonic() - started


def _peak_bytes(n_processes: int) -> int:
    """Resident memory at its highest: this process, and as many of the largest ended one as there are beside it."""
    peaks = [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    unit = 1 if sys.platform == "darwin" else 1024
    return unit * (peaks[0] + n_processes * peaks[1])
