"""Zoom levels: the same track in ever larger steps, so that a browser can draw a chromosome without reading all of it.

A record sums up the bins of one cell of a grid anchored to the chromosome, [k * reduction, (k + 1) * reduction), and
spans from the first covered base in it to the last. Each level is made from the one before.
"""

import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genint.output.bigwig.blocks import Bins, runs
from genint.output.bigwig.layout import ZOOM_RECORD

FIRST_REDUCTION_BINS = 32  # the bins themselves serve well until a pixel is many bins wide
REDUCTION_STEP = 4
FEW_RECORDS = 64  # a level this small is drawn at once; a coarser one would help nobody

# A ZOOM_RECORD whose sums do not round before they are stored.
SUMS = np.dtype([*((name, ZOOM_RECORD[name]) for name in ("chrom", "start", "end", "covered", "low", "high")),
                 ("total", "f8"), ("squares", "f8")])  # fmt: skip
_FLOAT32_MAX = float(np.finfo(np.float32).max)


def sums_of_bins(bins: Bins, reduction: int) -> NDArray[Any]:
    """SUMS, one per cell of `reduction` bases that holds any of `bins`."""
    first, last = runs(bins.chrom, bins.start // np.uint32(reduction))
    span = bins.end - bins.start
    exact = bins.value.astype(np.float64)
    weighted = exact * span
    sums = np.empty(len(first), SUMS)
    sums["chrom"], sums["start"], sums["end"] = bins.chrom[first], bins.start[first], bins.end[last]
    sums["covered"] = np.add.reduceat(span, first)
    sums["low"] = np.minimum.reduceat(bins.value, first)
    sums["high"] = np.maximum.reduceat(bins.value, first)
    sums["total"] = np.add.reduceat(weighted, first)
    sums["squares"] = np.add.reduceat(np.multiply(weighted, exact, out=weighted), first)
    return sums


def coarsen(sums: NDArray[Any], reduction: int) -> NDArray[Any]:
    """SUMS of smaller cells -> SUMS of cells of `reduction` bases."""
    return _add_up(sums, *runs(sums["chrom"], sums["start"] // np.uint32(reduction)))


def per_chromosome(sums: NDArray[Any]) -> NDArray[Any]:
    """SUMS of cells -> one for each chromosome with data."""
    return _add_up(sums, *runs(sums["chrom"]))


def records(sums: NDArray[Any]) -> NDArray[Any]:
    """SUMS -> ZOOM_RECORDs. A sum beyond float32 becomes the largest there is: infinity is of no use to a browser."""
    rounded = np.empty(len(sums), ZOOM_RECORD)
    for name in SUMS.names or ():
        rounded[name] = np.clip(sums[name], -_FLOAT32_MAX, _FLOAT32_MAX) if SUMS[name] == np.float64 else sums[name]
    return rounded


def summary(chroms: NDArray[Any]) -> bytes:
    """The total over the file for its header: SUMS of chromosomes -> 40 bytes."""
    if not len(chroms):
        return bytes(40)
    extremes = float(chroms["low"].min()), float(chroms["high"].max())
    covered, total, squares = (chroms[name].sum() for name in ("covered", "total", "squares"))
    return struct.pack("<Qdddd", covered, *extremes, total, squares)


def _add_up(sums: NDArray[Any], first: NDArray[np.intp], last: NDArray[np.intp]) -> NDArray[Any]:
    added = sums[first]
    added["end"] = sums["end"][last]
    added["low"] = np.minimum.reduceat(sums["low"], first)
    added["high"] = np.maximum.reduceat(sums["high"], first)
    for name in ("covered", "total", "squares"):
        added[name] = np.add.reduceat(sums[name], first)
    return added
