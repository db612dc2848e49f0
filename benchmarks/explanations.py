"""Do explanations agree? Attention, rollout, gradients and mutants compared pairwise on the same promoters.

    python benchmarks/explanations.py GENOME TRANSCRIPTS.bed [--model MODEL] [--chroms chrII chrXIII] [--most 16]
        [--assay ATAC]

Around the starts of `--most` transcripts drawn at random, every method gives a size to each 8 bp, the finest token with
attention in the bundled model, of the 512 bp before a start:

    mutagenesis    mean size of 2 random substitutions, computed
    gradient       mean size of contributions of first order
    integrated     the same of integrated gradients of 8 points
    other tracks   gradient, of all tracks but those of the assay: what agrees no better says nothing of the assay
    received       attention received, mean over layers and heads
    norm, half     share of the signal's bins that comes from there by attention rollout, by norms or half residuals
    distance       minus the distance from the middle of the signal: a guess without a model

What is explained is the signal of 1,024 bp around the middle of these. Prints rank correlations over the 64 places of a
promoter, means over promoters with 95 % intervals of a bootstrap over them, as Markdown.
"""

from itertools import combinations

import numpy as np
import torch
from promoters import (
    Start,
    Window,
    find_groups,
    make_parser,
    other_bases,
    read_starts,
    read_windows,
    substitute,
    write_mean,
)

from genint.arrays import F64
from genint.genome.fasta import Genome
from genint.genome.region import Region
from genint.interpretation.attention.browser import received
from genint.interpretation.attention.maps import LayerMap, visit_maps
from genint.interpretation.attribution.checks import rank_correlation
from genint.interpretation.attribution.gradients import gradient, integrated_gradient
from genint.interpretation.attribution.target import Target
from genint.interpretation.attribution.window_scores import first_order
from genint.interpretation.locus import attending_module
from genint.interpretation.sources.rollout import attention_rollout
from genint.models.folder import Model, load_model

TOKEN_BP, REGION_BP = 8, 512
MUTANTS, STEPS = 2, 8


def upstream(start: Start) -> Region:
    """The REGION_BP before a start."""
    first = start.position - (REGION_BP if start.sign > 0 else -1)
    return Region(start.chrom, first, first + REGION_BP)


def by_token(values: F64) -> F64:
    """Values of bases -> means over tokens."""
    means: F64 = values.reshape(-1, TOKEN_BP).mean(1)
    return means


def by_mutagenesis(model: Model, window: Window, group: tuple[int, ...], draw: np.random.Generator) -> F64:
    """(tokens,): the mean size of random substitutions."""
    columns, bases = other_bases(window.tokens, np.arange(window.site.start, window.site.stop))
    per_token = 3 * TOKEN_BP
    tokens = len(columns) // per_token
    drawn = np.sort([draw.choice(per_token, MUTANTS, replace=False) + token * per_token for token in range(tokens)])
    chosen = drawn.ravel()
    added = substitute(model, window.tokens, window.bins, (group,), columns[chosen], bases[chosen])
    sizes: F64 = np.abs(added).reshape(tokens, MUTANTS).mean(1)
    return sizes


def by_gradient(model: Model, window: Window, columns: tuple[int, ...], *, steps: int = 0) -> F64:
    """(tokens,): of first order, or integrated over `steps` points if any."""
    one_hot, target = model.module.one_hot(window.tokens), Target(window.bins, columns)
    if steps:
        gradients = integrated_gradient(model.module, one_hot, target, steps=steps)
    else:
        gradients = gradient(model.module, one_hot, target)[1]
    return by_token(np.abs(first_order(gradients[0, window.site], one_hot[0, window.site]).mean(1)))


def by_attention(model: Model, window: Window) -> F64:
    """(tokens,): what they receive, mean over layers and heads."""
    layers: list[F64] = []

    def visit(layer: LayerMap) -> None:
        layers.append(by_token(np.repeat(received(layer).astype(np.float64), layer.token_bp)[window.site]))

    visit_maps(attending_module(model), window.tokens, visit)
    mean: F64 = np.mean(layers, axis=0)
    return mean


def by_rollout(model: Model, window: Window, method: str) -> F64:
    """(tokens,): the share of the signal's bins that comes from there."""
    bins, dna = range(window.bins.start, window.bins.stop), window.tokens[0].numpy()
    rolled = attention_rollout(model, dna, method="half" if method == "half" else "norm", bins=bins)
    return by_token(rolled.values.mean(0, dtype=np.float64)[window.site])


def explain(model: Model, window: Window, assay: str, draw: np.random.Generator) -> dict[str, F64]:
    """The sizes that every method gives to the tokens before a start."""
    (own,) = find_groups(model.tracks, [assay])
    others = tuple(sorted(set(range(len(model.tracks))) - set(own)))
    geometry = model.geometry
    middle = geometry.context_bp + (window.bins.start + window.bins.stop) * geometry.bin_bp / 2
    bases = np.arange(window.site.start, window.site.stop)
    return {
        "mutagenesis": by_mutagenesis(model, window, own, draw),
        "gradient": by_gradient(model, window, own),
        "integrated": by_gradient(model, window, own, steps=STEPS),
        "other tracks": by_gradient(model, window, others),
        "received": by_attention(model, window),
        "norm": by_rollout(model, window, "norm"),
        "half": by_rollout(model, window, "half"),
        "distance": by_token(-np.abs(bases - middle)),
    }


def main() -> None:
    parser = make_parser(__doc__, most=16)
    parser.add_argument("--assay", default="ATAC")
    options = parser.parse_args()
    torch.set_num_threads(1)
    model, starts = load_model(options.model), read_starts(options.transcripts, options.chroms)
    draw = np.random.default_rng(0)
    with Genome(options.genome) as genome:
        inner = [start for start in starts if REGION_BP < start.position < genome.sizes[start.chrom] - REGION_BP]
        chosen = [inner[number] for number in sorted(draw.permutation(len(inner))[: options.most])]
        windows = read_windows(genome, model, [upstream(start) for start in chosen])
        found = [explain(model, window, options.assay, draw) for window in windows]
    print(f"{options.assay}, {len(found)} of {len(inner)} promoters\n\n| methods | rank correlation |\n|---|---|")
    for one, other in combinations(found[0], 2):
        print(
            f"| {one}, {other} | {write_mean(np.array([rank_correlation(each[one], each[other]) for each in found]))} |"
        )


if __name__ == "__main__":
    main()
