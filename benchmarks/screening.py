"""How far one gradient replaces mutagenesis: rank correlation with exact effects, and the true top 1 % it finds.

    python benchmarks/screening.py GENOME [--model MODEL] [--tiles 20] [--bases 128] [--assays ATAC CAGE RNA]

For each assay, tiles spread over the genome; in the middle of each, every substitution of some bases is computed and
compared with its first-order effect, for the log of the tile's summed signal. Prints Markdown; figures are means over
tiles. Found: the share of the truly largest 1 % of effects that lie among the 5 % that the gradient ranks highest.
"""

import argparse
from typing import NamedTuple

import numpy as np
import torch

from genint.arrays import F64
from genint.genome.fasta import Genome
from genint.genome.grid import Tile
from genint.interpretation.checks import rank_correlation
from genint.interpretation.target import Target
from genint.interpretation.window_scores import score_window
from genint.models.bundled import DEFAULT_MODEL
from genint.models.folder import Model, load_model


class Row(NamedTuple):
    """Of a tile: rank correlation of effects, of their sizes, share of equal signs, of the top 1 % found."""

    rho: float
    rho_of_sizes: float
    signs: float
    found: float


def choose_tiles(genome: Genome, model: Model, n: int) -> list[Tile]:
    """Complete tiles evenly spread over the genome."""
    every = [
        Tile(chrom, index)
        for chrom, length in genome.sizes.items()
        for index in range(1, length // model.geometry.core_bp - 1)
    ]
    return [every[int(place)] for place in np.linspace(0, len(every) - 1, n + 2)[1:-1]]


def compare(exact: F64, screened: F64) -> Row:
    """Effects (M,) of mutants, computed and of first order."""
    n = len(exact)
    top, candidates = max(round(n / 100), 1), max(round(n / 20), 1)
    largest = np.argsort(-np.abs(exact))[:top]
    ranked = np.argsort(-np.abs(screened))[:candidates]
    found = float(np.isin(largest, ranked).mean())
    sizes = rank_correlation(np.abs(exact), np.abs(screened))
    return Row(rank_correlation(exact, screened), sizes, float((exact * screened > 0).mean()), found)


def score_tile(model: Model, genome: Genome, tile: Tile, columns: list[int], bases: int) -> Row:
    """Every substitution of bases in the middle of a tile, both ways."""
    start, end = tile.input(model.geometry)
    tokens = genome.tokens(tile.chrom, start, end)
    middle = len(tokens) // 2
    positions = slice(middle - bases // 2, middle - bases // 2 + bases)
    target = Target(slice(0, model.geometry.core_bins), tuple(columns))
    window = torch.from_numpy(tokens)[None]
    exact = score_window(model.module, window, positions, target, "mutagenesis").effects
    screened = score_window(model.module, window, positions, target, "gradient").effects
    mutants = (tokens[positions, None] != np.arange(4)) & (tokens[positions, None] < 4)
    return compare(exact[mutants], screened[mutants])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("genome")
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--tiles", type=int, default=20)
    parser.add_argument("--bases", type=int, default=128)
    parser.add_argument("--assays", nargs="+", default=["ATAC", "CAGE", "RNA"])
    options = parser.parse_args()
    torch.set_num_threads(1)
    model = load_model(options.model)
    print("| assay | tiles | rho | rho of sizes | signs | found |\n|---|---|---|---|---|---|")
    with Genome(options.genome) as genome:
        tiles = choose_tiles(genome, model, options.tiles)
        for assay in options.assays:
            columns = model.tracks.select(assay)
            rows = [score_tile(model, genome, tile, columns, options.bases) for tile in tiles]
            figures = " | ".join(f"{value:.3f}" for value in np.mean(rows, axis=0))
            print(f"| {assay} | {len(tiles)} | {figures} |", flush=True)


if __name__ == "__main__":
    main()
