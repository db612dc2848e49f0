"""What a run will take, before any of it is done: counted where it can be, timed and measured where not."""

import resource
import sys
import time
from dataclasses import dataclass
from itertools import cycle, islice

from genint.prediction.inference import Engine
from genint.prediction.job import Job, disk_bytes
from genint.prediction.predict import requests, work
from genint.prediction.windows import Stitcher

_WRITERS_BYTES = 100 << 20  # what writing holds on top: pieces of the spool, and buffers of the files open at a time


@dataclass(frozen=True)
class Estimate:
    """`regions`: rows asked for. `tiles`, `windows` (times that each model reads DNA) and `bins` are at most: runs of N
    are found on the way. `spool_bytes` are given back at the end. `minutes`: of the models alone, which reading and
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
            ("windows to read", f"{self.windows:,}"),
            ("bins", f"{self.bins:,}"),
            ("files", f"{self.files:,}"),
            ("disk while it runs", f"{(self.spool_bytes + self.result_bytes) / 1e6:,.1f} MB"),
            ("disk afterwards", f"{self.result_bytes / 1e6:,.1f} MB"),
            ("time of the models", f"{self.minutes:,.1f} minutes"),
            ("peak memory", f"{self.memory_bytes / 1e6:,.0f} MB"),
        ]


def estimate(job: Job) -> Estimate:
    """Count the job's work, and let the models read one batch on every device to time them. Writes nothing.

    Memory is the peak of this process, and of others, after that batch, which is as large as any will be, with what
    writing adds. Several processes that start at different speeds make the time an upper bound.
    """
    stitcher = Stitcher(job.genome, job.geometry, job.options.views)
    windows = job.options.views.per_window * sum(len(stitcher.new_windows(tile)) for tile in job.todo)
    at_once = job.options.batch_size * len(job.options.devices)
    spool_bytes, result_bytes = disk_bytes(job)
    seconds = _seconds(job, at_once) * -(-windows // at_once)
    return Estimate(
        regions=len(job.clipped),
        tiles=len(job.todo),
        windows=windows,
        bins=sum(int(mask.sum()) for mask in job.wanted.values()),
        files=len(job.files),
        spool_bytes=spool_bytes,
        result_bytes=result_bytes,
        minutes=seconds / 60,
        memory_bytes=_peak_bytes(len(job.options.devices)) + _WRITERS_BYTES,
    )


def _seconds(job: Job, at_once: int) -> float:
    """How long a batch on every device takes, after one to warm up. 0 when there is nothing to predict."""
    first = next(requests(job, job.todo), None)
    if first is None:
        return 0.0
    stitcher = Stitcher(job.genome, job.geometry, job.options.views)
    views = list(islice(cycle(stitcher.views([first])), at_once))
    with Engine(work(job), job.options.devices) as engine:
        list(engine.answers(views))
        started = time.monotonic()
        list(engine.answers(views))
        return time.monotonic() - started


def _peak_bytes(n_devices: int) -> int:
    """Resident memory at its highest: this process and, with several devices, as many of the largest that has ended."""
    peaks = [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    unit = 1 if sys.platform == "darwin" else 1024
    return unit * (peaks[0] + (n_devices * peaks[1] if n_devices > 1 else 0))
