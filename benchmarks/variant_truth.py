"""How scores of variants fit what two reporter assays in yeast measured, beside what the assays themselves reach.

    python benchmarks/variant_truth.py GENOME.fa FOLDER [--model MODEL] [--tracks CAGE ATAC] [--chroms chrII chrXIII]
        [--only Vaishnav] [--most N] [--splits SPLITS] [--keep FOLDER]

FOLDER holds the two tables:

    vaishnav2022_native_snv.tsv   Vaishnav et al. 2022: single-base variants of native promoter fragments, no wild type:
                                  the effect is the value less the fragment's median. Replicate: the other medium
    renganaath2020_mpra.tsv       Renganaath et al. 2020: natural variants, log2 fold change, by library.
                                  Replicate: the same variant measured on the other strand, where there is one

A score is the mean of logSUM over the tracks of one of --tracks on the measured strand (unstranded tracks: all of
them), both strands of the DNA averaged. Prints for each table, and each part of it, n, Pearson, Spearman and two AUROCs
(see genint.interpretation.variants.truth), and the ceiling: the replicate in the score's place. Intervals are 95 % of a
bootstrap over fragments or genes, whose variants are no independent draws. Parts: chromosomes of the bundled model's
splits (--splits, all others are train), libraries, large effects and significant ones, and those that are clear: fdr
below 0.05 against above 0.5, told apart by the score's size. `--chroms` are all without it; `--most` draws so many
variants of each table, for a try. `--keep` holds the scores of each chromosome, so that a killed run goes on; use a new
folder for another model, other tracks or another --most.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from genint.arrays import F64, Mask
from genint.atomic import replacing
from genint.console import Console
from genint.genome.fasta import Genome
from genint.interpretation.variants.effects import variant_effects
from genint.interpretation.variants.truth import STATISTICS, statistics
from genint.models.bundled import DEFAULT_MODEL
from genint.models.folder import Model, load_model
from genint.tracks.table import TrackTable

KEYS = ["chrom", "pos", "ref", "alt"]
CLEAR = "fdr < 0.05 or > 0.5"
DRAWS, SEED, FEWEST = 500, 0, 20


def read_vaishnav(folder: Path) -> pd.DataFrame:
    """KEYS, strand, unit (the fragment), effect, replicate; `large` where the effect is beyond half a unit."""
    table = pd.read_csv(folder / "vaishnav2022_native_snv.tsv", sep="\t")
    for name in ("ypd", "scura"):
        table[name] -= table.groupby("fragment")[name].transform("median")
    table["effect"], table["replicate"], table["unit"] = table["ypd"], table["scura"], table["fragment"]
    return table.assign(large=table["effect"].abs() > 0.5).drop_duplicates([*KEYS, "strand"])


def read_renganaath(folder: Path) -> pd.DataFrame:
    """KEYS, strand, unit (the gene), effect, replicate, library, fdr."""
    table = pd.read_csv(folder / "renganaath2020_mpra.tsv", sep="\t").drop_duplicates([*KEYS, "strand"])
    other = table.assign(strand=table["strand"].map({"+": "-", "-": "+"}))
    other = other[[*KEYS, "strand", "log2fc"]].rename(columns={"log2fc": "replicate"})
    table = table.merge(other, on=[*KEYS, "strand"], how="left")
    return table.rename(columns={"log2fc": "effect", "gene": "unit"})


TABLES = {"Vaishnav": read_vaishnav, "Renganaath": read_renganaath}


def parts(table: pd.DataFrame, splits: dict[str, str]) -> Iterator[tuple[str, pd.DataFrame]]:
    """The whole table and its parts."""
    yield "all", table
    split = table["chrom"].map(splits).fillna("train")
    for name in sorted(split.unique()):
        yield f"chromosomes: {name}", table[split == name]
    for name in sorted(table["library"].unique()) if "library" in table else []:
        of_library = table[table["library"] == name]
        yield f"library {name}", of_library
        yield f"library {name}, fdr < 0.1", of_library[of_library["fdr"] < 0.1]
    if "fdr" in table:
        yield "fdr < 0.1", table[table["fdr"] < 0.1]
        yield CLEAR, table[(table["fdr"] < 0.05) | (table["fdr"] > 0.5)]
    if "large" in table:
        yield "|effect| > 0.5", table[table["large"]]
        held_out = table[split != "train"]
        yield "held out, |effect| > 0.5", held_out[held_out["large"]]


def strand_of(tracks: TrackTable) -> list[str]:
    """`+`, `-` or, for a track without a strand, neither: by the names that strand pairs have."""
    return [
        "" if track.strand_pair == track.identifier else "-" if "minus" in track.identifier.lower() else "+"
        for track in tracks
    ]


def score(table: pd.DataFrame, effects: pd.DataFrame, tracks: TrackTable) -> pd.Series:
    """The mean of logSUM over the tracks of each row's strand."""
    names, strands = [f"{track.identifier}.logSUM" for track in tracks], strand_of(tracks)
    values = table.merge(effects, on=KEYS, how="left", validate="many_to_one")
    found = {}
    for strand in ("+", "-"):
        own = [name for name, where in zip(names, strands, strict=True) if where in ("", strand)]
        found[strand] = values[own].mean(axis=1)
    return pd.Series(np.where(table["strand"] == "+", found["+"], found["-"]), index=table.index)


def is_large(title: str, table: pd.DataFrame) -> Mask:
    """Which effects count as large: the quarter of the largest, or the significant ones where they alone are clear."""
    sizes = table["effect"].abs()
    large = table["fdr"] < 0.05 if title == CLEAR else sizes >= sizes.quantile(0.75)
    return large.to_numpy(np.bool_)


def show(title: str, name: str, table: pd.DataFrame, scores: F64) -> None:
    """A row: n and every statistic with its interval."""
    effect, large = table["effect"].to_numpy(np.float64), is_large(title, table)
    values = statistics(effect, scores[:, None], large)[:, 0]
    of_unit = list(table.groupby("unit").indices.values())
    draw = np.random.default_rng(SEED)
    drawn = []
    for _ in range(DRAWS):
        rows = np.concatenate([of_unit[number] for number in draw.integers(len(of_unit), size=len(of_unit))])
        drawn.append(statistics(effect[rows], scores[rows, None], large[rows])[:, 0])
    low, high = np.nanquantile(drawn, [0.025, 0.975], axis=0)
    figures = [f"{value:+.3f} [{a:+.3f}, {b:+.3f}]" for value, a, b in zip(values, low, high, strict=True)]
    print("| " + " | ".join([title, name, f"{len(table):,}", f"{len(of_unit):,}", *figures]) + " |", flush=True)


def show_parts(table: pd.DataFrame, splits: dict[str, str], scores: dict[str, pd.Series]) -> None:
    """The rows of every part: each score, and the ceiling where the effect was measured twice."""
    for title, part in parts(table.dropna(subset="effect"), splits):
        for name, score in (scores | {"ceiling": table["replicate"]}).items():
            found = part[score[part.index].notna()]
            if len(found) >= FEWEST:
                show(title, name, found, score[found.index].to_numpy(np.float64))


def score_variants(variants: pd.DataFrame, name: str, model: Model, options: argparse.Namespace) -> pd.DataFrame:
    """KEYS, status and logSUM of all tracks, a chromosome after the other; read where they are kept."""
    found = []
    for chrom, own in variants.groupby("chrom"):
        kept = options.keep and options.keep / f"{name}-{chrom}.tsv"
        if kept and kept.exists():
            found.append(pd.read_csv(kept, sep="\t"))
            continue
        with Genome(options.genome, Console()) as genome:
            effects = variant_effects(
                genome, own, model, tracks=options.tracks, rc=True, threads=options.threads, device=options.device
            )
        found.append(effects[[*KEYS, "status", *(column for column in effects if str(column).endswith(".logSUM"))]])
        if kept:
            kept.parent.mkdir(parents=True, exist_ok=True)
            with replacing(kept) as file:
                found[-1].to_csv(file, sep="\t", index=False)
    return pd.concat(found, ignore_index=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("genome", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--tracks", nargs="+", default=["CAGE"])
    parser.add_argument("--chroms", nargs="+")
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--only", nargs="+", choices=TABLES, default=list(TABLES))
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--most", type=int, help="variants of each table, drawn at random")
    parser.add_argument("--splits", default="test=chrII valid=chrXIII")
    options = parser.parse_args()
    splits = {chrom: name for name, _, chrom in (word.partition("=") for word in options.splits.split())}
    model = load_model(options.model)
    groups = {name: model.tracks.subset(model.tracks.select(name)) for name in options.tracks}
    print("| part | score | n | units | " + " | ".join(STATISTICS) + " |\n" + "|---" * 8 + "|")
    for name in options.only:
        table = TABLES[name](options.folder)
        if options.chroms:
            table = table[table["chrom"].isin(options.chroms)]
        if options.most:
            table = table.sample(min(options.most, len(table)), random_state=0)
        table = table.reset_index(drop=True)
        effects = score_variants(table[KEYS].drop_duplicates().sort_values(KEYS), name, model, options)
        print(f"| **{name}** {len(table):,} rows, statuses {effects['status'].value_counts().to_dict()} |" + " |" * 7)
        show_parts(table, splits, {name: score(table, effects, tracks) for name, tracks in groups.items()})


if __name__ == "__main__":
    main()
