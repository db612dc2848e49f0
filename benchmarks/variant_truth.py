"""How scores of variants fit what two reporter assays in yeast measured, beside what the assays themselves reach.

    python benchmarks/variant_truth.py GENOME.fa FOLDER [--model MODEL] [--tracks CAGE] [--most N] [--splits SPLITS]

FOLDER holds the two tables:

    vaishnav2022_native_snv.tsv   Vaishnav et al. 2022: single-base variants of native promoter fragments, no wild type:
                                  the effect is the value less the fragment's median. Replicate: the other medium
    renganaath2020_mpra.tsv       Renganaath et al. 2020: natural variants, log2 fold change, by library.
                                  Replicate: the same variant measured on the other strand, where there is one

A score is the mean of logSUM over the tracks on the measured strand (unstranded tracks: all of them), both strands of
the DNA averaged. Prints for each table, and each part of it, n, Pearson, Spearman and two AUROCs with 95 % intervals,
and the ceiling. Parts: chromosomes of the bundled model's splits (--splits, all others are train), libraries, large
effects and significant ones. `--most` draws so many variants of each table, for a try.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from genint.console import Console
from genint.genome.fasta import Genome
from genint.interpretation.variant_effects import variant_effects
from genint.interpretation.variant_truth import STATISTICS, agreement
from genint.models.bundled import DEFAULT_MODEL
from genint.models.folder import load_model
from genint.tracks.table import TrackTable

KEYS = ["chrom", "pos", "ref", "alt"]


def read_vaishnav(folder: Path) -> pd.DataFrame:
    """KEYS, strand, effect, replicate; `large` where the effect is beyond half a unit of expression."""
    table = pd.read_csv(folder / "vaishnav2022_native_snv.tsv", sep="\t")
    for name in ("ypd", "scura"):
        table[name] -= table.groupby("fragment")[name].transform("median")
    table["effect"], table["replicate"] = table["ypd"], table["scura"]
    return table.assign(large=table["effect"].abs() > 0.5).drop_duplicates([*KEYS, "strand"])


def read_renganaath(folder: Path) -> pd.DataFrame:
    """KEYS, strand, effect, replicate, library, fdr."""
    table = pd.read_csv(folder / "renganaath2020_mpra.tsv", sep="\t").drop_duplicates([*KEYS, "strand"])
    other = table.assign(strand=table["strand"].map({"+": "-", "-": "+"}))
    other = other[[*KEYS, "strand", "log2fc"]].rename(columns={"log2fc": "replicate"})
    return table.merge(other, on=[*KEYS, "strand"], how="left").rename(columns={"log2fc": "effect"})


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


def show(title: str, table: pd.DataFrame, scores: pd.Series) -> None:
    keyed = table.assign(chrom=table["chrom"] + table["strand"])[[*KEYS, "effect", "replicate"]]  # strands are two rows
    rows = agreement(keyed, keyed[KEYS].assign(**{"score.logSUM": scores})).to_records()
    for row in rows:
        figures = [f"{row[name]:+.3f} [{row[f'{name}_low']:+.3f}, {row[f'{name}_high']:+.3f}]" for name in STATISTICS]
        print(f"{title:34}{row['track']:9}{row['n']:>6,}  " + "  ".join(figures), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("genome", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--tracks", default="CAGE")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--most", type=int, help="variants of each table, drawn at random")
    parser.add_argument("--splits", default="test=chrII valid=chrXIII")
    options = parser.parse_args()
    splits = {chrom: name for name, _, chrom in (word.partition("=") for word in options.splits.split())}
    model = load_model(options.model)
    tracks = model.tracks.subset(model.tracks.select(options.tracks))
    print(f"{'':34}{'':9}{'n':>6}  " + "  ".join(f"{name:23}" for name in STATISTICS))
    for name, read in (("Vaishnav 2022", read_vaishnav), ("Renganaath 2020", read_renganaath)):
        table = read(options.folder)
        if options.most:
            table = table.sample(min(options.most, len(table)), random_state=0)
        table = table.reset_index(drop=True)
        variants = table[KEYS].drop_duplicates().sort_values(KEYS)
        with Genome(options.genome, Console()) as genome:
            effects = variant_effects(
                genome, variants, model, tracks=options.tracks, rc=True, threads=options.threads, device=options.device
            )
        print(f"{name}: {len(table):,} rows, statuses {effects['status'].value_counts().to_dict()}")
        scores = score(table, effects.drop(columns=["line", "id", "scored_as"]), tracks)
        for part, rows in parts(table, splits):
            if len(rows) >= 10:
                show(part, rows, scores[rows.index])


if __name__ == "__main__":
    main()
