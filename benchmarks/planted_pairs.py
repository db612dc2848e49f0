"""Planted pairs: a motif is active only if another one lies kilobases away, and nothing nearby says whether one does.

    python benchmarks/planted_pairs.py OUT [--steps 1500] [--seeds 1] [--preset small] [--precision auto] [--hide-b]

Makes a random genome with motifs A and B and a track, `pairs`, that peaks at those A that have a B 2 to 5 kb away, on
either side. Another track, `b`, peaks at every B, as an enhancer has its own peak of ATAC: what is left to learn is who
acts on whom. --hide-b leaves it out. Trains the 1D-Swin, its twin without attention and two convolutional systems; a
killed run resumes where it stopped. Prints as Markdown, a figure per seed: Pearson of `pairs` over the test chromosome,
and how well predictions at its A tell active ones from silent ones (AUROC: 0.5 is chance), counting those A alone whose
5 kb to both sides lie in the DNA that the model reads. Models that have attention are scored with it off, too.

Sites are dealt out to stretches of 500 bp one by one and independently, so that the DNA around an A is the same whether
a B lies farther off or not.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).parent.parent / "example_data"))
from assembly import Dice
from grammar import Motif, Weights, find_sites
from make import write_bigwig, write_fasta, write_table

A, B = Motif(name="A", consensus="TTACCCGRTC"), Motif(name="B", consensus="TGASTCAYGGC")
NEAREST_BP, FARTHEST_BP = 2_000, 5_000  # from the middle of an A to that of a B that makes it active
STRETCH_BP = 500  # has at most one planted site
PERCENT_A, PERCENT_B = 25, 6  # of the stretches; about half of the A are active
PEAK_BP, PEAK_READS, STRAY_READS = 200, 5.0, 0.02  # width of a peak; reads per base in it and elsewhere
SIZES = {"chr1": 8_000_000, "chr2": 400_000, "chr3": 1_200_000}  # train, valid, test
TEST = "chr3"
SYSTEMS = {  # by folder, options of genint train
    "interpreter": ["--architecture", "interpreter"],
    "interpreter-without-attention": ["--architecture", "interpreter", "--no-attention"],
    "maxpool-cnn": ["--architecture", "maxpool-cnn"],
    "attpool-dilate": ["--architecture", "attpool-dilate"],
}


def plant(dice: Dice, length: int) -> bytes:
    """Random DNA with sites of A and B."""
    dna = bytearray(dice.dna(length))
    for start in range(0, length - STRETCH_BP + 1, STRETCH_BP):
        drawn = dice.between(1, 100)
        if drawn <= PERCENT_A + PERCENT_B:
            site = dice.site((A if drawn <= PERCENT_A else B).consensus)
            first = start + dice.between(0, STRETCH_BP - len(site))
            dna[first : first + len(site)] = site
    return bytes(dna)


def find_middles(dna: bytes, motif: Motif) -> npt.NDArray[np.int64]:
    """The middle of every site of a motif, in order."""
    return np.array([site.centre for site in find_sites(dna, [motif])], dtype=np.int64)


def find_active(dna: bytes) -> npt.NDArray[np.int64]:
    """The middle of every A that a B makes active."""
    centres, active = find_pairs(dna)
    return centres[active]


def find_pairs(dna: bytes) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """The middle of every A on either strand, planted or by chance, in order, and whether a B makes it active."""
    a, b = find_middles(dna, A), find_middles(dna, B)

    def count(first: npt.NDArray[np.int64], last: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        return np.searchsorted(b, last, side="right") - np.searchsorted(b, first, side="left")

    return a, count(a - FARTHEST_BP, a - NEAREST_BP) + count(a + NEAREST_BP, a + FARTHEST_BP) > 0


def draw_reads(draw: np.random.Generator, length: int, centres: npt.NDArray[np.int64]) -> Weights:
    """Reads over every base: many around each centre, a few anywhere."""
    expected = np.full(length, STRAY_READS)
    for centre in centres:
        expected[max(centre - PEAK_BP // 2, 0) : centre + PEAK_BP // 2] = PEAK_READS
    return draw.poisson(expected).astype(np.int64)


def make_data(out: Path, sizes: dict[str, int], seed: int = 1, *, hide_b: bool = False) -> dict[str, bytes]:
    """Write genome.fa, pairs.bw, b.bw and tracks.tsv; the genome."""
    dice, draw = Dice(seed), np.random.default_rng(seed)
    genome = {chrom: plant(dice, length) for chrom, length in sizes.items()}
    out.mkdir(parents=True, exist_ok=True)
    write_fasta(out / "genome.fa", genome)
    rows: list[tuple[object, ...]] = [
        ("identifier", "file", "clip", "clip_soft", "scale", "sum_stat", "strand_pair", "description"),
        ("pairs", "pairs.bw", 64, 32, 0.1, "sum_sqrt", "pairs", "PAIRS:peaks at A with a B"),
    ]
    reads = {chrom: draw_reads(draw, len(dna), find_active(dna)) for chrom, dna in genome.items()}
    write_bigwig(out / "pairs.bw", reads)
    if not hide_b:
        rows.append(("b", "b.bw", 64, 32, 0.1, "sum_sqrt", "b", "B:peaks at B"))
        reads = {chrom: draw_reads(draw, len(dna), find_middles(dna, B)) for chrom, dna in genome.items()}
        write_bigwig(out / "b.bw", reads)
    write_table(out / "tracks.tsv", rows)
    return genome


def auroc(values: npt.ArrayLike, active: npt.NDArray[np.bool_]) -> float:
    """How often an active site has a larger value than a silent one; ties count half."""
    import pandas as pd

    ranks = pd.Series(np.asarray(values)).rank().to_numpy()
    positive = int(active.sum())
    wins = ranks[active].sum() - positive * (positive + 1) / 2
    return float(wins / (positive * (len(active) - positive)))


def score_sites(dna: bytes, dataset: Path, folders: list[Path]) -> dict[str, float]:
    """The AUROC of each model and, of those that have attention, of the same with attention off, by name."""
    from genint.datasets.dataset import TrackDataset
    from genint.evaluation.profiles import predict_profiles
    from genint.genome.region import Region
    from genint.models.attention_off import turn_attention_off
    from genint.models.folder import load_model

    models = [load_model(folder) for folder in folders]
    models += [copy for copy in map(turn_attention_off, models) if copy]
    geometry = models[0].geometry
    centres, active = find_pairs(dna)
    within = centres % geometry.core_bp + geometry.context_bp  # of the DNA that a tile is predicted from
    seen = (within >= FARTHEST_BP) & (within < geometry.input_bp - FARTHEST_BP)
    profiles = predict_profiles(TrackDataset(dataset), models, Region(TEST, 0, len(dna)))
    bins = centres[seen] // geometry.bin_bp
    return {name: auroc(values[bins, 0], active[seen]) for name, values in profiles.predicted.items()}


def genint(*arguments: object) -> None:
    subprocess.run([sys.executable, "-m", "genint", *map(str, arguments)], check=True)


def run_seed(options: argparse.Namespace, seed: int, dna: bytes) -> dict[str, tuple[float, float]]:
    """Train all systems from one seed: Pearson and AUROC by name."""
    folder, dataset = options.out / f"seed-{seed}", options.out / "dataset"
    folder.mkdir(exist_ok=True)
    settings = {"steps": options.steps, "seed": seed, "preset": options.preset, "precision": options.precision}
    settings |= {"warmup_steps": options.steps // 10, "validate_every": max(options.steps // 5, 1), "ema_decay": 0.98}
    lines = [f"{name} = {json.dumps(value)}\n" for name, value in settings.items()]
    (folder / "settings.toml").write_text("".join(lines))
    for name, system in SYSTEMS.items():
        genint("train", dataset, "-o", folder / name, *system, "--config", folder / "settings.toml")
    models = [folder / name for name in SYSTEMS]
    genint("eval", dataset, *models, "--attention-off", "-o", folder / "scores")
    means = json.loads((folder / "scores" / "metrics.json").read_text())["means"]
    pearson = {row["model"]: row["pearson"] for row in means if row["assay"] == "PAIRS"}
    sites = score_sites(dna, dataset, models)
    return {name: (pearson[name], sites[name]) for name in pearson}


def markdown(scores: list[dict[str, tuple[float, float]]]) -> str:
    """A row per system, in each cell a figure per seed."""
    lines = ["| system | Pearson | AUROC at A |", "|---|---|---|"]
    for name in scores[0]:
        columns = zip(*(of_seed[name] for of_seed in scores), strict=True)
        cells = [", ".join(f"{figure:.3f}" for figure in column) for column in columns]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--preset", default="small")
    parser.add_argument("--precision", default="auto", choices=["auto", "float32", "bfloat16"])
    parser.add_argument("--hide-b", action="store_true")
    options = parser.parse_args()
    data = options.out / "data"
    genome = make_data(data, SIZES, hide_b=options.hide_b)
    if not (options.out / "dataset").exists():
        split = ("--valid", "chr2", "--test", TEST)
        genint("data", "make", data / "genome.fa", data / "tracks.tsv", "-o", options.out / "dataset", *split)
    print(markdown([run_seed(options, seed, genome[TEST]) for seed in options.seeds]))


if __name__ == "__main__":
    main()
