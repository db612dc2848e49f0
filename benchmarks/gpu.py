"""All figures of a GPU in one command, as Markdown: its floors, forward passes in every way, memory, the whole command.

    python benchmarks/gpu.py [--device cuda] [--model MODEL ...] [--genome GENOME.fa] > gpu.md

MODEL is a model folder, a bundled model's name, or architecture:preset with random weights and 5,313 tracks. Batches
are doubled until memory ends; compiled passes run at the batch size that was fastest without. A pass's floor is that of
forward.py at the device's own rates. Values are compared with those of the CPU in float32, over two tiles. The whole
command is `genint predict --whole-genome`, over random DNA unless a genome is given, beside its forward passes. Runs on
a CPU too (--device cpu --most 2 --no-compile).
"""

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from forward import floor_seconds, layer_costs
from torch import Tensor

from genint.genome.fasta import Genome
from genint.models.base import TrackModel
from genint.models.bundled import DEFAULT_MODEL
from genint.models.folder import load_model
from genint.models.registry import ARCHITECTURES, build
from genint.prediction.devices import choose_device, inference, is_out_of_memory

CPU = torch.device("cpu")
DTYPES = (torch.float32, torch.bfloat16)
PAPER_TRACKS = 5_313
COMPILERS = {"--compile": "default", "CUDA graphs": "reduce-overhead"}
Forward = Callable[[Tensor], Tensor]


class Rates(NamedTuple):
    """What the device does at most: operations a second by type, and bytes a second, read and written."""

    matrix: dict[torch.dtype, float]
    copy: float


class Pass(NamedTuple):
    """A way to run a model, what it takes, and its largest difference, relative difference and r with the CPU's."""

    way: str
    dtype: torch.dtype
    batch: int
    seconds: float
    peak: float  # GB
    agreement: tuple[float, float, float]


def synchronize(device: torch.device) -> None:
    """Wait until the device has nothing left to do."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def median_seconds(work: Callable[[], object], device: torch.device, repeats: int) -> float:
    """Of one call, after two that warm up."""
    taken = []
    for _ in range(2 + repeats):
        synchronize(device)
        started = time.perf_counter()
        work()
        synchronize(device)
        taken.append(time.perf_counter() - started)
    return statistics.median(taken[2:])


def measure_rates(device: torch.device, options: argparse.Namespace) -> Rates:
    """Print the device's floors, and return those that passes are held against."""
    rates = {}
    for dtype in DTYPES:
        a, b = torch.randn(2, options.matrix, options.matrix, device=device).to(dtype)
        with inference(device, torch.float32):
            rates[dtype] = 2 * options.matrix**3 / median_seconds(lambda a=a, b=b: a @ b, device, options.repeats)
    there = torch.randn(options.copy_mb << 18, device=device)
    here, empty = torch.empty(there.shape, pin_memory=device.type == "cuda"), torch.empty_like(there)
    pageable = torch.empty(there.shape)
    copies = {
        "device to device, read and written": lambda: empty.copy_(there),
        "to the device, page-locked": lambda: there.copy_(here, non_blocking=True),
        "to the device, pageable": lambda: there.copy_(pageable),
        "from the device, page-locked": lambda: here.copy_(there, non_blocking=True),
    }
    found = {name: there.nbytes / median_seconds(work, device, options.repeats) for name, work in copies.items()}
    copy = 2 * found["device to device, read and written"]
    found["device to device, read and written"] = copy
    print("| floor | |\n|---|---|")
    for dtype, rate in rates.items():
        print(f"| product of {options.matrix:,} x {options.matrix:,}, {name_of(dtype)} | {rate / 1e12:.2f} TFLOP/s |")
    for name, rate in found.items():
        print(f"| copy of {options.copy_mb} MB {name} | {rate / 1e9:.1f} GB/s |")
    return Rates(rates, copy)


def name_of(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def open_model(name: str) -> TrackModel:
    """A model folder's module, or an architecture's with random weights."""
    architecture, _, preset = name.partition(":")
    if preset and architecture in ARCHITECTURES:
        torch.manual_seed(0)
        return build(architecture, ARCHITECTURES[architecture].presets[preset](), PAPER_TRACKS).eval()
    return load_model(name, CPU).module


def random_tokens(model: TrackModel, windows: int) -> Tensor:
    draw = torch.Generator().manual_seed(1)
    return torch.randint(0, 4, (windows, model.geometry.input_bp), dtype=torch.uint8, generator=draw)


def agree(found: Tensor, expected: Tensor) -> tuple[float, float, float]:
    """Largest difference, that over the largest value, and Pearson r over all values."""
    a, b = found.double().flatten().cpu().numpy(), expected.double().flatten().numpy()
    largest = float(np.abs(a - b).max())
    return largest, largest / float(np.abs(b).max()), float(np.corrcoef(a, b)[0, 1])


def reset_peak(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device)


def peak_gb(device: torch.device) -> float:
    """Most memory in use since `reset_peak`; on a CPU, of the process since its start."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 1e9
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


class Runner:
    """Runs a model in different ways on a device."""

    def __init__(self, model: TrackModel, device: torch.device, options: argparse.Namespace) -> None:
        self._model, self._device, self._options = model.to(CPU), device, options
        self._compared = random_tokens(model, 2)
        with inference(CPU, torch.float32):
            self._expected = torch.cat([model(window) for window in self._compared.split(1)])
        self.tokens_of_one = random_tokens(model, 1)
        self._model = model.to(device)

    def run(self, forward: Forward, way: str, dtype: torch.dtype, batch: int) -> Pass | None:
        """None when memory does not suffice."""
        reset_peak(self._device)
        tokens = random_tokens(self._model, batch).to(self._device)
        compared = torch.cat([self._compared.to(self._device), tokens])[: max(batch, 2)]
        try:
            with inference(self._device, dtype):
                seconds = median_seconds(lambda: forward(tokens), self._device, self._options.repeats)
                parts = [forward(part).float().cpu() for part in compared.split(batch) if len(part) == batch]
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
            return None
        return Pass(way, dtype, batch, seconds, peak_gb(self._device), agree(torch.cat(parts)[:2], self._expected))

    def run_all(self) -> Iterator[Pass]:
        """Without a compiler at every batch size; with one at the best of them."""
        for dtype in DTYPES:
            plain = list(self._double_batches(dtype))
            yield from plain
            best = min(plain, key=lambda each: each.seconds / each.batch).batch
            for way, mode in COMPILERS.items() if self._options.compile else ():
                if mode == "default" or self._device.type == "cuda":
                    torch._dynamo.reset()
                    compiled = torch.compile(self._model, mode=mode, dynamic=False)
                    # What a CUDA graph returns is overwritten by its next run.
                    if found := self.run(lambda dna, run=compiled: run(dna).clone(), way, dtype, best):
                        yield found

    def _double_batches(self, dtype: torch.dtype) -> Iterator[Pass]:
        batch = 1
        while batch <= self._options.most and (found := self.run(self._model, "eager", dtype, batch)):
            yield found
            batch *= 2


def print_passes(name: str, passes: Sequence[Pass], operations: float, floors: dict[torch.dtype, float]) -> None:
    """`operations` and `floors`, in seconds, are those of a tile."""
    print(f"\n**{name}**: {operations / 1e9:.1f} GFLOP a tile\n")
    columns = ("way", "numbers", "batch", "ms a tile", "TFLOP/s", "times the floor", "peak GB")
    columns += ("largest difference", "relative", "r")
    print(f"| {' | '.join(columns)} |\n{len(columns) * '|---'}|")
    for way, dtype, batch, seconds, peak, (largest, relative, r) in passes:
        tile = seconds / batch
        print(
            f"| {way} | {name_of(dtype)} | {batch} | {1e3 * tile:.2f} | {operations / tile / 1e12:.2f} "
            f"| {tile / floors[dtype]:.2f} | {peak:.2f} | {largest:.2g} | {relative:.2g} | {r:.7f} |"
        )


def measure_model(name: str, device: torch.device, rates: Rates, options: argparse.Namespace) -> float:
    """Print a model's passes; seconds a tile of the fastest that is not compiled."""
    model = open_model(name)
    runner = Runner(model, device, options)
    costs_on = model.to(CPU)
    operations = sum(cost[1] for cost in layer_costs(costs_on, runner.tokens_of_one))
    floors = {
        dtype: floor_seconds(costs_on, runner.tokens_of_one, dtype, rate, rates.copy)
        for dtype, rate in rates.matrix.items()
    }
    model.to(device)
    passes = list(runner.run_all())
    print_passes(name, passes, operations, floors)
    return min(each.seconds / each.batch for each in passes if each.way == "eager")


def measure_command(name: str, device: torch.device, tile_seconds: float, options: argparse.Namespace) -> None:
    """Print how much of the whole command its forward passes are."""
    geometry = open_model(name).geometry
    with tempfile.TemporaryDirectory() as folder:
        genome = options.genome or write_random_genome(Path(folder, "genome.fa"), int(options.genome_mb * 1e6))
        command = [sys.executable, "-m", "genint", "predict", genome, "--whole-genome", "--model", name]
        command += ["--device", str(device), "--batch-size", options.batch_size, "--out", f"{folder}/out", "--quiet"]
        started = time.perf_counter()
        subprocess.run([str(word) for word in command], check=True, stdout=subprocess.DEVNULL)
        wall = time.perf_counter() - started
        with Genome(genome) as opened:
            bases = sum(opened.sizes.values())
    passes = bases / geometry.core_bp * tile_seconds
    print(f"\n**genint predict --whole-genome**, {bases / 1e6:.1f} Mb, {name}\n")
    print("| wall, s | bare forward passes at the best batch, s | fraction |\n|---|---|---|")
    print(f"| {wall:.1f} | {passes:.1f} | {passes / wall:.2f} |")


def write_random_genome(file: Path, bases: int) -> Path:
    letters = np.frombuffer(b"ACGT", dtype=np.uint8)[np.random.default_rng(1).integers(0, 4, bases)].tobytes()
    file.write_bytes(b">chr1\n" + letters + b"\n")
    return file


def read_options(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--model", action="append", help=f"repeatable; {DEFAULT_MODEL} and interpreter:paper")
    parser.add_argument("--genome", type=Path, help="for the whole command")
    parser.add_argument("--genome-mb", type=float, default=100, help="of random DNA, in its place")
    parser.add_argument("--batch-size", type=int, default=8, help="of the whole command")
    parser.add_argument("--most", type=int, default=1 << 14, help="largest batch to try")
    parser.add_argument("--no-compile", dest="compile", action="store_false")
    parser.add_argument("--matrix", type=int, default=8_192)
    parser.add_argument("--copy-mb", type=int, default=1_024)
    parser.add_argument("--repeats", type=int, default=5)
    return parser.parse_args(words)


def main(words: Sequence[str] | None = None) -> None:
    options = read_options(words)
    device = choose_device(options.device)
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else f"CPU, {torch.get_num_threads()} thread(s)"
    print(f"{name}, PyTorch {torch.__version__}\n")
    rates = measure_rates(device, options)
    models = options.model or [DEFAULT_MODEL, "interpreter:paper"]
    fastest = {model: measure_model(model, device, rates, options) for model in models}
    for model, seconds in fastest.items():
        if model.partition(":")[0] not in ARCHITECTURES:
            measure_command(model, device, seconds, options)


if __name__ == "__main__":
    main()
