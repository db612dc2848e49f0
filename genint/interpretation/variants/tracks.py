"""The tracks of one variant: what is predicted around it without it and with it, as bigWigs on the reference."""

from collections.abc import Iterator
from pathlib import Path
from typing import Unpack

import numpy as np

from genint.arrays import F64
from genint.atomic import replacing
from genint.console import Console
from genint.errors import InputError, OutputError, cannot_write
from genint.genome.grid import Geometry, count_bins
from genint.interpretation.variants.alleles import Judged, Variant
from genint.interpretation.variants.scorer import judge_row, predict_effects
from genint.interpretation.variants.settings import VariantJob, VariantSettings, plan_variants
from genint.interpretation.variants.vcf import VcfRow, read_vcf, survey_vcf
from genint.output.bigwig import BigWigWriter
from genint.prediction.settings import AnyGenome, AnyModel, open_genome


def variant_tracks(
    genome: AnyGenome,
    vcf: Path | str,
    variant: str,
    model: AnyModel,
    out: Path | str,
    *,
    console: Console | None = None,
    **settings: Unpack[VariantSettings],
) -> list[Path]:
    """Write TRACK.ref.bw and TRACK.alt.bw of a variant's window into the folder `out`; TRACK.alt2.bw of a second ALT.

    `variant` is an ID of the VCF, or CHROM:POS:REF:ALT as it stands there. An ALT has the number that it has in its
    row; one that cannot be scored, or is scored in another window than the first, is left out with a warning.
    Coordinates are the reference's: deleted bases have no signal, that of inserted bases is left out. Returns the
    files. Raises InputError for a variant that is not there, is there twice or has no scores, for what is no VCF, and
    for settings that tracks have no use for, and OutputError where `out` holds something.
    """
    out, console = Path(out), console or Console(quiet=True)
    if unused := [f"`{name}`" for name in ("width", "genes") if name in settings]:
        raise InputError(f"{', '.join(unused)}: tracks have no use for it, they show a whole window. Leave it out")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise OutputError(f"{out}: is there already. Choose another `out`, a new folder")
    with open_genome(genome) as opened:
        job = plan_variants(opened, model, settings, console)
        chosen = _choose(_find(vcf, variant, job), variant, job, console)
        with job.engine() as engine:
            effects = list(predict_effects(job, engine, chosen.values()))
    predicted = {"ref": effects[0].ref}
    for number, (each, _, alt) in zip(chosen, effects, strict=True):
        predicted[f"alt{number + 1 if number else ''}"] = on_reference(alt, each, job)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with replacing(out) as folder:
            folder.mkdir()
            for kind, values in predicted.items():
                _write(job, folder, kind, effects[0].variant, values)
    except OSError as error:
        raise cannot_write(out, error) from None
    return sorted(out.iterdir())


def _find(vcf: Path | str, name: str, job: VariantJob) -> list[Judged]:
    """The ALTs of the row that goes by a name, or the one that it names."""
    survey_vcf(vcf)
    found = [judged for row in read_vcf(vcf) if not row.fault for judged in _named(name, row, job, vcf)]
    if not found:
        raise InputError(f"`tracks_of` {name}: no row of {vcf} has this ID. Expected an ID, or CHROM:POS:REF:ALT")
    lines = sorted({each.row.line for each in found})
    if len(lines) > 1:
        raise InputError(
            f"`tracks_of` {name}: lines {lines[0]} and {lines[1]} of {vcf} have it. Give CHROM:POS:REF:ALT"
        )
    return found


def _choose(found: list[Judged], name: str, job: VariantJob, console: Console) -> dict[int, Variant]:
    """The ALTs that are shown in one window, by their numbers in the row; of the others it is said why they are not."""
    variants = {each.number: each.variant for each in found if each.variant}
    if not variants:
        raise InputError(f"`tracks_of` {name}: cannot be scored, its status is {found[0].status}")
    windows = {number: job.grid.first_base(variant) for number, variant in variants.items()}
    shown = next(iter(windows.values()))
    for each in found:
        if windows.get(each.number) != shown:
            row = each.row
            why = f"its window is another, give {row.chrom}:{row.pos}:{row.ref}:{each.alt}"
            why = why if each.variant else f"its status is {each.status}"
            console.warn(f"line {row.line}: ALT {each.number + 1}, {each.alt[:40]}, is left out: {why}")
    return {number: variant for number, variant in variants.items() if windows[number] == shown}


def _named(name: str, row: VcfRow, job: VariantJob, vcf: Path | str) -> Iterator[Judged]:
    names = [f"{row.chrom}:{row.pos}:{row.ref}:{alt}" for alt in row.alts]
    has_id = name in row.cells[2].split(";") and name != "."
    if has_id or name in names:
        for judged in judge_row(job, row, job.find_chrom(row.chrom, f"{vcf}, line {row.line}")):
            if has_id or names[judged.number] == name:
                yield judged


def on_reference(values: F64, variant: Variant, job: VariantJob) -> F64:
    """Bins of the alternative's window (T, core_bins) as bins of the reference's: NaN past what was predicted."""
    geometry = job.model.geometry
    bases = values.repeat(geometry.bin_bp, axis=1)  # (T, core_bp)
    before = variant.start - job.grid.first_base(variant)
    kept = min(len(variant.ref), len(variant.alt))
    lost = np.zeros((len(bases), len(variant.ref) - kept))
    moved = np.concatenate([bases[:, : before + kept], lost, bases[:, before + len(variant.alt) :]], axis=1)
    missing = np.full((len(bases), max(geometry.core_bp - moved.shape[1], 0)), np.nan)
    placed = np.concatenate([moved, missing], axis=1)[:, : geometry.core_bp]
    return _mean_over_bins(placed, geometry)


def _mean_over_bins(bases: F64, geometry: Geometry) -> F64:
    means: F64 = bases.reshape(len(bases), geometry.core_bins, geometry.bin_bp).mean(axis=2)
    return means


def _write(job: VariantJob, folder: Path, kind: str, variant: Variant, values: F64) -> None:
    bin_bp = job.model.geometry.bin_bp
    first = job.grid.first_base(variant) // bin_bp
    inside = count_bins(job.genome.sizes[variant.chrom], bin_bp) - first
    for name, row in zip(job.tracks.file_names(f".{kind}.bw"), values, strict=True):
        with BigWigWriter(folder / name, job.genome.sizes, bin_bp=bin_bp) as writer:
            writer.add(variant.chrom, first, row[:inside].astype(np.float32))
