"""`genint predict` beside programs that keep the cores busy: wall and CPU seconds, and whether the values are the same.

    python benchmarks/contention.py GENOME.fa --chroms chrIII [--code OTHER_CHECKOUT] [--repeats 3] [--load 4]

Each way runs idle and beside `--load` busy loops, in turn, in a process of its own: the default, `--threads 1` and
`--batch-size 1 --threads 1`, with this code and with that of each other checkout. Prints medians, the highest peak of
memory, and how many bigWigs hold other values than those of the first way.
"""

import argparse
import hashlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pybigtools

WAYS = {
    "default": [],
    "--threads 1": ["--threads", "1"],
    "--threads 1 --batch-size 1": ["--threads", "1", "--batch-size", "1"],
}
HERE = Path(__file__).parent.parent


class Taken(NamedTuple):
    """What one run took, and the digests of its bigWigs by name."""

    wall: float
    cpu: float
    megabytes: float
    files: dict[str, str]


@contextmanager
def busy(loops: int) -> Iterator[None]:
    """So many processes that compute without end."""
    started = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(loops)]
    try:
        yield
    finally:
        for process in started:
            process.kill()
            process.wait()


def digest(file: Path) -> str:
    """sha256 of a bigWig's values; how they are compressed makes no difference."""
    found = hashlib.sha256()
    with pybigtools.open(str(file)) as bigwig:
        for chrom, size in bigwig.chroms().items():
            found.update(bigwig.values(chrom, 0, size, fillna=None).tobytes())
    return found.hexdigest()


def run(code: Path, way: list[str], options: argparse.Namespace) -> Taken:
    """One run of the command with the code of a checkout."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "genint", "predict", options.genome.resolve(), "--chroms", options.chroms]
        command += ["--model", options.model, "--out", f"{folder}/out", "--quiet", *way]
        environment = {**os.environ, "PYTHONPATH": str(code.resolve())}
        started = time.perf_counter()
        child = subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL, env=environment, cwd=code)
        _, status, used = os.wait4(child.pid, 0)
        wall = time.perf_counter() - started
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            raise SystemExit(f"{' '.join(map(str, command))} ended with {child.returncode}")
        files = {file.name: digest(file) for file in Path(folder, "out").glob("*.bw")}
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return Taken(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / unit, files)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("genome", type=Path)
    parser.add_argument("--chroms", required=True)
    parser.add_argument("--model", default="genomic-interpreter-yeast")
    parser.add_argument("--code", type=Path, action="append", default=[], help="another checkout; repeatable")
    parser.add_argument("--load", type=int, default=4)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    keys = [(code, name, load) for load in (0, options.load) for code in (HERE, *options.code) for name in WAYS]
    taken: dict[tuple[Path, str, int], list[Taken]] = {key: [] for key in keys}
    for _ in range(options.repeats):
        for code, name, load in keys:
            with busy(load):
                taken[code, name, load].append(run(code, WAYS[name], options))
    expected = taken[keys[0]][0].files
    print(f"{'code':24}{'options':30}{'load':>6}{'wall s':>9}{'CPU s':>9}{'peak MB':>9}{'files that differ':>19}")
    for (code, name, load), runs in taken.items():
        wall, cpu = (statistics.median(each) for each in zip(*(one[:2] for one in runs), strict=True))
        differ = sum(one.files.get(file) != data for one in runs for file, data in expected.items())
        label = "this" if code == HERE else str(code)[-22:]
        peak = max(one.megabytes for one in runs)
        print(f"{label:24}{name:30}{load:6}{wall:9.1f}{cpu:9.1f}{peak:9.0f}{differ:19}")


if __name__ == "__main__":
    main()
