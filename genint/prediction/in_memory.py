"""Predictions as arrays: of a sequence, and of regions of a genome."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Unpack

import numpy as np

from genint.arrays import F32
from genint.errors import InputError
from genint.genome.bed import BedRow
from genint.genome.dna_source import SequenceSource
from genint.genome.grid import Geometry, Tile, touched_bins
from genint.genome.region import Region
from genint.genome.relatives import open_relatives
from genint.prediction.inference import Engine
from genint.prediction.job import Job, prepare
from genint.prediction.pipeline import predict_tiles, task
from genint.prediction.settings import (
    AnyGenome,
    AnyModel,
    AnyRegions,
    PredictSettings,
    find_rows,
    open_genome,
    plan_job,
)
from genint.tracks.track_data import TrackData

_TILES_AT_ONCE = 64  # of neighbouring regions, predicted together so that tiles they share are predicted once


def predict_sequence(model: AnyModel, sequence: str, **settings: Unpack[PredictSettings]) -> TrackData:
    """Predict the tracks of a DNA or RNA sequence of any length from 1 bp.

    Returns a TrackData of (bins, tracks), bin k being bases [k * bin_bp, (k + 1) * bin_bp) of the sequence, the last
    one perhaps shorter; NaN in bins with too many N. What the model reads around a bin is N beyond the sequence's ends,
    so give more DNA than you look at where you have it. Raises InputError for a sequence that is empty or no DNA, and
    as PredictSettings' options do.
    """
    source = SequenceSource(sequence)
    rows = find_rows(None, source)
    job = plan_job(source, rows, model, settings)
    with _engine(job) as engine:
        (tracks,) = _predict_rows(job, engine, rows)
    return replace(tracks, region=None)


def predict_regions(
    genome: AnyGenome,
    regions: AnyRegions,
    model: AnyModel,
    *,
    relatives: Path | str | None = None,
    **settings: Unpack[PredictSettings],
) -> Iterator[TrackData]:
    """Yield the tracks of each region, in the order given: a TrackData of the bins that the region touches.

    Values are those of the grid: bins and tiles are anchored to the chromosome, so a bin has the value that
    `predict_to_folder` writes, whichever region it is part of. A region that reaches past its chromosome's end is
    clipped. `relatives`: a table of genomes to average over, see `predict_to_folder`. Memory is bounded by the longest
    region. Before anything is predicted, raises InputError for what cannot be
    read, and for a region without a base on its chromosome.
    """
    with ExitStack() as stack:
        opened = stack.enter_context(open_genome(genome))
        rows = find_rows(regions, opened)
        for row in rows:
            chrom, length = row.region.chrom, opened.sizes[row.region.chrom]
            if not len(row.region) or row.region.start >= length:
                place = f"start {row.region.start:,} and end {row.region.end:,} hold no base of {chrom}, {length:,} bp"
                raise InputError(f"{row.source}: {place}. Remove the row, or use predict_to_folder")
        related = stack.enter_context(open_relatives(relatives, opened))
        job = plan_job(opened, rows, model, settings, relatives=related)
        keep_open = stack.pop_all()
    return _yield_rows(job, rows, keep_open)


def _yield_rows(job: Job, rows: Sequence[BedRow], genome: ExitStack) -> Iterator[TrackData]:
    with genome, _engine(job) as engine:
        remaining = iter(rows)
        while group := _next_group(remaining, job.geometry):
            yield from _predict_rows(_restrict_job(job, group), engine, group)


def _next_group(rows: Iterator[BedRow], geometry: Geometry) -> list[BedRow]:
    """Some rows, of about as many tiles as are predicted together."""
    group, n_tiles = [], 0
    for row in rows:
        group.append(row)
        n_tiles += len(row.region) // geometry.core_bp + 1
        if n_tiles >= _TILES_AT_ONCE:
            break
    return group


def _restrict_job(job: Job, rows: Sequence[BedRow]) -> Job:
    return prepare(job.genome, rows, job.models, columns=job.columns, options=job.options)


def _engine(job: Job) -> Engine:
    return Engine(task(job), job.options.devices, job.options.threads)


def _predict_rows(job: Job, engine: Engine, rows: Sequence[BedRow]) -> Iterator[TrackData]:
    values = dict(predict_tiles(job, engine, job.todo))  # (T, core_bins) by tile; one without a value is missing
    for clipped in islice(job.clipped, len(rows)):
        assert clipped.region is not None  # see predict_regions
        yield _assemble(clipped.region, values, job)


def _assemble(region: Region, values: dict[Tile, F32], job: Job) -> TrackData:
    geometry, bins = job.geometry, touched_bins(region, job.geometry.bin_bp)
    found = np.full((bins.stop - bins.start, len(job.tracks)), np.nan, np.float32)
    for index in range(bins.start // geometry.core_bins, (bins.stop - 1) // geometry.core_bins + 1):
        tile = Tile(region.chrom, index)
        if tile in values:
            held = tile.bins(geometry)
            first, last = max(bins.start, held.start), min(bins.stop, held.stop)
            found[first - bins.start : last - bins.start] = values[tile][:, first - held.start : last - held.start].T
    return TrackData(
        values=found, tracks=job.tracks, bin_bp=geometry.bin_bp, region=region, start=bins.start * geometry.bin_bp
    )
