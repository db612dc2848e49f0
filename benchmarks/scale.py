"""What a run costs as the genome grows, and as the tracks do.

    python benchmarks/scale.py GENOME.fa [--copies 1,10] [--model MODEL] [--tracks 5313] [--tracks-bp 2000000]

Predicts the genome once and several times over (copies of its chromosomes under new names), and then a part of it
with a model of thousands of tracks at random weights, both under `ulimit -n 256`. Prints seconds and peak memory.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from genint.models.bundled import DEFAULT_MODEL


def copied(genome: Path, copies: int, folder: Path) -> Path:
    """The genome several times over in one FASTA."""
    out = folder / f"times{copies}.fa"
    with open(out, "w") as file:
        for copy in range(copies):
            for line in genome.read_text().splitlines(keepends=True):
                file.write(f">{line[1:].split()[0]}_{copy}\n" if line.startswith(">") else line)
    return out


def many_tracks(model: str, n_tracks: int, folder: Path) -> Path:
    """The model's architecture with so many tracks, at random weights."""
    import torch

    from genint.models.folder import load_model, save_model
    from genint.models.registry import build
    from genint.tracks.table import Track, TrackTable

    like = load_model(model)
    tracks = TrackTable(Track(identifier=f"t{n}", description="", strand_pair=f"t{n}") for n in range(n_tracks))
    torch.manual_seed(1)
    module = build(like.architecture, like.config, n_tracks)
    save_model(folder / "many", module, tracks, like.assembly, architecture=like.architecture)
    return folder / "many"


def run(folder: Path, *arguments: object) -> tuple[float, float]:
    """Seconds and peak MB of one `genint predict`, which must make its files."""
    command = [sys.executable, "-m", "genint", "predict", *map(str, arguments), "--quiet", "--overwrite"]
    script = f"""if True:
        import resource, subprocess
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))
        subprocess.run({[*command, "-o", str(folder / "out")]!r}, check=True, stdout=subprocess.DEVNULL)
        print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)
    """
    started = time.perf_counter()
    out = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout
    return time.perf_counter() - started, float(out)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("genome", type=Path)
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--copies", default="1,10")
    parser.add_argument("--tracks", type=int, default=5313)
    parser.add_argument("--tracks-bp", type=int, default=2_000_000)
    options = parser.parse_args()

    from genint.genome.fasta import Genome

    print(f"{'':32}{'Mb':>8}{'seconds':>10}{'s / Mb':>8}{'peak MB':>10}")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for copies in map(int, options.copies.split(",")):
            genome = copied(options.genome, copies, folder)
            with Genome(genome) as opened:
                mb = sum(opened.sizes.values()) / 1e6
            seconds, peak = run(folder, genome, "--whole-genome", "--model", options.model)
            print(f"{f'{copies} x the genome':32}{mb:8.1f}{seconds:10.1f}{seconds / mb:8.2f}{peak:10.0f}", flush=True)
        if options.tracks:
            bed = folder / "part.bed"
            with Genome(options.genome) as opened:
                left, lines = options.tracks_bp, []
                for chrom, bp in opened.sizes.items():
                    lines.append(f"{chrom}\t0\t{min(bp, left)}\n" if left > 0 else "")
                    left -= bp
            bed.write_text("".join(lines))
            model = many_tracks(options.model, options.tracks, folder)
            seconds, peak = run(folder, options.genome, bed, "--model", model)
            mb = options.tracks_bp / 1e6
            title = f"{options.tracks:,} tracks, ulimit -n 256"
            print(f"{title:32}{mb:8.1f}{seconds:10.1f}{seconds / mb:8.2f}{peak:10.0f}")


if __name__ == "__main__":
    main()
