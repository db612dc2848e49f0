"""From rows of a VCF to scores: passes of the reference and of each alternative, in order, compared as they come."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from genint.arrays import F32, F64
from genint.errors import InputError
from genint.interpretation.variants.alleles import Judged, Status, Variant, count_places, judge
from genint.interpretation.variants.genes import behind
from genint.interpretation.variants.scores import score_gene, score_stretch
from genint.interpretation.variants.settings import VariantJob
from genint.interpretation.variants.vcf import VcfRow
from genint.interpretation.variants.windows import Pass, read_passes, surroundings
from genint.prediction.inference import Engine


class GeneScore(NamedTuple):
    """A gene in the window of a variant: the share of its bases that both alleles have there, and logSED (T,)."""

    name: str
    share: float
    scores: F64


class Scored(NamedTuple):
    """An ALT with its status and, where it was scored, SCORES (T, 5); `scored_as` as Variant.as_vcf writes it.

    `places`: in how many the change can be written, more than 1 for an indel within a repeat; 0 where not scored.
    """

    judged: Judged
    scored_as: str
    places: int
    scores: F64 | None
    genes: list[GeneScore]


class Effect(NamedTuple):
    """Coverage (T, core_bins) of a variant's window, without it and with it, in the units of the bigWigs."""

    variant: Variant
    ref: F64
    alt: F64


def score_rows(job: VariantJob, engine: Engine, rows: Iterable[VcfRow], asked_by: str) -> Iterator[Scored]:
    """Each ALT of each row, in order. InputError for a model that gives NaN, and a chromosome that could be two."""
    rows = list(rows)
    places = {row.chrom: f"{asked_by}, line {row.line}" for row in reversed(rows) if not row.fault}
    chroms = {name: job.find_chrom(name, place) for name, place in places.items()}
    judged = [each for row in rows for each in judge_row(job, row, chroms.get(row.chrom))]
    effects = predict_effects(job, engine, (each.variant for each in judged if each.status.is_scored and each.variant))
    for each in judged:
        if not each.status.is_scored:
            yield Scored(each, "", 0, None, [])
            continue
        variant, ref, alt = next(effects)
        yield _score(job, each, Effect(variant, np.abs(ref), np.abs(alt)))  # below 0 where a strand is stored so


def judge_row(job: VariantJob, row: VcfRow, chrom: str | None) -> Iterator[Judged]:
    """Its ALTs, with what the model's windows say of them, too. `chrom` is the genome's name of its chromosome."""
    for each in judge(row, chrom, job.genome):
        if each.variant is None:
            yield each
        elif job.grid.is_too_long(each.variant):
            yield each._replace(status=Status.TOO_LONG, variant=None)
        else:
            yield each._replace(status=surroundings(each.variant, job.grid, job.genome))


def predict_effects(job: VariantJob, engine: Engine, variants: Iterable[Variant]) -> Iterator[Effect]:
    """Each variant's effect, in order. The reference is predicted again when a variant lies in another window."""
    transform, ref = job.transform, np.empty(())
    per_window, strands = 2 if job.rc else 1, []
    for given, values in engine.map(_passes(job, variants)):
        strands.append(values[0])
        if len(strands) < per_window:
            continue
        coverage = transform.invert(_mean(job, strands).T).T  # (T, core_bins)
        strands = []
        if given.variant is None:
            ref = coverage
        else:
            yield Effect(given.variant, ref, coverage)


def _passes(job: VariantJob, variants: Iterable[Variant]) -> Iterator[Pass]:
    geometry, last = job.model.geometry, ("", 0)
    for variant in variants:
        window = (variant.chrom, job.grid.first_base(variant))
        if window != last:
            yield from read_passes(None, window, job.genome, geometry, rc=job.rc)
        yield from read_passes(variant, window, job.genome, geometry, rc=job.rc)
        last = window


def _mean(job: VariantJob, strands: list[F32]) -> F64:
    values: F64 = np.mean(strands, axis=0, dtype=np.float64)
    if not np.isfinite(values).all():
        raise InputError(
            f"{job.model.name}: predicts NaN or infinity. "
            "Its weights are damaged, or the `dtype` is too narrow for it; choose float32"
        )
    return values


def _score(job: VariantJob, judged: Judged, effect: Effect) -> Scored:
    variant = effect.variant
    shares = job.grid.stretches(variant, job.genome.sizes[variant.chrom])
    bin_bp = job.model.geometry.bin_bp
    scores = score_stretch(effect.ref, effect.alt, *shares, bin_bp, is_indel=variant.is_indel)
    places = count_places(variant, job.genome)
    return Scored(judged, variant.as_vcf(job.genome), places, scores, list(_score_genes(job, effect)))


def _score_genes(job: VariantJob, effect: Effect) -> Iterator[GeneScore]:
    variant, bin_bp = effect.variant, job.model.geometry.bin_bp
    compared = job.grid.compared_in(variant)
    for gene in job.genes.touching(compared):
        start, end = max(gene.start, compared.start), min(gene.end, compared.end)
        ref = job.grid.bin_weights(start, end, compared.start)
        alt = job.grid.bin_weights(behind(variant, start), behind(variant, end), compared.start)
        share = (end - start) / (gene.end - gene.start)
        yield GeneScore(gene.name, share, score_gene(effect.ref, effect.alt, ref, alt, bin_bp))
