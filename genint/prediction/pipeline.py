"""From a job's tiles to values per bin: DNA, windows, forward passes, averages, units."""

from collections.abc import Iterable, Iterator

import numpy as np

from genint.arrays import F32, F64
from genint.errors import InputError
from genint.genome.dna import UNKNOWN
from genint.genome.grid import Tile, bases_per_bin
from genint.prediction.inference import Engine
from genint.prediction.job import Job
from genint.prediction.task import PredictTracks
from genint.prediction.windows import Request, Stitcher


def predict_tiles(job: Job, engine: Engine, todo: Iterable[Tile]) -> Iterator[tuple[Tile, F32]]:
    """Each tile with its values per bin (T, core_bins), NaN where a bin is masked; tiles all masked are left out.

    Of several models, T means and then T standard deviations. Raises InputError for a model that predicts NaN.
    """
    stitcher, scale = make_stitcher(job), _Scale(job)
    windows = stitcher.windows(requests(job, todo))
    for request, values in stitcher.tiles(engine.map(windows)):
        yield request.tile, np.where(request.keep, scale(values, request.tile), np.float32(np.nan))


def make_stitcher(job: Job) -> Stitcher:
    """What makes windows of the job's tiles."""
    relatives = [relative.genome for relative in job.options.relatives]
    return Stitcher(job.genome, job.geometry, job.options.augmentation, relatives)


def task(job: Job) -> PredictTracks:
    """What the engine does with every window of the job."""
    columns = np.array(job.columns)
    return PredictTracks(
        modules=[model.module for model in job.models],
        columns=columns,
        partners=job.models[0].tracks.partners[columns],
        dtype=job.options.dtype,
        batch_size=job.options.batch_size,
        compile=job.options.compile,
    )


def requests(job: Job, tiles: Iterable[Tile]) -> Iterator[Request]:
    """Mark each tile's masked bins; a tile without a bin to keep is not predicted."""
    geometry, sizes = job.geometry, job.genome.sizes
    for tile in tiles:
        start = tile.index * geometry.core_bp
        core = job.genome.tokens(tile.chrom, start, start + geometry.core_bp)
        starts = start + geometry.bin_bp * np.arange(geometry.core_bins)
        widths = np.clip(sizes[tile.chrom] - starts, 0, geometry.bin_bp)  # 0 past the chromosome's end
        unknown = bases_per_bin(core == UNKNOWN, geometry.bin_bp) - (geometry.bin_bp - widths)
        requested = job.requested[tile.chrom][tile.bins(geometry)]
        keep = np.zeros(geometry.core_bins, dtype=np.bool_)
        keep[: len(requested)] = requested
        keep &= unknown <= job.options.max_n * widths
        if keep.any():
            yield Request(tile, keep)


class _Scale:
    """(M, T, core_bins) on the models' scale -> (rows of the spool, core_bins) on the requested scale."""

    def __init__(self, job: Job) -> None:
        self._names = [model.name for model in job.models]
        tables = [model.tracks.subset(job.columns) for model in job.models]
        to_coverage = job.options.scale == "coverage"
        self._transforms = [table.transform(job.geometry.bin_bp) for table in tables] if to_coverage else None

    def __call__(self, values: F64, tile: Tile) -> F32:
        """Raises InputError for a model that predicts NaN or infinity."""
        for name, predicted in zip(self._names, values, strict=True):
            if not np.isfinite(predicted).all():
                raise InputError(
                    f"{name}: predicts NaN or infinity for tile {tile.index} of {tile.chrom}. "
                    "Its weights are damaged, or the `dtype` is too narrow for it; choose float32"
                )
        if self._transforms:
            pairs = zip(self._transforms, values, strict=True)
            values = np.stack([transform.invert(predicted.T).T for transform, predicted in pairs])
        if len(values) == 1:
            return values[0].astype(np.float32)  # type: ignore[no-any-return]
        return np.concatenate([values.mean(axis=0), values.std(axis=0)], dtype=np.float32, casting="same_kind")
