"""How many training windows a second the loader gives, to be set beside those that a model trains on.

    python benchmarks/loader.py DATASET [--windows 400] [--repeats 3] [--core-bp 16384] [--context-bp 512]
        [--relatives 0.5] [--mutation-rate 0.0]

One process, one core, with reverse complement and shifts as `genint train` draws them. Prints the median of the
repeats and the slowest window.
"""

import argparse
import json
import statistics
import time
from pathlib import Path

from genint.datasets.dataset import TrackDataset
from genint.datasets.loader import TrainingWindows
from genint.datasets.variation import Variation
from genint.genome.grid import Geometry


def seconds_per_window(dataset: TrackDataset, geometry: Geometry, windows: range, variation: Variation) -> list[float]:
    """Time of each window."""
    drawn = TrainingWindows(dataset, geometry, seed=1, shift_bp=16, reverse=True, indices=windows, variation=variation)
    seconds = []
    for i in range(len(drawn)):
        started = time.perf_counter()
        drawn[i]
        seconds.append(time.perf_counter() - started)
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--windows", type=int, default=400)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--core-bp", type=int, default=16_384)
    parser.add_argument("--context-bp", type=int, default=512)
    parser.add_argument("--relatives", type=float, default=0.0)
    parser.add_argument("--mutation-rate", type=float, default=0.0)
    options = parser.parse_args()
    dataset = TrackDataset(options.dataset)
    geometry = Geometry(core_bp=options.core_bp, context_bp=options.context_bp, bin_bp=dataset.bin_bp)
    variation = Variation(relatives=options.relatives, mutation_rate=options.mutation_rate)
    seconds_per_window(dataset, geometry, range(10), variation)
    runs = [
        seconds_per_window(dataset, geometry, range(n * options.windows, (n + 1) * options.windows), variation)
        for n in range(options.repeats)
    ]
    result = {
        "dataset": options.dataset.name,
        "tracks": len(dataset.tracks),
        "windows/s": round(statistics.median(len(run) / sum(run) for run in runs)),
        "slowest window, ms": round(1000 * max(max(run) for run in runs), 1),
    }
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
