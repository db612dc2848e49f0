"""Table 1 of the paper on your own data: systems of the same size, trained alike, each with several seeds.

    python benchmarks/table1.py DATASET -o FOLDER [--systems interpreter=3 attpool-dilate=3 maxpool-cnn enformer]
        [--seeds 2] [--config RECIPE.toml] [--steps 1000] [--jobs 2] [--device cpu]

A system is ARCHITECTURE, or ARCHITECTURE:PRESET (small unless given); =N are its seeds in place of --seeds. All get the
settings of RECIPE.toml (see docs/training.md), over which --steps wins, and seeds 1 to N, so the windows of a step are
the same for all. Without a recipe they take 1,000 steps and validate five times; the best of a run's models is kept.
Each run is FOLDER/ARCHITECTURE-PRESET-SEED, on one thread, --jobs of them at a time; a killed script resumes where it
stopped.

All runs and two baselines are then scored on the test split (FOLDER/scores). The table, as Markdown, has the mean over
seeds, the standard deviation of Overall between them, and CPU seconds of training (user and system, start and
validations included; of a resumed run, those of its last part times all steps / the steps of that part). Differences
are those of the first system to each other one; their intervals are over 100 kb blocks and seeds.
"""

import argparse
import csv
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from genint.evaluation.evaluate import evaluate
from genint.evaluation.results import OVERALL, Evaluation, System, compare_systems
from genint.text import write_tsv

SYSTEMS = ("interpreter", "attpool-dilate", "maxpool-cnn", "enformer", "attpool-cnn")


@dataclass(frozen=True)
class Row:
    """A system of the table and its number of seeds."""

    architecture: str
    preset: str
    seeds: int

    @property
    def name(self) -> str:
        return self.architecture if self.preset == "small" else f"{self.architecture}:{self.preset}"

    def folder(self, out: Path, seed: int) -> Path:
        return out / f"{self.architecture}-{self.preset}-{seed}"


def read_row(text: str, seeds: int) -> Row:
    """ARCHITECTURE[:PRESET][=SEEDS]"""
    system, _, count = text.partition("=")
    architecture, _, preset = system.partition(":")
    return Row(architecture, preset or "small", int(count or seeds))


def train(row: Row, seed: int, options: argparse.Namespace) -> None:
    """Train or resume a run, unless it is finished, and write down its CPU seconds."""
    folder = row.folder(options.out, seed)
    if (folder / "config.json").exists():
        return
    print(f"training {folder.name}", file=sys.stderr, flush=True)
    before = steps_done(folder)
    command = [sys.executable, "-m", "genint", "train", options.dataset, "-o", folder, "--config", options.config]
    command += ["--architecture", row.architecture, "--preset", row.preset, "--seed", seed]
    command += ["--steps", options.steps] if options.steps else []
    command += ["--threads", 1, "--device", options.device, "--quiet"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(list(map(str, command)), env=environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)  # this child's own seconds, whatever else runs
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{folder.name} ended with code {process.returncode}")
    steps = steps_done(folder)
    seconds = (usage.ru_utime + usage.ru_stime) * steps / max(steps - before, 1)
    (folder / "cpu_seconds").write_text(f"{seconds:.0f}\n")
    print(f"{folder.name}: {seconds:,.0f} CPU seconds", file=sys.stderr, flush=True)


def steps_done(folder: Path) -> int:
    """Steps up to a run's last validation."""
    log = folder / "training" / "log.csv"
    if not log.exists():
        return 0
    with open(log, newline="") as file:
        return max((int(row["step"]) for row in csv.DictReader(file)), default=0)


def train_all(rows: list[Row], options: argparse.Namespace) -> None:
    """First seeds first, so that an early end leaves a table without intervals over seeds rather than half of one."""
    runs = [(row, seed) for seed in range(1, 1 + max(row.seeds for row in rows)) for row in rows if seed <= row.seeds]
    pool = ThreadPoolExecutor(options.jobs)
    try:
        for done in [pool.submit(train, row, seed, options) for row, seed in runs]:
            done.result()
    finally:
        pool.shutdown(cancel_futures=True)


def print_scores(rows: list[Row], evaluation: Evaluation, out: Path) -> None:
    """Means over seeds, as Markdown: a row per system, a column per assay."""
    means = evaluation.summary().set_index(["model", "assay"])
    assays = list(dict.fromkeys(means.index.get_level_values("assay")))
    titles = ["system", "seeds", *("Overall" if assay == OVERALL else assay for assay in assays)]
    print(f"| {' | '.join(titles)} | sd | log1p | training, CPU s |", "|---" * (len(titles) + 3) + "|", sep="\n")
    runs = {row.name: [row.folder(out, seed).name for seed in range(1, row.seeds + 1)] for row in rows}
    trained = {name for names in runs.values() for name in names}
    runs |= {result.model: [result.model] for result in evaluation.models if result.model not in trained}
    for name, models in runs.items():
        scores = means.loc[models]
        cells = [f"{scores.xs(assay, level='assay')['pearson'].mean():.3f}" for assay in assays]
        overall = scores.xs(OVERALL, level="assay")
        cells.append(f"{overall['pearson'].std():.4f}" if len(models) > 1 else "")
        cells.append(f"{overall['pearson_log1p'].mean():.3f}")
        files = [out / model / "cpu_seconds" for model in models]
        seconds = [int(file.read_text()) for file in files if file.exists()]
        cells.append(f"{sum(seconds) / len(seconds):,.0f}" if seconds else "")
        seeds = len(models) if trained.issuperset(models) else ""
        print(f"| {name} | {seeds} | {' | '.join(cells)} |")


def print_differences(rows: list[Row], evaluation: Evaluation, out: Path) -> None:
    """Of the first system to the others, as Markdown; all pairs go to scores/systems.tsv."""
    results = {result.model: result for result in evaluation.models}
    systems = [
        System(row.name, [results.pop(row.folder(out, seed).name) for seed in range(1, row.seeds + 1)]) for row in rows
    ]
    systems += [System(name, [result]) for name, result in results.items()]
    differences = compare_systems(systems)
    write_tsv(out / "scores" / "systems.tsv", pd.DataFrame(differences))
    print("", "| difference of Overall | | 95 % interval |", "|---|---|---|", sep="\n")
    for row in differences[: len(systems) - 1]:
        interval = "-" if row.low != row.low else f"{row.low:+.4f} to {row.high:+.4f}"
        print(f"| {row.model} - {row.other} | {row.difference:+.4f} | {interval} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--systems", nargs="+", default=SYSTEMS)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--config", type=Path)
    parser.add_argument("--steps", type=int)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    rows = [read_row(system, options.seeds) for system in options.systems]
    options.out.mkdir(parents=True, exist_ok=True)
    if options.config is None:
        options.steps = options.steps or 1_000
        options.config = options.out / "recipe.toml"
        options.config.write_text(f"validate_every = {max(options.steps // 5, 1)}\n")
    train_all(rows, options)
    folders = [row.folder(options.out, seed) for row in rows for seed in range(1, row.seeds + 1)]
    evaluation = evaluate(folders, options.dataset, baselines=True, device=options.device)
    evaluation.write(options.out / "scores")
    print_scores(rows, evaluation, options.out)
    print_differences(rows, evaluation, options.out)


if __name__ == "__main__":
    main()
