"""Table 1 of the paper on your own data: systems of the same size, trained alike, each with several seeds.

    python benchmarks/table1.py DATASET -o FOLDER [--systems interpreter=3 attpool-dilate=3 maxpool-cnn enformer]
        [--seeds 2] [--config RECIPE.toml] [--steps 1000] [--scores SCORES] [--jobs 2] [--device cpu] [--no-training]
        [--without TRACK ...]

A system is ARCHITECTURE, or ARCHITECTURE:PRESET (small unless given); =N are its seeds in place of --seeds. All get the
settings of RECIPE.toml (see docs/training.md), over which --steps wins, and seeds 1 to N, so the windows of a step are
the same for all. Without a recipe they take 1,000 steps and validate five times; the best of a run's models is kept.
Each run is FOLDER/ARCHITECTURE-PRESET-SEED, on one thread, --jobs of them at a time; a killed script resumes where it
stopped.

A finished run is scored on the test split, and SCORES/ARCHITECTURE-PRESET-SEED.json (FOLDER/scores unless given) keeps
its scores, the sums per 100 kb block that intervals need, and its CPU seconds. A run with such a file is not trained
again, so runs may be spread over machines, and --no-training prints the table of those that are there.

The table, as Markdown, has the mean over seeds, the standard deviation of Overall between them, and CPU seconds of
training (user and system, start and validations included; of a resumed run, those of its last part times all steps /
the steps of that part). Differences are those of the first system to each other one; their intervals are over blocks
and seeds. --without leaves tracks out of the table's means and differences, as those that were measured in few places.
"""

import argparse
import csv
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from genint.datasets.dataset import TrackDataset
from genint.evaluation.evaluate import evaluate
from genint.evaluation.results import OVERALL, Difference, ModelScores, Score, System, average_scores, compare_systems

SYSTEMS = ("interpreter", "attpool-dilate", "maxpool-cnn", "enformer", "attpool-cnn")
BASELINES = ("constant", "linear on k-mers")


@dataclass(frozen=True)
class Row:
    """A system of the table and its number of seeds."""

    architecture: str
    preset: str
    seeds: int

    @property
    def name(self) -> str:
        return self.architecture if self.preset == "small" else f"{self.architecture}:{self.preset}"

    def run(self, seed: int) -> str:
        return f"{self.architecture}-{self.preset}-{seed}"

    def settings(self, seed: int, config: Path) -> list[object]:
        return ["--config", config, "--architecture", self.architecture, "--preset", self.preset, "--seed", seed]


@dataclass(frozen=True)
class Run:
    """What SCORES keeps of a run: of which data, how it did, how long it trained and up to which step it got better."""

    dataset: str
    scores: ModelScores
    cpu_seconds: int | None = None
    steps: int | None = None
    best_step: int | None = None
    best_validation: float | None = None

    def write(self, file: Path) -> None:
        blocks = [[chrom, number, sums.tolist()] for (chrom, number), sums in self.scores.blocks.items()]
        scores = self.scores._asdict() | {"scores": [asdict(score) for score in self.scores.scores], "blocks": blocks}
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(vars(self) | {"scores": scores}) + "\n")


def read_run(file: Path) -> Run:
    content: dict[str, Any] = json.loads(file.read_text())
    scores = content["scores"]
    scores["scores"] = [Score(**score) for score in scores["scores"]]
    scores["blocks"] = {(chrom, number): np.array(sums) for chrom, number, sums in scores["blocks"]}
    return Run(**content | {"scores": ModelScores(**scores)})


def read_row(text: str, seeds: int) -> Row:
    """ARCHITECTURE[:PRESET][=SEEDS]"""
    system, _, count = text.partition("=")
    architecture, _, preset = system.partition(":")
    return Row(architecture, preset or "small", int(count or seeds))


def train(name: str, settings: list[object], options: argparse.Namespace) -> None:
    """Train or resume a run and keep its scores, unless they are there. `settings` are arguments of genint train."""
    folder, file = options.out / name, options.scores / f"{name}.json"
    if file.exists():
        return
    print(f"training {name}", file=sys.stderr, flush=True)
    before = steps_done(folder)
    command = [sys.executable, "-m", "genint", "train", options.dataset, "-o", folder, *settings]
    command += ["--steps", options.steps] if options.steps else []
    command += ["--threads", 1, "--device", options.device, "--quiet"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(list(map(str, command)), env=environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)  # this child's own seconds, whatever else runs
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{name} ended with code {process.returncode}")
    steps = steps_done(folder)
    seconds = round((usage.ru_utime + usage.ru_stime) * steps / (steps - before)) if steps > before else None
    score(folder, file, seconds, options)
    print(f"{name}: {seconds} CPU seconds", file=sys.stderr, flush=True)


def score(folder: Path, file: Path, seconds: int | None, options: argparse.Namespace) -> None:
    """Score a finished run on the test split."""
    evaluation = evaluate(folder, options.dataset, device=options.device, dtype="float32", threads=1)
    best = max(validations(folder), key=lambda row: float(row["val_pearson"]))
    Run(
        evaluation.digest,
        evaluation.models[0],
        seconds,
        steps_done(folder),
        int(best["step"]),
        float(best["val_pearson"]),
    ).write(file)


def validations(folder: Path) -> list[dict[str, str]]:
    log = folder / "training" / "log.csv"
    if not log.exists():
        return []
    with open(log, newline="") as file:
        return list(csv.DictReader(file))


def steps_done(folder: Path) -> int:
    """Steps up to a run's last validation."""
    return max((int(row["step"]) for row in validations(folder)), default=0)


def train_all(runs: dict[str, list[object]], options: argparse.Namespace) -> None:
    pool = ThreadPoolExecutor(options.jobs)
    try:
        for done in [pool.submit(train, name, settings, options) for name, settings in runs.items()]:
            done.result()
    finally:
        pool.shutdown(cancel_futures=True)


def score_baselines(options: argparse.Namespace) -> None:
    files = [options.scores / f"{name.replace(' ', '-')}.json" for name in BASELINES]
    if not all(file.exists() for file in files):
        evaluation = evaluate([], options.dataset, baselines=True)
        for file, scores in zip(files, evaluation.models, strict=True):
            Run(evaluation.digest, scores).write(file)


def print_scores(systems: dict[str, list[Run]]) -> None:
    """Means over seeds, as Markdown: a row per system, a column per assay."""
    assays = [mean.assay for mean in average_scores(next(iter(systems.values()))[0].scores)]
    titles = ["system", "seeds", *("Overall" if assay == OVERALL else assay for assay in assays)]
    titles += ["sd", "log1p", "best on validation, at step", "training, CPU s"]
    print(f"| {' | '.join(titles)} |", "|---" * len(titles) + "|", sep="\n")
    for name, runs in systems.items():
        means = [{mean.assay: mean for mean in average_scores(run.scores)} for run in runs]
        cells = [f"{np.mean([of_run[assay].pearson for of_run in means]):.3f}" for assay in assays]
        overall = [of_run[OVERALL] for of_run in means]
        cells.append(f"{np.std([mean.pearson for mean in overall], ddof=1):.4f}" if len(runs) > 1 else "")
        cells.append(f"{np.mean([mean.pearson_log1p for mean in overall]):.3f}")
        best = [run for run in runs if run.best_step and run.best_validation]
        cells.append(", ".join(f"{run.best_validation:.4f} at {run.best_step:,}" for run in best))
        seconds = [run.cpu_seconds for run in runs if run.cpu_seconds]
        cells.append(f"{np.mean(seconds):,.0f}" if seconds else "")
        print(f"| {name} | {len(runs)} | {' | '.join(cells)} |")


def compare_with_first(systems: dict[str, list[Run]]) -> list[Difference]:
    """Overall of the first system minus that of each other one."""
    differences = compare_systems([System(name, [run.scores for run in runs]) for name, runs in systems.items()])
    return differences[: len(systems) - 1]


def print_differences(differences: list[Difference]) -> None:
    """As Markdown."""
    print("", "| difference of Overall | | 95 % interval |", "|---|---|---|", sep="\n")
    for row in differences:
        interval = "-" if row.low != row.low else f"{row.low:+.4f} to {row.high:+.4f}"
        print(f"| {row.model} - {row.other} | {row.difference:+.4f} | {interval} |")


def leave_out(run: Run, identifiers: list[str]) -> Run:
    """The run as if these tracks had not been measured. SystemExit for one that it does not have."""
    of_all = run.scores
    if unknown := set(identifiers) - {score.identifier for score in of_all.scores}:
        raise SystemExit(f"--without {', '.join(sorted(unknown))}: not a track of the data set")
    kept = [column for column, score in enumerate(of_all.scores) if score.identifier not in identifiers]
    blocks = {block: sums[:, kept] for block, sums in of_all.blocks.items()}  # (6, T)
    return replace(run, scores=of_all._replace(scores=[of_all.scores[column] for column in kept], blocks=blocks))


def read_systems(systems: dict[str, list[str]], options: argparse.Namespace) -> dict[str, list[Run]]:
    """The finished runs of each system, by name; SystemExit when they are not of one data set."""
    found = {}
    for system, names in systems.items():
        files = [options.scores / f"{name}.json" for name in names]
        if runs := [leave_out(read_run(file), options.without) for file in files if file.exists()]:
            found[system] = runs
    if len({run.dataset for runs in found.values() for run in runs}) > 1:
        raise SystemExit(f"{options.scores}: the runs are of several data sets")
    return found


def add_options(parser: argparse.ArgumentParser) -> None:
    """What tables of trained systems have in common."""
    parser.add_argument("--steps", type=int)
    parser.add_argument("--scores", type=Path)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--no-training", action="store_true")
    parser.add_argument("--without", nargs="+", default=[])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--systems", nargs="+", default=SYSTEMS)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--config", type=Path)
    add_options(parser)
    options = parser.parse_args()
    options.scores = options.scores or options.out / "scores"
    rows = [read_row(system, options.seeds) for system in options.systems]
    if not options.no_training:
        TrackDataset(options.dataset)  # what is wrong with it is said before anything is trained
        options.out.mkdir(parents=True, exist_ok=True)
        if options.config is None:
            options.steps = options.steps or 1_000
            options.config = options.out / "recipe.toml"
            options.config.write_text(f"validate_every = {max(options.steps // 5, 1)}\n")
        # First seeds first, so that an early end leaves a table without intervals over seeds rather than half of one.
        seeds = range(1, 1 + max(row.seeds for row in rows))
        runs = [(row, seed) for seed in seeds for row in rows if seed <= row.seeds]
        train_all({row.run(seed): row.settings(seed, options.config) for row, seed in runs}, options)
        score_baselines(options)
    names = {row.name: [row.run(seed) for seed in range(1, row.seeds + 1)] for row in rows}
    systems = read_systems(names | {name: [name.replace(" ", "-")] for name in BASELINES}, options)
    print_scores(systems)
    print_differences(compare_with_first(systems))


if __name__ == "__main__":
    main()
