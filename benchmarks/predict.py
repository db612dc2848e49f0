"""How long `genint predict --whole-genome` takes beside the forward passes alone and beside a plain script.

    python benchmarks/predict.py GENOME.fa [--model MODEL] [--repeats 3] [--dtype auto]

All do the same tiles in the same batches, in turn, each in a process of its own. The plain script is what the field's
tools do: batch by batch, then one bigWig per track through pyBigWig, entry by entry. Prints medians, ratios and peak
memory.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

WAYS = ("forward passes", "genint predict", "plain script")


def batches(genome_file: Path, model: object, batch_size: int) -> tuple[list[object], list[object]]:
    """Every tile of the genome, and their DNA in full batches, (B, input_bp) uint8."""
    import torch

    from genint.genome import Genome
    from genint.grid import tiles, wanted_bins
    from genint.regions import Region

    geometry = model.geometry  # type: ignore[attr-defined]
    with Genome(genome_file) as genome:
        wanted = wanted_bins((Region(c, 0, n) for c, n in genome.sizes.items()), genome.sizes, geometry.bin_bp)
        todo = list(tiles(wanted, geometry))
        dna = [torch.from_numpy(genome.tokens(tile.chrom, *tile.input(geometry))) for tile in todo]
    dna += [torch.full_like(dna[0], 4)] * (-len(dna) % batch_size)
    return todo, [torch.stack(dna[i : i + batch_size]) for i in range(0, len(dna), batch_size)]


def forward_passes(genome_file: Path, model_name: str, dtype_name: str, batch_size: int) -> float:
    """Seconds of forward passes over every tile of the genome, and nothing else."""
    from genint.devices import choose_device, choose_dtype, inference
    from genint.models.folder import load_model

    device = choose_device("auto")
    model = load_model(model_name, device)
    _, dna = batches(genome_file, model, batch_size)
    with inference(device, choose_dtype(dtype_name, device)):
        model.module(dna[0].to(device))
        started = time.perf_counter()
        for batch in dna:
            model.module(batch.to(device)).float().cpu()
    return time.perf_counter() - started


def plain_script(genome_file: Path, model_name: str, dtype_name: str, batch_size: int) -> float:
    """Seconds of predicting everything into memory and writing it entry by entry, imports left out."""
    started = time.perf_counter()
    import numpy as np
    import pyBigWig

    from genint.devices import choose_device, choose_dtype, inference
    from genint.genome import Genome
    from genint.models.folder import load_model

    device = choose_device("auto")
    model = load_model(model_name, device)
    todo, dna = batches(genome_file, model, batch_size)
    with inference(device, choose_dtype(dtype_name, device)):
        predicted = np.concatenate([model.module(batch.to(device)).float().cpu().numpy() for batch in dna])
    predicted = model.tracks.squash(model.geometry.bin_bp).invert(predicted.astype(np.float64))
    with Genome(genome_file) as genome:
        sizes = genome.sizes
    with tempfile.TemporaryDirectory() as folder:
        for column, name in enumerate(model.tracks.file_names()):
            with pyBigWig.open(f"{folder}/{name}", "w") as bigwig:
                bigwig.addHeader(list(sizes.items()))
                for tile, values in zip(todo, predicted, strict=False):
                    starts = tile.index * model.geometry.core_bp + 128 * np.arange(model.geometry.core_bins)
                    starts = starts[starts < sizes[tile.chrom]]
                    ends = np.minimum(starts + 128, sizes[tile.chrom])
                    columns = starts.tolist(), ends.tolist(), values[: len(starts), column].tolist()
                    bigwig.addEntries([tile.chrom] * len(starts), columns[0], ends=columns[1], values=columns[2])
    return time.perf_counter() - started


def genint_predict(genome_file: Path, model_name: str, dtype_name: str, batch_size: int) -> float:
    """Seconds from start to exit of the command."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "genint", "predict", str(genome_file), "--whole-genome", "-o", f"{folder}/out"]
        command += ["--model", model_name, "--dtype", dtype_name, "--batch-size", str(batch_size), "--quiet"]
        started = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return time.perf_counter() - started


def measured(way: str, settings: list[str]) -> tuple[float, float]:
    """Seconds of one way, and the peak memory in MB of its process and those it starts."""
    script = f"""if True:
        import resource, sys
        from pathlib import Path
        sys.path.insert(0, {str(Path(__file__).parent)!r})
        import predict
        seconds = predict.{way.replace(" ", "_")}(Path({settings[0]!r}), *{settings[1:3]!r}, {settings[3]})
        kinds = resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN
        print(seconds, max(resource.getrusage(kind).ru_maxrss for kind in kinds) / 1024)
    """
    out = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout
    seconds, megabytes = out.split()
    return float(seconds), float(megabytes)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("genome", type=Path)
    parser.add_argument("--model", default="genomic-interpreter-yeast")
    parser.add_argument("--dtype", default="auto")
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    settings = [str(options.genome), options.model, options.dtype, str(options.batch_size)]
    runs = [{way: measured(way, settings) for way in WAYS} for _ in range(options.repeats)]
    print(f"{'':16}{'seconds':>10}{'ratio':>8}{'peak MB':>10}")
    for way in WAYS:
        seconds = statistics.median(run[way][0] for run in runs)
        ratio = statistics.median(run[way][0] / run[WAYS[0]][0] for run in runs)
        print(f"{way:16}{seconds:10.1f}{ratio:8.2f}{max(run[way][1] for run in runs):10.0f}")


if __name__ == "__main__":
    main()
