"""A training step on a CPU: windows in threads of their own, beside operations that share the cores and one core alone.

    python benchmarks/training_step.py [--preset small] [--threads 2] [--load 4] [--steps 5] [--repeats 3]

Each way runs idle and beside `--load` busy loops, in turn, in a process of its own. Prints medians over all steps of
wall and CPU seconds, the peak of memory and, as a ratio within each repeat, the wall time over that of shared
operations, which is how training used the cores before.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time

import torch
from contention import busy
from torch import Tensor

from genint.models.registry import ARCHITECTURES, build
from genint.training.losses import poisson
from genint.training.parallel_windows import ParallelWindows

WAYS = ("shared operations", "one core", "windows in threads")
TRACKS = 20
Taken = tuple[float, float, float]  # medians of wall and CPU seconds a step, peak MB


def measure(way: str, dtype: torch.dtype, options: argparse.Namespace) -> Taken:
    """Steps in this process."""
    torch.manual_seed(0)
    model = build(options.architecture, ARCHITECTURES[options.architecture].presets[options.preset](), TRACKS).train()
    tokens = torch.randint(0, 4, (options.batch_size, model.geometry.input_bp), dtype=torch.uint8)
    targets = torch.rand(options.batch_size, model.geometry.core_bins, TRACKS)
    parameters = list(model.parameters())
    optimizer = torch.optim.AdamW(parameters, lr=1e-4)
    torch.set_num_threads(1 if way == "one core" else options.threads)

    def loss(dna: Tensor, measured: Tensor) -> tuple[Tensor, Tensor]:
        return poisson(model(dna), measured)

    def step(parallel: ParallelWindows | None) -> None:
        with torch.autocast("cpu", torch.bfloat16, enabled=dtype == torch.bfloat16):
            batch = tokens, targets
            total, count = parallel.sum_loss(loss, batch, parameters) if parallel else loss(*batch)
        (total / count).backward()
        optimizer.step()
        optimizer.zero_grad()

    def run(parallel: ParallelWindows | None) -> Taken:
        taken = []
        for _ in range(options.steps + 1):
            wall, cpu = time.perf_counter(), time.process_time()
            step(parallel)
            taken.append((time.perf_counter() - wall, time.process_time() - cpu))
        walls, cpus = zip(*taken[1:], strict=True)  # the first step also sets things up
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)
        return statistics.median(walls), statistics.median(cpus), peak

    if way != WAYS[-1]:
        return run(None)
    with ParallelWindows(options.threads) as parallel:
        return run(parallel)


def measure_apart(way: str, dtype: str, options: argparse.Namespace) -> Taken:
    """The same in a process of its own."""
    given = {name: value for name, value in vars(options).items() if name not in ("way", "dtype")}
    words = [f"--{name.replace('_', '-')}={value}" for name, value in given.items()]
    command = [sys.executable, __file__, *words, f"--way={way}", f"--dtype={dtype}"]
    found: Taken = tuple(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--architecture", default="interpreter")
    parser.add_argument("--preset", default="small")
    parser.add_argument("--batch-size", type=int, default=4)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--load", type=int, default=4)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--dtype", choices=("float32", "bfloat16"), help="one alone; both, unless given")
    parser.add_argument("--way", choices=WAYS, help="this one alone, in this process, as JSON")
    options = parser.parse_args()
    dtypes = [options.dtype] if options.dtype else ["float32", "bfloat16"]
    if options.way:
        print(json.dumps(measure(options.way, getattr(torch, dtypes[0]), options)))
        return
    print("| numbers | busy loops | way | wall, s a step | CPU, s a step | peak, MB | times shared |")
    print("|---|---|---|---|---|---|---|")
    for dtype in dtypes:
        for load in (0, options.load):
            taken: dict[str, list[Taken]] = {way: [] for way in WAYS}
            for _ in range(options.repeats):
                for way in WAYS:
                    with busy(load):
                        taken[way].append(measure_apart(way, dtype, options))
            for way, runs in taken.items():
                wall, cpu, peak = (statistics.median(each) for each in zip(*runs, strict=True))
                ratio = statistics.median(a[0] / b[0] for a, b in zip(runs, taken[WAYS[0]], strict=True))
                print(f"| {dtype} | {load} | {way} | {wall:.2f} | {cpu:.2f} | {peak:.0f} | {ratio:.2f} |", flush=True)


if __name__ == "__main__":
    main()
