"""How far one gradient replaces mutagenesis: rank correlation with exact effects, and the true top 1 % it finds.

    python benchmarks/screening.py GENOME [--model MODEL] [--tiles 20] [--bases 128] [--assays ATAC CAGE RNA]
        [--without chrVIII chrXVI]

For each assay, tiles spread over the genome; in the middle of each, every substitution of some bases is computed and
compared with its first-order effect, for the log of the tile's summed signal. Prints Markdown; figures are means over
tiles, with 95 % intervals of a bootstrap over tiles. Found: the share of the truly largest 1 % of effects that lie
among the 5 % that the gradient ranks highest.
"""

import argparse
from typing import NamedTuple

import numpy as np
import torch
from promoters import other_bases, substitute

from genint.arrays import F64
from genint.genome.fasta import Genome
from genint.genome.grid import Tile
from genint.interpretation.attribution.checks import rank_correlation
from genint.interpretation.attribution.target import Target
from genint.interpretation.attribution.window_scores import score_window
from genint.models.bundled import DEFAULT_MODEL
from genint.models.folder import Model, load_model


class Row(NamedTuple):
    """Of a tile: rank correlation of effects, of their sizes, share of equal signs, of the top 1 % found."""

    rho: float
    rho_of_sizes: float
    signs: float
    found: float


def choose_tiles(genome: Genome, model: Model, n: int, without: list[str]) -> list[Tile]:
    """Complete tiles evenly spread over the genome but for some chromosomes."""
    every = [
        Tile(chrom, index)
        for chrom, length in genome.sizes.items()
        if chrom not in without
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


def score_tile(model: Model, genome: Genome, tile: Tile, groups: tuple[tuple[int, ...], ...], bases: int) -> list[Row]:
    """Every substitution of bases in the middle of a tile, both ways, for each group of tracks."""
    start, end = tile.input(model.geometry)
    window = torch.from_numpy(genome.tokens(tile.chrom, start, end).copy())[None]
    first = (window.shape[1] - bases) // 2
    places = np.arange(first, first + bases)
    columns, written = other_bases(window, places)
    core = slice(0, model.geometry.core_bins)
    exact = substitute(model, window, core, groups, columns, written)  # (M, groups)
    rows = []
    for number, group in enumerate(groups):
        screened = score_window(model.module, window, slice(first, first + bases), Target(core, group), "gradient")
        rows.append(compare(exact[:, number], screened.effects[columns - first, written]))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("genome")
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--tiles", type=int, default=20)
    parser.add_argument("--bases", type=int, default=128)
    parser.add_argument("--assays", nargs="+", default=["ATAC", "CAGE", "RNA"])
    parser.add_argument("--without", nargs="*", default=[], help="chromosomes to leave out")
    options = parser.parse_args()
    torch.set_num_threads(1)
    model = load_model(options.model)
    groups = tuple(tuple(model.tracks.select(assay)) for assay in options.assays)
    with Genome(options.genome) as genome:
        tiles = choose_tiles(genome, model, options.tiles, options.without)
        rows = np.array([score_tile(model, genome, tile, groups, options.bases) for tile in tiles])
    print("| assay | tiles | rho | rho of sizes | signs | found |\n|---|---|---|---|---|---|")
    draw = np.random.default_rng(0).integers(len(tiles), size=(1_000, len(tiles)))
    for number, assay in enumerate(options.assays):
        own = rows[:, number]  # (tiles, figures)
        low, high = np.quantile(own[draw].mean(1), [0.025, 0.975], axis=0)
        figures = [f"{mean:.3f} [{a:.3f}, {b:.3f}]" for mean, a, b in zip(own.mean(0), low, high, strict=True)]
        print(f"| {assay} | {len(tiles)} | " + " | ".join(figures) + " |")


if __name__ == "__main__":
    main()
