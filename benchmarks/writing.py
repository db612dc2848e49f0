"""How fast bigWigs are written, beside pyBigWig in the same run.

    python benchmarks/writing.py [--repeats 5] [--files 5313]

One process, one core; CPU time, as another job on the machine would show in wall time; our time includes reading every
file back to verify it. The writers take turns, and a figure is the median of the repeats. The tracks are smooth,
positive, full-precision float32 in bins of 128 bp:

    yeast       16 chromosomes, 94,000 bins
    chr1        one chromosome, 2,000,000 bins
    scaffolds   100,000 chromosomes of 1 to 5 bins, all with data, and one in 50 with data
    many files  one of 800 bins for each of --files tracks, with at most 256 files open
"""

import argparse
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pyBigWig

from genint.output.bigwig import BigWigWriter

BIN_BP = 128
YEAST_BP = [
    *(230_218, 813_184, 316_620, 1_531_933, 576_874, 270_161, 1_090_940, 562_643),
    *(439_888, 745_751, 666_816, 1_078_177, 924_431, 784_333, 1_091_291, 948_066),
]

Track = dict[str, np.ndarray]
Writer = Callable[[Path, Mapping[str, int], Track], None]


def genint(path: Path, sizes: Mapping[str, int], track: Track) -> None:
    with BigWigWriter(path, sizes, bin_bp=BIN_BP) as bigwig:
        for chrom, values in track.items():
            bigwig.add(chrom, 0, values)


def pybigwig_entries(path: Path, sizes: Mapping[str, int], track: Track) -> None:
    """As most scripts do: lists of chromosomes, starts, ends and values."""
    with pyBigWig.open(str(path), "w") as bigwig:
        bigwig.addHeader(list(sizes.items()))
        for chrom, values in track.items():
            starts = np.arange(len(values)) * BIN_BP
            ends = np.minimum(starts + BIN_BP, sizes[chrom])
            bigwig.addEntries([chrom] * len(values), starts.tolist(), ends=ends.tolist(), values=values.tolist())


def pybigwig_fixed(path: Path, sizes: Mapping[str, int], track: Track) -> None:
    """The fastest way that pyBigWig has."""
    with pyBigWig.open(str(path), "w") as bigwig:
        bigwig.addHeader(list(sizes.items()))
        for chrom, values in track.items():
            bigwig.addEntries(chrom, 0, values=values, span=BIN_BP, step=BIN_BP)


def smooth(n: int) -> np.ndarray:
    noise = np.random.default_rng(n).normal(size=n + 31)
    return np.exp(np.convolve(noise, np.full(32, 1 / 8), "valid")).astype(np.float32)


def cpu_seconds(write: Writer, paths: list[Path], sizes: Mapping[str, int], track: Track) -> float:
    started = time.process_time()
    for path in paths:
        write(path, sizes, track)
    return time.process_time() - started


def row(name: str, writers: list[Writer], sizes: dict[str, int], track: Track, n_files: int, repeats: int) -> None:
    """Print a line per writer: values per second, bytes per value, and how many times as fast the first one is."""
    n_values = n_files * sum(map(len, track.values()))
    seconds: dict[str, list[float]] = {write.__name__: [] for write in writers}
    n_bytes: dict[str, int] = {}
    for _ in range(repeats):
        for write in writers:
            with tempfile.TemporaryDirectory() as folder:
                paths = [Path(folder, f"{number}.bw") for number in range(n_files)]
                seconds[write.__name__].append(cpu_seconds(write, paths, sizes, track))
                n_bytes[write.__name__] = sum(path.stat().st_size for path in paths)
    for write in writers:
        times = seconds[write.__name__]
        ratio = statistics.median(b / a for a, b in zip(seconds[writers[0].__name__], times, strict=True))
        median = statistics.median(times)
        print(
            f"| {name} | {write.__name__} | {median:.3f} | {n_values / median / 1e6:.2f} "
            f"| {n_bytes[write.__name__] / n_values:.2f} | {ratio:.2f} |",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--files", type=int, default=5313)
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    writers: list[Writer] = [genint, pybigwig_entries, pybigwig_fixed]
    print("| track | writer | CPU s | million values/s | bytes/value | times genint's time |\n" + "|---" * 6 + "|")
    # pyBigWig's fixed steps cannot shorten a last bin, so only whole bins are written.
    yeast = {f"chr{number}": bp for number, bp in enumerate(YEAST_BP, 1)}
    row("yeast", writers, yeast, {chrom: smooth(bp // BIN_BP) for chrom, bp in yeast.items()}, 1, options.repeats)
    row("chr1", writers, {"chr1": 2_000_000 * BIN_BP}, {"chr1": smooth(2_000_000)}, 1, options.repeats)
    scaffolds = {f"scaffold_{number}": BIN_BP * (1 + number % 5) for number in range(100_000)}
    every = {chrom: smooth(bp // BIN_BP) for chrom, bp in scaffolds.items()}
    # pyBigWig looks names up one by one: only genint writes them all, both write a few.
    row("100,000 scaffolds", writers[:1], scaffolds, every, 1, options.repeats)
    few = {chrom: every[chrom] for chrom in list(scaffolds)[::50]}
    row("2,000 of 100,000 scaffolds", writers[:2], scaffolds, few, 1, 1)
    row(f"{options.files:,} files", writers, {"chr1": 800 * BIN_BP}, {"chr1": smooth(800)}, options.files, 1)


if __name__ == "__main__":
    main()
