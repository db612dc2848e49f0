"""Score the variants of a VCF with a model: as a DataFrame, or into a file, which a killed run resumes."""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Unpack

import numpy as np
import pandas as pd

from genint.arrays import F64
from genint.console import Console
from genint.errors import InputError
from genint.interpretation.variants.scorer import score_rows
from genint.interpretation.variants.scores import SCORES
from genint.interpretation.variants.settings import VariantJob, VariantSettings, plan_variants
from genint.interpretation.variants.table import to_frame
from genint.interpretation.variants.vcf import VcfRow, make_row, read_vcf, survey_vcf
from genint.prediction.inference import Engine
from genint.prediction.settings import AnyGenome, AnyModel, open_genome

ROWS_AT_ONCE = 512  # of the VCF, scored and written together


def variant_effects(
    genome: AnyGenome,
    variants: Path | str | pd.DataFrame,
    model: AnyModel,
    *,
    background: Path | str | None = None,
    **settings: Unpack[VariantSettings],
) -> pd.DataFrame:
    """Score every ALT of a VCF, or of a DataFrame with columns chrom, pos (1-based), ref, alt and perhaps id.

    Returns a row per ALT: line (of the VCF; of the DataFrame, its rows counted from 1), chrom, pos, id, ref, alt,
    status, scored_as, places, and for every track `TRACK.logSUM`, `TRACK.SUM`, `TRACK.SAX`, `TRACK.D1` and
    `TRACK.D2`, see variants.scores; with a `background` VCF `TRACK.quantile` among its variants, too. Rows that cannot
    be scored are there with their status and NaN; a missing value makes a row `malformed`, but for id. Raises
    InputError for what is no VCF, and settings that do not fit.
    """
    if "genes" in settings:
        raise InputError("`genes`: make a second table, which variants_to_file writes")
    with open_genome(genome) as opened:
        job = plan_variants(opened, model, settings)
        rows, asked_by = _read_variants(variants)
        with job.engine() as engine:
            ranks = None if background is None else score_background(job, engine, background)
            results = list(score_rows(job, engine, rows, asked_by))
    return to_frame(job, results, ranks)


def score_background(job: VariantJob, engine: Engine, background: Path | str, console: Console | None = None) -> F64:
    """(M, T): logSUM of the variants of a VCF that can be scored, each track in ascending order. InputError if none."""
    console, found = console or Console(quiet=True), []
    with console.progress("scoring the background", survey_vcf(background).rows, "rows") as advance:
        for rows in in_batches(read_vcf(background)):
            scored = score_rows(job, engine, rows, str(background))
            found += [each.scores[:, SCORES.index("logSUM")] for each in scored if each.scores is not None]
            advance(len(rows))
    if not found:
        raise InputError(f"`background` {background}: none of its rows can be scored. Is it of this genome?")
    return np.sort(np.array(found), axis=0)


def in_batches(rows: Iterable[VcfRow]) -> Iterator[list[VcfRow]]:
    """Rows by the ROWS_AT_ONCE."""
    remaining = iter(rows)
    while batch := list(islice(remaining, ROWS_AT_ONCE)):
        yield batch


def _read_variants(variants: Path | str | pd.DataFrame) -> tuple[Iterable[VcfRow], str]:
    """Rows, and what messages call them."""
    if not isinstance(variants, pd.DataFrame):
        survey_vcf(variants)
        return read_vcf(variants), str(variants)
    missing = [name for name in ("chrom", "pos", "ref", "alt") if name not in variants.columns]
    if missing:
        raise InputError(
            f"`variants`: a DataFrame without column(s) {', '.join(missing)}. Expected chrom, pos, ref, alt"
        )
    return _frame_rows(variants), "`variants`"


def _frame_rows(variants: pd.DataFrame) -> Iterator[VcfRow]:
    ids = variants["id"] if "id" in variants.columns else ["."] * len(variants)
    columns = zip(variants["chrom"], variants["pos"], ids, variants["ref"], variants["alt"], strict=True)
    for number, (chrom, pos, name, ref, alt) in enumerate(columns, start=1):
        yield make_row(number, [_text(chrom), _text(pos), _text(name) or ".", _text(ref), _text(alt)])


def _text(value: Any) -> str:
    """As a VCF has it: nothing for a missing value, and 5 for 5.0, which a whole number beside missing ones becomes."""
    if pd.isna(value):
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
