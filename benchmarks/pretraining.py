"""What pretraining gives: trained from scratch and from pretrained trunks, on fractions of the training chromosomes.

    python benchmarks/pretraining.py GENOME TRACKS -o FOLDER --valid A --test B [--hidden C,D] [--relatives FASTA ...]
        [--fractions 0.1 0.3 1] [--seeds 1 2 3] [--steps 2000] [--pretraining-steps 5000] [--exclude BED]
        [--config TOML] [--pretraining-config TOML]

Pretrains on the genome and its relatives, without the chromosomes named in --valid, --test and --hidden; where there
are relatives, once more with these chromosomes of the relatives (under names of their own). Makes a data set per
fraction, of whole training chromosomes in an order that is drawn once, trains on each from scratch and from every
trunk, and prints the mean Pearson over tracks (log1p) on the test chromosomes as Markdown, with mean and standard
deviation over seeds. Every run has a folder of its own; the same command given again resumes where it stopped.
"""

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path

import numpy as np

from genint.genome.fasta import Genome


def genint(*arguments: object) -> None:
    subprocess.run([sys.executable, "-m", "genint", *map(str, arguments)], check=True, stdout=subprocess.DEVNULL)


def names(text: str) -> list[str]:
    return [name for name in text.split(",") if name]


def write_split(options: argparse.Namespace, fraction: float) -> Path:
    """A BED for `genint data make --split`: validation, test, and whole chromosomes up to the fraction of the rest."""
    with Genome(options.genome) as genome:
        sizes = genome.sizes
    held = dict.fromkeys(names(options.valid), "valid") | dict.fromkeys(names(options.test), "test")
    rest = [chrom for chrom in sizes if chrom not in held and chrom not in names(options.hidden)]
    order = [rest[number] for number in np.random.default_rng(1).permutation(len(rest))]
    wanted, taken = fraction * sum(sizes[chrom] for chrom in rest), 0
    for chrom in order:
        if taken < wanted:
            held[chrom] = "train"
            taken += sizes[chrom]
    print(f"{fraction:g}: {taken:,} bp to train on", file=sys.stderr)
    file: Path = options.out / f"split_{fraction:g}.bed"
    file.write_text("".join(f"{chrom}\t0\t{sizes[chrom]}\t{split}\n" for chrom, split in held.items()))
    return file


def make_dataset(options: argparse.Namespace, fraction: float) -> Path:
    dataset: Path = options.out / f"dataset_{fraction:g}"
    if not dataset.exists():
        exclude = ["--exclude", options.exclude] if options.exclude else []
        split = write_split(options, fraction)
        genint("data", "make", options.genome, options.tracks, "-o", dataset, "--split", split, *exclude)
    return dataset


def rename_chromosomes(options: argparse.Namespace) -> list[Path]:
    """Copies of the relatives' FASTAs whose chromosomes have names of their own, so that none of them is held out."""
    copies = []
    for relative in options.relatives:
        copy = options.out / "renamed" / relative.name
        copy.parent.mkdir(exist_ok=True)
        if not copy.exists():
            copy.write_text(relative.read_text().replace(">", f">{relative.stem}_"))
        copies.append(copy)
    return copies


def pretrain(options: argparse.Namespace) -> dict[str, Path | None]:
    """The rows of the table: where a training starts from."""
    starts: dict[str, Path | None] = {"scratch": None}
    trunks = {"pretrained": options.relatives}
    if options.relatives:
        trunks["pretrained, orthologous chromosomes too"] = rename_chromosomes(options)
    config = ["--config", options.pretraining_config] if options.pretraining_config else []
    hold_out = ",".join(names(options.valid) + names(options.test) + names(options.hidden))
    for number, (name, relatives) in enumerate(trunks.items()):
        trunk = options.out / f"trunk_{number}"
        steps = ("--steps", options.pretraining_steps)
        genint("pretrain", options.genome, *relatives, "-o", trunk, "--hold-out", hold_out, *steps, *config)
        starts[name] = trunk
    return starts


def score(options: argparse.Namespace, fraction: float, number: int, start: Path | None, seed: int) -> float:
    """Train one model and score it on the test chromosomes."""
    dataset, model = make_dataset(options, fraction), options.out / f"model_{fraction:g}_{number}_{seed}"
    config = ["--config", options.config] if options.config else []
    source = ["--from", start] if start else []
    genint("train", dataset, "-o", model, "--steps", options.steps, "--seed", seed, *source, *config)
    scores = model / "scores"
    if not (scores / "metrics.json").exists():
        genint("eval", dataset, model, "-o", scores)
    rows = json.loads((scores / "metrics.json").read_text())["means"]
    return float(next(row["pearson_log1p"] for row in rows if row["assay"] == "all"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("genome", type=Path)
    parser.add_argument("tracks", type=Path)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--valid", required=True)
    parser.add_argument("--test", required=True)
    parser.add_argument("--hidden", default="")
    parser.add_argument("--relatives", type=Path, nargs="+", default=[])
    parser.add_argument("--exclude", type=Path)
    parser.add_argument("--fractions", type=float, nargs="+", default=[0.1, 0.3, 1.0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--steps", type=int, default=2_000)
    parser.add_argument("--pretraining-steps", type=int, default=5_000)
    parser.add_argument("--config", type=Path)
    parser.add_argument("--pretraining-config", type=Path)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    starts = pretrain(options)
    print(f"| start | {' | '.join(f'{fraction:.0%}' for fraction in options.fractions)} |")
    print("|---" * (len(options.fractions) + 1) + "|")
    for number, (name, start) in enumerate(starts.items()):
        cells = []
        for fraction in options.fractions:
            scores = [score(options, fraction, number, start, seed) for seed in options.seeds]
            deviation = f" ± {statistics.stdev(scores):.4f}" if len(scores) > 1 else ""
            cells.append(f"{statistics.mean(scores):.4f}{deviation}")
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
