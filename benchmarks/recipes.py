"""What each ingredient of a recipe gives: one system trained with several settings files, each with several seeds.

    python benchmarks/recipes.py DATASET RECIPE.toml ... -o FOLDER [--seeds 2] [--steps 1000]
        [--scores SCORES] [--jobs 2] [--device cpu] [--no-training] [--without TRACK ...]

Each recipe holds settings of `genint train` (docs/training.md), `architecture` and `teachers` among them, and goes by
the name of its file; --steps wins over all of them. Runs, scores and resuming are those of benchmarks/table1.py.
Differences are those of each recipe to the first; their intervals are over blocks and seeds.
"""

import argparse
from pathlib import Path

from table1 import add_options, compare_with_first, print_differences, print_scores, read_systems, train_all

from genint.datasets.dataset import TrackDataset
from genint.evaluation.results import Difference


def turn(row: Difference) -> Difference:
    """The second minus the first."""
    return row._replace(model=row.other, other=row.model, difference=-row.difference, low=-row.high, high=-row.low)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("recipes", type=Path, nargs="+")
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=2)
    add_options(parser)
    options = parser.parse_args()
    options.scores = options.scores or options.out / "scores"
    runs = {(file, seed): f"{file.stem}-{seed}" for seed in range(1, options.seeds + 1) for file in options.recipes}
    if not options.no_training:
        TrackDataset(options.dataset)  # what is wrong with it is said before anything is trained
        train_all({name: ["--config", file, "--seed", seed] for (file, seed), name in runs.items()}, options)
    names = {file.stem: [name for (of, _), name in runs.items() if of == file] for file in options.recipes}
    recipes = read_systems(names, options)
    print_scores(recipes)
    print_differences([turn(row) for row in compare_with_first(recipes)])


if __name__ == "__main__":
    main()
