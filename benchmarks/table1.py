"""Table 1 of the paper on your own data: the five systems, preset `small`, same steps, same windows, same size.

    python benchmarks/table1.py DATASET -o FOLDER [--steps 1000] [--validate-every STEPS] [--batch-size 4] [--seed 1]

Trains each system in FOLDER/ARCHITECTURE (a killed run resumes where it stopped), scores all of them and two baselines
on the test split, and prints the table as Markdown, with seconds of training and the intervals of the differences. Of
each system the model with the best validation is kept; there are five unless --validate-every says otherwise.
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

SYSTEMS = ("interpreter", "maxpool-cnn", "attpool-cnn", "attpool-dilate", "enformer")


def genint(*arguments: object) -> None:
    subprocess.run([sys.executable, "-m", "genint", *map(str, arguments)], check=True)


def train(system: str, options: argparse.Namespace) -> None:
    folder = options.out / system
    if (folder / "config.json").exists():
        return
    settings = options.out / "settings.toml"
    settings.write_text(f"validate_every = {options.validate_every or max(options.steps // 5, 1)}\n")
    started = time.monotonic()
    numbers = ("--steps", options.steps, "--batch-size", options.batch_size, "--seed", options.seed)
    genint("train", options.dataset, "-o", folder, "--architecture", system, *numbers, "--config", settings)
    (folder / "seconds").write_text(f"{time.monotonic() - started:.0f}")


def markdown(options: argparse.Namespace) -> str:
    """The scores of `genint eval` as a table with a row per system and a column per assay."""
    scores = json.loads((options.out / "scores" / "metrics.json").read_text())
    assays = list(dict.fromkeys(row["assay"] for row in scores["means"]))
    titles = ["Overall" if assay == "all" else assay for assay in assays]
    lines = [f"| system | {' | '.join(titles)} | log1p | training, s |", "|---" * (len(titles) + 3) + "|"]
    for model in dict.fromkeys(row["model"] for row in scores["means"]):
        rows = {row["assay"]: row for row in scores["means"] if row["model"] == model}
        seconds = options.out / model / "seconds"
        cells = [f"{rows[assay]['pearson']:.3f}" for assay in assays]
        cells += [f"{rows['all']['pearson_log1p']:.3f}", seconds.read_text().strip() if seconds.exists() else ""]
        lines.append(f"| {model} | {' | '.join(cells)} |")
    lines += ["", "| difference of Overall | | 95 % interval |", "|---|---|---|"]
    for row in scores["differences"]:
        if "interpreter" in (row["model"], row["other"]):
            interval = "-" if row["low"] is None else f"{row['low']:+.3f} to {row['high']:+.3f}"
            lines.append(f"| {row['model']} - {row['other']} | {row['difference']:+.3f} | {interval} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=1_000)
    parser.add_argument("--validate-every", type=int, default=0)
    parser.add_argument("--batch-size", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    for system in SYSTEMS:
        train(system, options)
    models = [options.out / system for system in SYSTEMS]
    genint("eval", options.dataset, *models, "--baselines", "--plots", "-o", options.out / "scores")
    print(markdown(options))


if __name__ == "__main__":
    main()
