"""Scores into a file: a part for every so many rows of the VCF, kept until all are there, joined at the end.

.OUT.genint-partial/.genint-partial/     see output.run_folder, which keeps what a killed run had done
  background.npy                         logSUM of the background's variants
  scores-000000.tsv, ...                 rows of the table, complete parts
  genes-000000.tsv, ...                  of the table of genes, where there is one
"""

import shutil
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Unpack

import numpy as np
import pandas as pd

from genint.arrays import F64
from genint.atomic import replacing
from genint.console import Console
from genint.errors import OutputError, cannot_write
from genint.interpretation.variants.effects import ROWS_AT_ONCE, in_batches, score_background
from genint.interpretation.variants.files import Table, check_info_names, gene_file, is_gene_table, variant_format
from genint.interpretation.variants.scorer import Scored, score_rows
from genint.interpretation.variants.settings import VariantJob, VariantSettings, plan_variants
from genint.interpretation.variants.table import KEYS, describe, score_columns, to_frame, to_gene_frame
from genint.interpretation.variants.truth import Agreement, check_matches, compare, read_truth
from genint.interpretation.variants.vcf import VcfSurvey, read_vcf, survey_vcf
from genint.output.run_folder import is_unfinished, output_folder
from genint.prediction.inference import Engine
from genint.prediction.settings import AnyGenome, AnyModel, open_genome
from genint.text import write_tsv

STATUS_COLUMN = len(KEYS)


@dataclass(frozen=True)
class VariantReport:
    """What a run did: rows of the VCF, ALTs by status, files written, seconds, and how it fits a truth."""

    rows: int
    statuses: dict[str, int]
    files: list[Path]
    seconds: float
    truth: Agreement | None = None


def variants_to_file(
    genome: AnyGenome,
    vcf: Path | str,
    model: AnyModel,
    out: Path | str,
    *,
    background: Path | str | None = None,
    truth: Path | str | None = None,
    overwrite: bool = False,
    console: Console | None = None,
    **settings: Unpack[VariantSettings],
) -> VariantReport:
    """Score every ALT of a VCF into `out`, a .tsv, .parquet or .vcf file: what `genint variants` calls.

    The columns are those of `variant_effects`; a .vcf has them as INFO. With `genes`, a second table lies beside it,
    scores.genes.tsv of scores.tsv: a row per ALT and gene in its window. Memory does not grow with the VCF. A killed
    run resumes when it is called again, and ends with the same bytes. `truth`: a table of measured effects, see
    variants.truth. Raises InputError for what is no VCF, and OutputError where `out` or its table of genes is there
    already (`overwrite` replaces both, and removes a table of genes that the new run has none for), is one of the files
    that are read, or cannot be written.
    """
    console, started, out = console or Console(quiet=True), time.monotonic(), Path(out)
    form, stage = variant_format(out), out.with_name(f".{out.name}.genint-partial")
    given = (vcf, background, truth, settings.get("genes"), settings.get("aliases"))
    may_replace = overwrite or is_unfinished(stage)
    _check_outputs(
        out, [Path(each) for each in given if each], has_genes=bool(settings.get("genes")), may_replace=may_replace
    )
    survey = survey_vcf(vcf)
    with open_genome(genome) as opened:
        job = plan_variants(opened, model, settings, console)
        check_info_names(out, score_columns(job, with_quantiles=background is not None))
        measured = None if truth is None else _read_truth(truth, vcf, job)
        _check_folder(out)
        with output_folder(stage, _plan(job, survey, background), [], overwrite=overwrite) as folder:
            parts = _Parts(folder.scratch)
            _score_all(job, vcf, survey, background, parts, console)
            tables = [Table(out, form, parts.files("scores"), describe(job, background=_name(background)))]
            if job.genes.by_chrom:
                lines = describe(job, genes=True)
                tables.append(Table(gene_file(out), variant_format(gene_file(out)), parts.files("genes"), lines))
            statuses = parts.count_statuses()
            for table in tables:
                _write(table, vcf)
            if not job.genes.by_chrom:
                _remove_outdated(gene_file(out))
            agreement = None if measured is None else compare(measured, parts.files("scores"), job)
    shutil.rmtree(stage, ignore_errors=True)
    files = [table.path for table in tables]
    return VariantReport(survey.rows, statuses, files, round(time.monotonic() - started, 2), agreement)


def _name(background: Path | str | None) -> str:
    return "" if background is None else Path(background).name


def _check_folder(out: Path) -> None:
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(out, error) from None
    if out.is_dir():
        raise OutputError(f"{out}: is a folder. Give `out` the name of a file that ends in .tsv, .parquet or .vcf")


def _check_outputs(out: Path, inputs: Sequence[Path], *, has_genes: bool, may_replace: bool) -> None:
    """OutputError for a file of the run that is one of its inputs, or that is there and may not be replaced."""
    genes = gene_file(out)
    for file in (out, genes) if has_genes or is_gene_table(genes) else (out,):
        if any(file.exists() and each.exists() and file.samefile(each) for each in inputs):
            raise OutputError(f"{file}: would be written and is read by the same run. Choose another `out`")
        if file.exists() and not may_replace:
            raise OutputError(f"{file}: is there already. Give `overwrite` to replace it, or choose another `out`")


def _read_truth(truth: Path | str, vcf: Path | str, job: VariantJob) -> pd.DataFrame:
    measured = read_truth(truth, job)
    check_matches(measured, truth, vcf, job)
    return measured


def _remove_outdated(genes: Path) -> None:
    """Remove an earlier run's table of genes, which would pass for that of the new scores."""
    try:
        if is_gene_table(genes):
            genes.unlink()
    except OSError as error:
        raise cannot_write(genes, error) from None


def _plan(job: VariantJob, survey: VcfSurvey, background: Path | str | None) -> dict[str, object]:
    rest = {"vcf": survey.digest, "background": background and survey_vcf(background).digest, "rows": ROWS_AT_ONCE}
    return {**job.plan(), **rest}


def _write(table: Table, vcf: Path | str) -> None:
    try:
        with replacing(table.path) as new:
            table.form(new, table, vcf)
    except OSError as error:
        raise cannot_write(table.path, error) from None


class _Parts:
    """The parts of a run that are complete. One is complete when its scores are: its genes are written before."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def files(self, kind: str) -> list[Path]:
        """In order."""
        return sorted(self.folder.glob(f"{kind}-*.tsv"))

    def add(self, scores: pd.DataFrame, genes: pd.DataFrame | None) -> None:
        number = len(self.files("scores"))
        for kind, frame in (("genes", genes), ("scores", scores)):
            if frame is not None:
                with replacing(self.folder / f"{kind}-{number:06}.tsv") as new:
                    write_tsv(new, frame, float_format="%.6g")

    def count_statuses(self) -> dict[str, int]:
        """ALTs by status, the most frequent first."""
        counts: Counter[str] = Counter()
        for file in self.files("scores"):
            with open(file, encoding="utf-8") as lines:
                counts.update(line.split("\t", STATUS_COLUMN + 1)[STATUS_COLUMN] for line in islice(lines, 1, None))
        return dict(counts.most_common())


def _score_all(
    job: VariantJob, vcf: Path | str, survey: VcfSurvey, background: Path | str | None, parts: _Parts, console: Console
) -> None:
    """Score the rows that no part holds yet."""
    with job.engine() as engine:
        ranks = None if background is None else _background(job, engine, background, parts.folder, console)
        done = len(parts.files("scores")) * ROWS_AT_ONCE
        with console.progress("scoring", survey.rows, "rows") as advance:
            advance(min(done, survey.rows))
            for batch in in_batches(islice(read_vcf(vcf), done, None)):
                results = list(score_rows(job, engine, batch, str(vcf)))
                parts.add(to_frame(job, results, ranks), _genes(job, results))
                advance(len(batch))
        if not parts.files("scores"):  # of a VCF without rows
            parts.add(to_frame(job, [], ranks), _genes(job, []))


def _genes(job: VariantJob, results: list[Scored]) -> pd.DataFrame | None:
    return to_gene_frame(job, results) if job.genes.by_chrom else None


def _background(job: VariantJob, engine: Engine, background: Path | str, folder: Path, console: Console) -> F64:
    file = folder / "background.npy"
    if not file.exists():
        with replacing(file) as new, open(new, "wb") as opened:
            np.save(opened, score_background(job, engine, background, console))
    ranks: F64 = np.load(file)
    return ranks
