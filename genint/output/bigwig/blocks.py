"""Bins and zoom records as the blocks of a file, before compression. All blocks of a piece are made at once.

Data blocks are anchored to the chromosome: one never holds bins of both sides of a multiple of BINS_PER_BLOCK. So the
same bins make the same blocks, in whatever pieces they come.
"""

import operator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genint.output.bigwig import layout
from genint.output.bigwig.layout import BLOCK_HEADER, BLOCK_PLACE, VARIABLE_STEP_ITEM


@dataclass(frozen=True, slots=True)
class Bins:
    """Bins with data, in order of position; columns of one length."""

    chrom: NDArray[np.uint32]  # number of the chromosome
    start: NDArray[np.uint32]
    end: NDArray[np.uint32]
    value: NDArray[np.float32]


def runs(*columns: NDArray[Any]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """First and last index of every run of rows that are the same in all columns."""
    n = len(columns[0])
    if not n:
        return np.empty(0, np.intp), np.empty(0, np.intp)
    changes = columns[0][1:] != columns[0][:-1]
    for column in columns[1:]:
        changes |= column[1:] != column[:-1]
    edges = np.concatenate([[-1], np.flatnonzero(changes), [n - 1]])
    return edges[:-1] + 1, edges[1:]


def data_blocks(bins: Bins, bin_bp: int) -> tuple[list[bytes], NDArray[Any]]:
    """The blocks of `bins`, and a BLOCK_PLACE each, yet without offset and size."""
    span = bins.end - bins.start
    block_bp = np.uint32(min(layout.BINS_PER_BLOCK * bin_bp, layout.MAX_COORDINATE))
    first, last = runs(bins.chrom, bins.start // block_bp, span)
    unbroken = bins.start[last] - bins.start[first] == (last - first) * bin_bp
    heads = np.zeros(len(first), BLOCK_HEADER)
    heads["chrom"], heads["start"], heads["end"] = bins.chrom[first], bins.start[first], bins.end[last]
    heads["span"], heads["count"] = span[first], last - first + 1
    heads["step"] = np.where(unbroken, heads["span"], 0)
    heads["kind"] = np.where(unbroken, layout.FIXED_STEP, layout.VARIABLE_STEP)
    each = np.arange(len(heads))
    items = _slice_rows(bins.value.astype("<f4", copy=False), first, last)
    if not unbroken.all():  # a missing value in the middle: each item has its own start
        placed = np.empty(len(span), VARIABLE_STEP_ITEM)
        placed["start"], placed["value"] = bins.start, bins.value
        for block in np.flatnonzero(~unbroken):
            items[block] = placed[first[block] : last[block] + 1].tobytes()
    return list(map(operator.add, _slice_rows(heads, each, each), items)), _places(heads, heads)


def zoom_blocks(records: NDArray[Any]) -> tuple[list[bytes], NDArray[Any]]:
    """The blocks of ZOOM_RECORDs, and a BLOCK_PLACE each, yet without offset and size."""
    first, last = runs(np.arange(len(records)) // layout.RECORDS_PER_BLOCK)
    return _slice_rows(records, first, last), _places(records[first], records[last])


def _slice_rows(rows: NDArray[Any], first: NDArray[np.intp], last: NDArray[np.intp]) -> list[bytes]:
    data, size = rows.tobytes(), rows.itemsize
    return [data[start:end] for start, end in zip((first * size).tolist(), ((last + 1) * size).tolist(), strict=True)]


def _places(first: NDArray[Any], last: NDArray[Any]) -> NDArray[Any]:
    places = np.zeros(len(first), BLOCK_PLACE)
    places["first_chrom"], places["start"] = first["chrom"], first["start"]
    places["last_chrom"], places["end"] = last["chrom"], last["end"]
    return places
