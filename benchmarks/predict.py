"""How long `genint predict --whole-genome` takes beside the hardware's floor and the same work done in other ways.

    python benchmarks/predict.py GENOME.fa [--model MODEL] [--repeats 3] [--dtype auto]

Needs the packages pyBigWig and enformer-pytorch. All do the same tiles in the same batches, in turn, each in a process
of its own:

    forward passes       the model over every tile, on a CPU each core a tile, and nothing else
    genint predict       the command, from start to exit
    plain script         what the field's tools do: batch by batch into memory, then one bigWig per track through
                         pyBigWig, entry by entry; its imports left out
    textbook attention   forward passes with the same weights: windows gathered, einsum, softmax (forward.py)
    Enformer             forward passes of enformer-pytorch's model, as wide and as deep as the final layers
    no model, 100 tracks the command's work but for forward passes: a model that answers at once

Prints medians, ratios and peak memory. The floor, see forward.py, is counted at the rates of all threads, measured
after the last run; on a GPU it is left out.
"""

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import forward
import torch
from torch import nn

from genint.console import Console
from genint.genome.bed import BedRow
from genint.genome.fasta import Genome
from genint.genome.grid import Tile, requested_bins, tiles
from genint.genome.region import Region
from genint.models.base import ModelConfig, TrackModel
from genint.models.bundled import DEFAULT_MODEL
from genint.models.folder import Model, load_model
from genint.prediction.cpus import usable_cpus
from genint.prediction.devices import choose_device, choose_dtype, inference
from genint.prediction.job import Options, prepare
from genint.prediction.to_folder import predict_job
from genint.prediction.workers import one_core_each
from genint.tracks.table import TrackTable

NO_MODEL = "no model, 100 tracks"
WAYS = ("forward passes", "genint predict", "plain script", "textbook attention", "Enformer", NO_MODEL)


def batches(genome_file: Path, model: Model, batch_size: int) -> tuple[list[Tile], list[torch.Tensor]]:
    """Every tile of the genome, and their DNA in full batches, (B, input_bp) uint8."""
    with Genome(genome_file) as genome:
        wanted = requested_bins((Region(c, 0, n) for c, n in genome.sizes.items()), genome.sizes, model.geometry.bin_bp)
        todo = list(tiles(wanted, model.geometry))
        dna = [torch.from_numpy(genome.tokens(tile.chrom, *tile.input(model.geometry))) for tile in todo]
    dna += [torch.full_like(dna[0], 4)] * (-len(dna) % batch_size)
    return todo, [torch.stack(dna[i : i + batch_size]) for i in range(0, len(dna), batch_size)]


def passes(way: str, options: argparse.Namespace) -> float:
    """Seconds of forward passes over every tile of the genome, and nothing else."""
    device = choose_device("auto")
    model = load_model(options.model, device)
    module: nn.Module = model.module
    _, dna = batches(options.genome, model, options.batch_size)
    if way == "textbook attention":
        module = forward.textbook(module)
    if way == "Enformer":
        module, dna = forward.enformer_like(model.module).to(device), [batch.long() for batch in dna]
    with inference(device, choose_dtype(options.dtype, device)):
        module(dna[0].to(device))
    dtype = choose_dtype(options.dtype, device)

    def forward_pass(batch: torch.Tensor) -> None:
        with inference(device, dtype):
            output = module(batch.to(device))
            (output["tracks"] if way == "Enformer" else output).float().cpu()

    if device.type == "cpu":  # as genint does: each window alone, on a core of its own
        dna = [window[None] for batch in dna for window in batch]
    with one_core_each(usable_cpus() if device.type == "cpu" else 1) as pool:
        started = time.perf_counter()
        list(pool.map(forward_pass, dna))
        return time.perf_counter() - started


def plain_script(options: argparse.Namespace) -> float:
    """Seconds of predicting everything into memory and writing it entry by entry, imports left out."""
    import numpy as np
    import pyBigWig

    started = time.perf_counter()
    device = choose_device("auto")
    model = load_model(options.model, device)
    core_bp, bin_bp, core_bins = model.geometry.core_bp, model.geometry.bin_bp, model.geometry.core_bins
    todo, dna = batches(options.genome, model, options.batch_size)
    with inference(device, choose_dtype(options.dtype, device)):
        predicted = np.concatenate([model.module(batch.to(device)).float().cpu().numpy() for batch in dna])
    predicted = model.tracks.transform(bin_bp).invert(predicted.astype(np.float64))
    with Genome(options.genome) as genome:
        sizes = genome.sizes
    with tempfile.TemporaryDirectory() as folder:
        for column, name in enumerate(model.tracks.file_names()):
            with pyBigWig.open(f"{folder}/{name}", "w") as bigwig:
                bigwig.addHeader(list(sizes.items()))
                for tile, values in zip(todo, predicted, strict=False):
                    starts = tile.index * core_bp + bin_bp * np.arange(core_bins)
                    starts = starts[starts < sizes[tile.chrom]]
                    ends = np.minimum(starts + bin_bp, sizes[tile.chrom]).tolist()
                    chroms, numbers = [tile.chrom] * len(starts), values[: len(starts), column].tolist()
                    bigwig.addEntries(chroms, starts.tolist(), ends=ends, values=numbers)
    return time.perf_counter() - started


def genint_predict(options: argparse.Namespace) -> float:
    """Seconds from start to exit of the command."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "genint", "predict", options.genome, "--whole-genome", "-o", f"{folder}/out"]
        command += ["--model", options.model, "--dtype", options.dtype, "--batch-size", options.batch_size, "--quiet"]
        started = time.perf_counter()
        subprocess.run([str(word) for word in command], check=True, stdout=subprocess.DEVNULL)
        return time.perf_counter() - started


class Instant(TrackModel):
    """Predicts the same random numbers at once."""

    def __init__(self, config: ModelConfig, n_tracks: int, batch_size: int) -> None:
        super().__init__(config, n_tracks)
        self.register_buffer("outputs", torch.rand(batch_size, config.geometry.core_bins, n_tracks), persistent=False)

    def trunk(self, one_hot: torch.Tensor) -> torch.Tensor:
        """Nothing is computed."""
        raise NotImplementedError

    def forward(self, dna: torch.Tensor) -> torch.Tensor:
        """uint8 (B, input_bp) -> float32 (B, core_bins, T)."""
        return self.outputs[: len(dna)]


def no_model(options: argparse.Namespace) -> float:
    """Seconds of everything around the forward passes, imports left out."""
    like = load_model(options.model)
    tracks = TrackTable(
        replace(track, identifier=f"{track.identifier}.{copy}", strand_pair=f"{track.strand_pair}.{copy}")
        for copy in range(100 // len(like.tracks))
        for track in like.tracks
    )
    module = Instant(like.config, len(tracks), options.batch_size)
    model = replace(like, module=module, tracks=tracks)
    with tempfile.TemporaryDirectory() as folder, Genome(options.genome) as genome:
        started = time.perf_counter()
        rows = [BedRow("", Region(chrom, 0, size), "") for chrom, size in genome.sizes.items()]
        job = prepare(genome, rows, [model], options=Options(batch_size=options.batch_size))
        predict_job(job, Path(folder) / "out", console=Console(quiet=True))
        return time.perf_counter() - started


def take(way: str, options: argparse.Namespace) -> tuple[float, float]:
    """Seconds of one way, and the peak memory in MB of its process or the one it starts."""
    others = {"genint predict": genint_predict, "plain script": plain_script, NO_MODEL: no_model}
    seconds = others[way](options) if way in others else passes(way, options)
    who = resource.RUSAGE_CHILDREN if way == "genint predict" else resource.RUSAGE_SELF
    return seconds, resource.getrusage(who).ru_maxrss / 1024


def measured(way: str) -> tuple[float, float]:
    """`take`, in a process of its own."""
    command = [sys.executable, *sys.argv, "--way", way]
    seconds, megabytes = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return float(seconds), float(megabytes)


def floor_seconds(options: argparse.Namespace) -> float:
    """The floor of all batches, at the rates of all threads."""
    device = choose_device("auto")
    model, dtype = load_model(options.model, device), choose_dtype(options.dtype, device)
    _, dna = batches(options.genome, model, options.batch_size)
    matrix, copy = forward.matrix_rate(dtype, time.perf_counter), forward.copy_rate(time.perf_counter)
    return len(dna) * forward.floor_seconds(model.module, dna[0], dtype, matrix, copy)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("genome", type=Path)
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--dtype", default="auto")
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--way", choices=WAYS, help="only this, in this process: seconds and MB")
    options = parser.parse_args()
    torch.manual_seed(0)
    if options.way:
        print(*take(options.way, options))
        return
    runs = [{way: measured(way) for way in WAYS} for _ in range(options.repeats)]
    print(f"{'':20}{'seconds':>10}{'ratio':>8}{'peak MB':>10}")
    if choose_device("auto").type == "cpu":
        floor = floor_seconds(options)
        ratio = statistics.median(floor / run[WAYS[0]][0] for run in runs)
        print(f"{'floor':20}{floor:10.1f}{ratio:8.2f}")
    for way in WAYS:
        seconds = statistics.median(run[way][0] for run in runs)
        ratio = statistics.median(run[way][0] / run[WAYS[0]][0] for run in runs)
        print(f"{way:20}{seconds:10.1f}{ratio:8.2f}{max(run[way][1] for run in runs):10.0f}")


if __name__ == "__main__":
    main()
