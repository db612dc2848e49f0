"""Do explanations point at the sites of well-known factors? AUROC of sites against those of shuffled motifs.

    python benchmarks/motifs.py GENOME TRANSCRIPTS.bed [--model MODEL] [--chroms chrII chrXIII] [--motifs Reb1 ...]
        [--most 50] [--integrated Reb1]

Sites are what matches a consensus, on either strand, in promoters (see promoters.py). Controls are what matches the
same consensus with its letters in another order, 20 orders of each, in the same promoters, apart from sites; each site
is paired with the control whose distance to its nearest start is nearest. `--most` of the sites are drawn at random.

A site's score is the mean over its fixed letters of |contribution| (genint.interpretation.attribution.attribution), for

    mutagenesis    all substitutions, computed
    gradient       of first order
    integrated     integrated gradients of 8 points, which cost most: of ATAC, for the motifs of --integrated
    attention      what its tokens receive, mean over layers and heads, whatever the tracks

Prints Markdown with 95 % intervals of a bootstrap over pairs. `lower`: the share of sites where the mean substitution
lowers the signal, beside that of controls.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from promoters import Start, Window, find_groups, make_parser, mutate, read_starts, read_windows, write_auroc

from genint.arrays import F64, I64
from genint.genome.dna import to_text
from genint.genome.fasta import Genome
from genint.genome.region import Region
from genint.interpretation.attention.browser import received
from genint.interpretation.attention.maps import LayerMap, visit_maps
from genint.interpretation.attribution.gradients import gradient, integrated_gradient
from genint.interpretation.attribution.target import Target
from genint.interpretation.attribution.window_scores import first_order
from genint.interpretation.locus import attending_module
from genint.models.folder import Model, load_model

CONSENSUS = {  # in IUPAC's letters
    "Reb1": "TTACCCG",
    "Abf1": "RTCRYNNNNNACG",
    "Rap1": "ACCCRYACA",
    "Cbf1": "RTCACRTG",
    "TATA": "TATAWAWR",
}
LETTERS = {"A": "A", "C": "C", "G": "G", "T": "T", "R": "[AG]", "Y": "[CT]", "W": "[AT]", "N": "."}
COMPLEMENT = str.maketrans("ACGTRYWN", "TGCAYRWN")
ORDERS = 20
GRADIENT_ASSAYS = ("ATAC", "CAGE")
ASSAYS = ("ATAC", "CAGE", "RNA", "Orc6", "Pol II")
STEPS = 8


class Site(NamedTuple):
    """A match on a chromosome, its letters that are fixed, and how far its middle is from the nearest start."""

    region: Region
    fixed: tuple[int, ...]
    distance: int


def match(consensus: str, text: str) -> list[tuple[int, tuple[int, ...]]]:
    """Where it or its reverse complement lies in DNA, and which of the letters there are fixed."""
    found: dict[int, tuple[int, ...]] = {}
    for word in (consensus, consensus.translate(COMPLEMENT)[::-1]):
        pattern = "".join(LETTERS[letter] for letter in word)
        fixed = tuple(place for place, letter in enumerate(word) if letter != "N")
        found |= {hit.start(): fixed for hit in re.finditer(f"(?={pattern})", text)}
    return sorted(found.items())


def find_sites(consensus: str, genome: Genome, starts: Sequence[Start]) -> list[Site]:
    """All matches that lie in a promoter as a whole."""
    sites = []
    for chrom in dict.fromkeys(start.chrom for start in starts):
        own = [start for start in starts if start.chrom == chrom]
        inside = np.zeros(genome.sizes[chrom], np.bool_)
        for start in own:
            inside[start.promoter] = True
        places = np.array([start.position for start in own])
        for first, fixed in match(consensus, to_text(genome.tokens(chrom, 0, genome.sizes[chrom]))):
            last = first + len(consensus)
            if inside[first:last].all():
                distance = int(np.abs(places - (first + last) // 2).min())
                sites.append(Site(Region(chrom, first, last), fixed, distance))
    return sites


def find_controls(consensus: str, sites: Sequence[Site], genome: Genome, starts: Sequence[Start]) -> list[Site]:
    """Matches of the consensus in other orders that touch no site of its own."""
    draw = np.random.default_rng(len(consensus))
    other = {consensus, consensus.translate(COMPLEMENT)[::-1]}
    words: dict[str, None] = {}
    while len(words) < ORDERS:
        word = "".join(draw.permutation(list(consensus)))
        words |= {} if word in other else {word: None}
    taken = {(site.region.chrom, place) for site in sites for place in range(site.region.start, site.region.end)}
    found = {site.region: site for word in words for site in find_sites(word, genome, starts)}
    return [
        site
        for site in found.values()
        if not any((site.region.chrom, place) in taken for place in range(site.region.start, site.region.end))
    ]


def pair(sites: Sequence[Site], controls: Sequence[Site]) -> list[Site]:
    """For each site the control, each used once, at the nearest distance from a start."""
    left, chosen = list(controls), []
    for site in sites:
        nearest = int(np.argmin([abs(other.distance - site.distance) for other in left]))
        chosen.append(left.pop(nearest))
    return chosen


def by_gradient(model: Model, window: Window, columns: Sequence[int], places: I64, *, steps: int = 0) -> float:
    """The mean |contribution| of the site's fixed letters by a gradient, integrated over `steps` points if any."""
    one_hot, target = model.module.one_hot(window.tokens), Target(window.bins, tuple(columns))
    if steps:
        gradients = integrated_gradient(model.module, one_hot, target, steps=steps)
    else:
        gradients = gradient(model.module, one_hot, target)[1]
    here = first_order(gradients[0, window.site], one_hot[0, window.site])[places]
    return float(np.abs(here.mean(1)).mean())


def by_attention(model: Model, window: Window) -> float:
    """What the tokens of the site receive, mean over layers."""
    layers: list[float] = []

    def visit(layer: LayerMap) -> None:
        bases = np.repeat(received(layer), layer.token_bp)
        layers.append(float(bases[window.site].mean()))

    visit_maps(attending_module(model), window.tokens, visit)
    return float(np.mean(layers))


def score_sites(model: Model, genome: Genome, sites: Sequence[Site], integrated: bool) -> dict[str, F64]:
    """A score per site, by `assay method`, and the signed ones of mutagenesis."""
    groups = find_groups(model.tracks, ASSAYS)
    windows = read_windows(genome, model, [site.region for site in sites])
    rows = []
    for site, window in zip(sites, windows, strict=True):
        places = np.array(site.fixed)
        contributions = -mutate(model, window, groups, places).sum(1) / 4  # (fixed letters, groups)
        row = {f"{assay} mutagenesis": np.abs(contributions[:, n]).mean() for n, assay in enumerate(ASSAYS)}
        row |= {f"{assay} signed": contributions[:, n].mean() for n, assay in enumerate(ASSAYS)}
        for assay in GRADIENT_ASSAYS:
            row[f"{assay} gradient"] = by_gradient(model, window, groups[ASSAYS.index(assay)], places)
        if integrated:
            row["ATAC integrated"] = by_gradient(model, window, groups[0], places, steps=STEPS)
        row["any attention"] = by_attention(model, window)
        rows.append(row)
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def main() -> None:
    parser = make_parser(__doc__, most=50)
    parser.add_argument("--motifs", nargs="+", default=list(CONSENSUS))
    parser.add_argument("--integrated", nargs="*", default=["Reb1"])
    options = parser.parse_args()
    torch.set_num_threads(1)
    model, starts = load_model(options.model), read_starts(options.transcripts, options.chroms)
    print(
        "| motif | sites | assay | method | AUROC | lower: sites | controls |\n|---|---|---|---|---|---|---|",
        flush=True,
    )
    with Genome(options.genome) as genome:
        for name in options.motifs:
            sites = find_sites(CONSENSUS[name], genome, starts)
            controls, n = find_controls(CONSENSUS[name], sites, genome, starts), len(sites)
            drawn = np.random.default_rng(0).permutation(n)[: options.most]
            chosen = [sites[number] for number in sorted(drawn)]
            own = score_sites(model, genome, chosen, name in options.integrated)
            others = score_sites(model, genome, pair(chosen, controls), name in options.integrated)
            for each in (key for key in own if "signed" not in key):
                assay, _, method = each.rpartition(" ")
                lower = ["", ""]
                if method == "mutagenesis":
                    lower = [f"{(scores[f'{assay} signed'] > 0).mean():.2f}" for scores in (own, others)]
                cells = (name, f"{len(chosen)} of {n}", assay, method, write_auroc(own[each], others[each]), *lower)
                print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
