"""What reading attention costs: CPU seconds of a tile, and memory above that of predicting it.

    python benchmarks/attention_cost.py GENOME [--model MODEL] [--region chr1:5,001-6,000]

Each way is a process of its own, on one thread: predicting (the peer: the fused pass), reading every layer one at a
time, reading all at once, rollout, a pair of bins' flow. Peak memory is the process's; loading is in none of the times.
Prints Markdown.
"""

import argparse
import multiprocessing
import resource
import time
from collections.abc import Callable

import numpy as np
import torch

from genint.genome.fasta import Genome
from genint.genome.region import parse_region
from genint.interpretation.attention.maps import LayerMap, visit_maps
from genint.interpretation.locus import Locus, attending_module, find_locus
from genint.interpretation.sources.flow import FlowNetwork
from genint.interpretation.sources.operators import model_operators
from genint.interpretation.sources.rollout import attention_rollout
from genint.models.bundled import DEFAULT_MODEL
from genint.models.folder import Model, load_model
from genint.prediction.devices import inference


def predict(model: Model, dna: torch.Tensor) -> None:
    model.module(dna)


def read_layers(model: Model, dna: torch.Tensor) -> None:
    visit_maps(attending_module(model), dna, lambda layer: None)


def read_all(model: Model, dna: torch.Tensor) -> None:
    kept: list[LayerMap] = []
    visit_maps(attending_module(model), dna, kept.append)
    sizes = [layer.weights.nbytes / 1e6 for layer in kept]
    print(f"weights: {sum(sizes):.1f} MB in {len(sizes)} layers, the largest {max(sizes):.1f} MB", flush=True)


def roll_out(model: Model, dna: torch.Tensor) -> None:
    attention_rollout(model, dna[0].numpy())


def flow_of_a_pair(model: Model, dna: torch.Tensor) -> None:
    network = FlowNetwork(model_operators(model, dna[0].numpy()), model.geometry, model.geometry.bin_bp)
    network.flow(np.array([network.n_bins // 2]), np.array([network.n_bins // 4]))


WAYS: list[Callable[[Model, torch.Tensor], None]] = [predict, read_layers, read_all, roll_out, flow_of_a_pair]


def measure(way: Callable[[Model, torch.Tensor], None], name: str, locus: Locus) -> None:
    """One row."""
    torch.set_num_threads(1)
    model, dna = load_model(name), torch.from_numpy(np.array(locus.dna))[None]
    with inference(torch.device("cpu"), torch.float32):
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        start = time.process_time()
        way(model, dna)
        seconds = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"| {way.__name__} | {seconds:.2f} | {peak / 1024:.0f} | {(peak - before) / 1024:.0f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("genome")
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--region", default="chr1:5,001-6,000")
    options = parser.parse_args()
    with Genome(options.genome) as genome:
        region = parse_region(options.region, genome.sizes)
        locus = find_locus(genome, region, load_model(options.model).geometry)
    print("| | CPU s | peak MB | above loading, MB |\n|---|---|---|---|", flush=True)
    context = multiprocessing.get_context("spawn")
    for way in WAYS:
        process = context.Process(target=measure, args=(way, options.model, locus))
        process.start()
        process.join()


if __name__ == "__main__":
    main()
