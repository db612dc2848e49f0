"""Attention rollout beside the truth by mutants: how far predictions reach, and what they come from.

    python benchmarks/rollout_truth.py GENOME [--model MODEL] [--chrom chrII] [--tiles 6] [--mutants 200]

In each tile, single bases spread evenly over the DNA that is read are replaced; a bin's change is the mean over tracks
of how far its prediction moves, each in the track's standard deviation over the tile. Rollout explains a bin's vector,
whatever the tracks, and this is the nearest that can be measured. Peer: distance alone, which knows nothing of DNA.
Prints Markdown; figures are means over tiles:

    within 1 kb   share of all change, or of the rollout's mass, from at most 1,000 bases away; mean of bins
    own bin       the same of the bin's own bases
    rho, shares   rank correlation over a tile's bins of their shares within 1 kb, measured and by rollout
    rho, bins     rank correlation over bins of a mutant's changes and what they take of its base; mean of mutants
    rho, bases    rank correlation over mutants of a bin's changes and what it takes of their bases; mean of bins
"""

import argparse
from typing import NamedTuple

import numpy as np
import torch

from genint.arrays import F64, I64, U8
from genint.genome.fasta import Genome
from genint.genome.grid import Tile
from genint.interpretation.attribution.checks import rank_correlation
from genint.interpretation.sources.bin_sources import BinSources
from genint.interpretation.sources.operators import StepSettings
from genint.interpretation.sources.rollout import attention_rollout
from genint.models.bundled import DEFAULT_MODEL
from genint.models.folder import Model, load_model

WITHIN = 1_000  # bases
WAYS: list[StepSettings] = [
    {"method": "norm", "convolutions": "count"},
    {"method": "norm", "convolutions": "ignore"},
    {"method": "half", "convolutions": "count"},
    {"method": "half", "convolutions": "ignore"},
    {"method": "raw", "convolutions": "count"},
]


class Row(NamedTuple):
    """Of a tile; shares are missing for distance alone."""

    within_1kb: float
    own_bin: float
    of_shares: float
    over_bins: float
    over_bases: float


class Mutants(NamedTuple):
    """Changed bases (M,) of a window, and by how much each changes each bin: (bins, M)."""

    positions: I64
    changes: F64


def choose_tiles(genome: Genome, chrom: str, model: Model, n: int) -> list[Tile]:
    """Complete tiles evenly spread over a chromosome, without its first and last."""
    last = genome.sizes[chrom] // model.geometry.core_bp - 1
    return [Tile(chrom, int(index)) for index in np.linspace(1, last - 1, n)]


@torch.inference_mode()
def measure_mutants(model: Model, dna: U8, n: int, seed: int) -> Mutants:
    """One base in each of `n` stretches of equal length, replaced by another."""
    random = np.random.default_rng(seed)
    drawn: I64 = ((np.arange(n) + random.random(n)) * len(dna) / n).astype(np.int64)
    positions = drawn[dna[drawn] < 4]
    intact = model.module(torch.from_numpy(dna)[None])[0].double()  # (bins, T)
    units = intact.std(0).clamp(min=1e-6)
    changes = []
    for position in positions:
        mutant = dna.copy()
        mutant[position] = (dna[position] + random.integers(1, 4)) % 4
        changed = model.module(torch.from_numpy(mutant)[None])[0].double()
        changes.append(((changed - intact).abs() / units).mean(1).numpy())
    return Mutants(positions, np.stack(changes, axis=1))


def mean_share(values: F64, near: np.ndarray) -> tuple[float, F64]:
    """The share of values (bins, n) that is near: its mean over bins, and that of each bin."""
    shares = np.where(near, values, 0).sum(1) / values.sum(1)
    return float(shares.mean()), shares


def compare(mutants: Mutants, sources: BinSources, values: F64) -> Row:
    """Changes beside values (bins, input_bp), by bins and by mutants."""
    near, at = sources.distances <= WITHIN, mutants.positions
    within, shares = mean_share(values, near)
    _, measured = mean_share(mutants.changes, near[:, at])
    pairs = values[:, at]
    over_bins = [rank_correlation(change, value) for change, value in zip(mutants.changes.T, pairs.T, strict=True)]
    over_bases = [rank_correlation(change, value) for change, value in zip(mutants.changes, pairs, strict=True)]
    own = mean_share(values, sources.distances == 0)[0]
    return Row(within, own, rank_correlation(measured, shares), float(np.mean(over_bins)), float(np.mean(over_bases)))


def score_tile(model: Model, dna: U8, n: int, seed: int) -> dict[str, Row]:
    """A row by name: the mutants' own, each way of rollout, distance alone."""
    mutants, rows = measure_mutants(model, dna, n, seed), dict[str, Row]()
    for way in WAYS:
        sources = attention_rollout(model, dna, **way)
        rows[f"{way['method']}, {way['convolutions']}"] = compare(mutants, sources, sources.values.astype(np.float64))
    by_distance = compare(mutants, sources, 1 / (1.0 + sources.distances))
    rows["distance alone"] = by_distance._replace(within_1kb=np.nan, own_bin=np.nan, of_shares=np.nan)
    distances = sources.distances[:, mutants.positions]
    within, own = (mean_share(mutants.changes, near)[0] for near in (distances <= WITHIN, distances == 0))
    return {"mutants": Row(within, own, np.nan, np.nan, np.nan), **rows}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("genome")
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--chrom", default="chrII")
    parser.add_argument("--tiles", type=int, default=6)
    parser.add_argument("--mutants", type=int, default=200)
    options = parser.parse_args()
    torch.set_num_threads(1)
    model = load_model(options.model)
    with Genome(options.genome) as genome:
        tiles = choose_tiles(genome, options.chrom, model, options.tiles)
        windows = [np.array(genome.tokens(tile.chrom, *tile.input(model.geometry))) for tile in tiles]
    found = [score_tile(model, dna, options.mutants, seed) for seed, dna in enumerate(windows)]
    print("| | within 1 kb | own bin | rho, shares | rho, bins | rho, bases |\n|---|---|---|---|---|---|")
    for name in found[0]:
        means = np.mean([rows[name] for rows in found], axis=0)
        print(f"| {name} | " + " | ".join("" if np.isnan(mean) else f"{mean:.3f}" for mean in means) + " |")


if __name__ == "__main__":
    main()
