"""What mutagenesis costs: CPU seconds per kb of every substitution, plain, incremental and screened.

    python benchmarks/mutagenesis.py [--model MODEL | --preset small] [--architecture interpreter] [--bases 64]

Plain recomputation, a window at a time as genint predict runs it, is the peer. A preset has random weights, which cost
what trained ones do. Incremental scores are compared with plain ones. Prints Markdown; one thread.
"""

import argparse
import time
from collections.abc import Callable

import numpy as np
import torch

from genint.arrays import F64, I64
from genint.interpretation.attribution.mutants import PlainRescorer, choose_rescorer, score_mutants
from genint.interpretation.attribution.target import all_bins
from genint.interpretation.attribution.window_scores import score_window
from genint.models.base import TrackModel
from genint.models.folder import load_model
from genint.models.registry import ARCHITECTURES, build

TRACKS = 70  # of a preset


def open_module(options: argparse.Namespace) -> TrackModel:
    """The module of a model folder, or of a preset with random weights, none of them zero."""
    if options.model:
        return load_model(options.model).module
    torch.manual_seed(0)
    config = ARCHITECTURES[options.architecture].presets[options.preset]()
    module = build(options.architecture, config, TRACKS).eval().requires_grad_(False)
    for parameter in module.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.05)
    return module


def measure(run: Callable[[], F64]) -> tuple[F64, float]:
    """What it gives, and the CPU seconds it takes."""
    start = time.process_time()
    result = run()
    return result, time.process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model")
    parser.add_argument("--architecture", default="interpreter")
    parser.add_argument("--preset", default="small")
    parser.add_argument("--bases", type=int, default=64)
    options = parser.parse_args()
    torch.set_num_threads(1)
    module = open_module(options)
    torch.manual_seed(1)
    length = module.geometry.input_bp
    tokens = torch.randint(0, 4, (1, length), dtype=torch.uint8)
    one_hot, target = module.one_hot(tokens), all_bins(module, range(module.n_tracks))
    first = length // 2
    columns: I64 = np.repeat(np.arange(first, first + options.bases), 3)
    bases: I64 = (tokens[0].numpy()[columns].astype(np.int64) + np.tile([1, 2, 3], options.bases)) % 4
    few = len(columns) // 4  # plain recomputation takes long

    def plain() -> F64:
        return score_mutants(PlainRescorer(module, one_hot, target), one_hot, columns[:few], bases[:few], at_once=1)

    def incremental() -> F64:
        with torch.inference_mode():
            rescorer = choose_rescorer(module, one_hot, target)
        return score_mutants(rescorer, one_hot, columns, bases)

    def screened() -> F64:
        return score_window(module, tokens, slice(first, first + options.bases), target, "screened").effects

    score_mutants(PlainRescorer(module, one_hot, target), one_hot, columns[:2], bases[:2])  # warm up
    (exact, plain_s), (fast, fast_s), (_, screened_s) = measure(plain), measure(incremental), measure(screened)
    per_kb = 1_000 / options.bases
    plain_kb = plain_s * len(columns) / few * per_kb
    print(f"{options.model or options.architecture + ':' + options.preset}, {options.bases} bases\n")
    print("| way | CPU s per kb | times faster |\n|---|---|---|")
    for way, seconds in (("plain", plain_kb), ("incremental", fast_s * per_kb), ("screened", screened_s * per_kb)):
        print(f"| {way} | {seconds:.1f} | {plain_kb / seconds:.1f} |")
    print(f"\nlargest difference between plain and incremental scores: {np.abs(exact - fast[:few]).max():.1e}")


if __name__ == "__main__":
    main()
