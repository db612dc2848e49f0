"""Where around start sites do bases matter? Mean profiles of mutagenesis, gradients and attention.

    python benchmarks/start_profiles.py GENOME TRANSCRIPTS.bed -o FIGURE [--model MODEL] [--chroms chrII chrXIII]
        [--most 60]

Around the starts of `--most` transcripts drawn at random, 500 bp before to 300 bp behind. Mutagenesis computes one
random substitution in every 10 bp; gradients give all of them to first order. A profile is the mean over transcripts
of the sizes in stretches of 50 bp, in the direction of transcription, over its mean over all of them: 1 is no pattern.
The signal is that of 1,024 bp around the start. Prints Markdown; writes FIGURE as PNG and SVG.
"""

from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure
from promoters import Start, Window, find_groups, make_parser, other_bases, read_starts, read_windows, substitute

from genint.arrays import F64
from genint.genome.fasta import Genome
from genint.genome.region import Region
from genint.interpretation.attention.browser import received
from genint.interpretation.attention.maps import LayerMap, visit_maps
from genint.interpretation.attribution.gradients import gradient
from genint.interpretation.attribution.target import Target
from genint.interpretation.attribution.window_scores import first_order
from genint.interpretation.locus import attending_module
from genint.models.folder import Model, load_model
from genint.reporting.colours import COLOURS
from genint.reporting.plots import save_figure

ASSAYS = ("ATAC", "CAGE", "RNA")
BEFORE, BEHIND, STRETCH, EVERY = 500, 300, 50, 10


def surroundings(start: Start) -> Region:
    """BEFORE bases before a start to BEHIND behind it."""
    before, behind = (BEFORE, BEHIND) if start.sign > 0 else (BEHIND - 1, BEFORE + 1)
    return Region(start.chrom, start.position - before, start.position + behind)


def oriented(start: Start, values: F64) -> F64:
    """Values (..., bases) around a start in the direction of transcription, mean over stretches: (..., stretches)."""
    turned = values if start.sign > 0 else values[..., ::-1]
    means: F64 = turned.reshape(*values.shape[:-1], -1, STRETCH).mean(-1)
    return means


def by_mutagenesis(model: Model, window: Window, draw: np.random.Generator) -> F64:
    """(assays, bases): the size of one random substitution in every EVERY bases, given to all of them."""
    first = np.arange(window.site.start, window.site.stop, EVERY)
    columns, bases = other_bases(window.tokens, first + draw.integers(EVERY, size=len(first)))
    chosen = np.arange(len(first)) * 3 + draw.integers(3, size=len(first))
    groups = find_groups(model.tracks, ASSAYS)
    added = substitute(model, window.tokens, window.bins, groups, columns[chosen], bases[chosen])
    sizes: F64 = np.repeat(np.abs(added).T, EVERY, axis=1)
    return sizes


def by_gradient(model: Model, window: Window) -> F64:
    """(1, bases): the size of first-order contributions to the first assay, ATAC."""
    one_hot, (columns, *_) = model.module.one_hot(window.tokens), find_groups(model.tracks, ASSAYS)
    gradients = gradient(model.module, one_hot, Target(window.bins, columns))[1]
    sizes: F64 = np.abs(first_order(gradients[0, window.site], one_hot[0, window.site]).mean(1))
    return sizes[None]


def by_attention(model: Model, window: Window) -> F64:
    """(1, bases): what their tokens receive, mean over layers and heads."""
    layers: list[F64] = []

    def visit(layer: LayerMap) -> None:
        layers.append(np.repeat(received(layer).astype(np.float64), layer.token_bp)[window.site])

    visit_maps(attending_module(model), window.tokens, visit)
    mean: F64 = np.mean(layers, axis=0)
    return mean[None]


def plot(names: list[str], profiles: F64) -> Figure:
    """Profiles (names, stretches) as lines over the distance from the start."""
    figure = Figure(figsize=(6, 3.5), layout="constrained")
    axes = figure.subplots()
    middles = np.arange(-BEFORE, BEHIND, STRETCH) + STRETCH / 2
    for name, colour, values in zip(names, COLOURS, profiles, strict=False):
        axes.plot(middles, values, color=colour, label=name, linestyle="-" if "mutagenesis" in name else "--")
    axes.axvline(0, color="0.7", linewidth=1, zorder=0)
    axes.set(xlabel="bp from the start of transcription", ylabel="size over mean size", ylim=(0, None))
    axes.legend(frameon=False, fontsize=8)
    return figure


def main() -> None:
    parser = make_parser(__doc__, most=60)
    parser.add_argument("-o", "--out", type=Path, required=True)
    options = parser.parse_args()
    torch.set_num_threads(1)
    model, starts = load_model(options.model), read_starts(options.transcripts, options.chroms)
    draw = np.random.default_rng(0)
    names = [*(f"{assay}, mutagenesis" for assay in ASSAYS), "ATAC, gradient", "attention received"]
    with Genome(options.genome) as genome:
        inner = [start for start in starts if BEFORE < start.position < genome.sizes[start.chrom] - BEFORE]
        chosen = [inner[number] for number in sorted(draw.permutation(len(inner))[: options.most])]
        windows = read_windows(genome, model, [surroundings(start) for start in chosen])
        rows = []
        for start, window in zip(chosen, windows, strict=True):
            sizes = (by_mutagenesis(model, window, draw), by_gradient(model, window), by_attention(model, window))
            rows.append(oriented(start, np.concatenate(sizes)))
    mean = np.mean(rows, axis=0)  # (names, stretches)
    profiles = mean / mean.mean(1, keepdims=True)
    print(f"{len(rows)} of {len(inner)} starts\n\n| bp from the start | " + " | ".join(names) + " |")
    print("|---" * (len(names) + 1) + "|")
    for first, values in zip(range(-BEFORE, BEHIND, STRETCH), profiles.T, strict=True):
        print(f"| {first} to {first + STRETCH} | " + " | ".join(f"{value:.2f}" for value in values) + " |")
    save_figure(plot(names, profiles), options.out)


if __name__ == "__main__":
    main()
