"""Scores as tables: a row per ALT, and a row per ALT and gene in its window."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from genint.arrays import F64
from genint.interpretation.variants.scorer import Scored
from genint.interpretation.variants.scores import FORMULAS, SCORES, signed_quantiles
from genint.interpretation.variants.settings import VariantJob

KEYS = ("line", "chrom", "pos", "id", "ref", "alt")
GENE_KEYS = (*KEYS, "gene", "share")
INTEGERS = ("line", "pos", "places")
DESCRIPTIONS = {
    "line": "of the VCF",
    "status": "ok, ok_n_context and edge_padded are scored, with an N or a chromosome's end near; the others are not",
    "scored_as": "POS:REF>ALT without bases that both share, indels left-aligned",
    "places": "in how many the change can be written: more than 1 for an indel within a repeat",
}
QUANTILE = "quantile"


def score_columns(job: VariantJob, *, with_quantiles: bool) -> list[str]:
    """`TRACK.SCORE` for every track and score, in the order of the table."""
    names = [*SCORES, *([QUANTILE] if with_quantiles else [])]
    return [f"{track.identifier}.{name}" for track in job.tracks for name in names]


def to_frame(job: VariantJob, results: Sequence[Scored], background: F64 | None) -> pd.DataFrame:
    """A row per ALT: KEYS, status, scored_as, places, and scores, NaN where there are none."""
    frame = _keys(results)
    frame["status"] = [str(each.judged.status) for each in results]
    frame["scored_as"] = [each.scored_as for each in results]
    places = [each.places or None for each in results]
    frame["places"] = pd.array(places, "Int64")
    missing = np.full((len(job.tracks), len(SCORES)), np.nan)
    scores = np.array([missing if each.scores is None else each.scores for each in results])  # (N, T, 5)
    scores = scores.reshape(-1, len(job.tracks), len(SCORES))
    if background is not None:
        quantiles = signed_quantiles(scores[..., SCORES.index("logSUM")], background)
        scores = np.concatenate([scores, quantiles[..., None]], axis=2)
    columns = score_columns(job, with_quantiles=background is not None)
    return pd.concat([frame, pd.DataFrame(scores.reshape(len(scores), len(columns)), columns=columns)], axis=1)


def to_gene_frame(job: VariantJob, results: Sequence[Scored]) -> pd.DataFrame:
    """A row per scored ALT and gene in its window: KEYS, gene, share of its bases there, `TRACK.logSED`."""
    pairs = [(each, gene) for each in results for gene in each.genes]
    frame = _keys([each for each, _ in pairs])
    frame["gene"] = [gene.name for _, gene in pairs]
    frame["share"] = np.array([gene.share for _, gene in pairs], np.float64)
    scores = np.array([gene.scores for _, gene in pairs], np.float64).reshape(-1, len(job.tracks))
    columns = [f"{track.identifier}.logSED" for track in job.tracks]
    return pd.concat([frame, pd.DataFrame(scores, columns=columns)], axis=1)


def _keys(results: Sequence[Scored]) -> pd.DataFrame:
    rows = [each.judged.row for each in results]
    return pd.DataFrame(
        {
            "line": pd.array([row.line for row in rows], "Int64"),
            "chrom": pd.array([row.chrom for row in rows], "str"),
            "pos": pd.array([None if row.fault else row.pos for row in rows], "Int64"),
            "id": pd.array([row.cells[2] for row in rows], "str"),
            "ref": pd.array([row.ref for row in rows], "str"),
            "alt": pd.array([each.judged.alt for each in results], "str"),
        }
    )


def describe(job: VariantJob, *, genes: bool = False, background: str = "") -> list[str]:
    """Lines for the head of a file: what made it, and what its columns are."""
    names = ["logSED"] if genes else [*SCORES, *([QUANTILE] if background else [])]
    strands = "mean of both strands" if job.rc else "forward strand"
    lines = [
        f"genint variants: {job.model.name} ({job.model.digest[:12]}) on {Path(str(job.genome)).name}, {strands}",
        "ref and alt are coverage, mean per base over a bin, its size where a strand is stored below 0; "
        f"stretch: {job.grid.width} bp centred on the allele, bins of {job.model.geometry.bin_bp} bp",
        *(f"{name}: {text}" for name, text in DESCRIPTIONS.items() if not genes or name == "line"),
        *(f"{name}: {FORMULAS[name]}" for name in names),
    ]
    return [*lines, f"background: {background}"] if background else lines
