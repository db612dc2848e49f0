"""How much longer `genint predict --whole-genome` takes than the forward passes alone, over the same batches.

    python benchmarks/predict.py GENOME.fa [--model MODEL] [--repeats 3] [--dtype auto]

Runs the two in turn, in processes of their own, and prints medians, their ratio, and the command's peak memory.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def bare_loop(genome_file: Path, model_name: str, dtype_name: str, batch_size: int) -> float:
    """Seconds of forward passes over every tile of the genome, in full batches, and nothing else."""
    import torch

    from genint.devices import choose_device, choose_dtype, inference
    from genint.genome import Genome
    from genint.grid import tiles, wanted_bins
    from genint.models.folder import load_model
    from genint.regions import Region

    device = choose_device("auto")
    dtype = choose_dtype(dtype_name, device)
    model = load_model(model_name, device)
    with Genome(genome_file) as genome:
        wanted = wanted_bins((Region(c, 0, n) for c, n in genome.sizes.items()), genome.sizes, model.geometry.bin_bp)
        dna = [
            torch.from_numpy(genome.tokens(t.chrom, *t.input(model.geometry))) for t in tiles(wanted, model.geometry)
        ]
    dna += [torch.full_like(dna[0], 4)] * (-len(dna) % batch_size)
    batches = [torch.stack(dna[i : i + batch_size]) for i in range(0, len(dna), batch_size)]
    with inference(device, dtype):
        model.module(batches[0].to(device))
        started = time.perf_counter()
        for batch in batches:
            model.module(batch.to(device)).float().cpu()
    return time.perf_counter() - started


def whole_command(genome_file: Path, model_name: str, dtype_name: str, batch_size: int) -> tuple[float, float]:
    """Seconds from start to exit of the command, and its peak memory in MB."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "genint", "predict", str(genome_file), "--whole-genome", "-o", f"{folder}/out"]
        command += ["--model", model_name, "--dtype", dtype_name, "--batch-size", str(batch_size), "--quiet"]
        started = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        seconds = time.perf_counter() - started
    return seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("genome", type=Path)
    parser.add_argument("--model", default="genomic-interpreter-yeast")
    parser.add_argument("--dtype", default="auto")
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    settings = (options.genome, options.model, options.dtype, options.batch_size)
    runs = [(whole_command(*settings), bare_loop(*settings)) for _ in range(options.repeats)]
    seconds, bare = statistics.median(run[0][0] for run in runs), statistics.median(run[1] for run in runs)
    result = {
        "forward passes, s": round(bare, 2),
        "whole command, s": round(seconds, 2),
        "ratio": round(seconds / bare, 3),
        "peak memory of the command, MB": round(max(run[0][1] for run in runs)),
    }
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
