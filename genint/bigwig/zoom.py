"""Zoom levels: the same track in ever larger steps, so that a browser can draw a chromosome without reading all of it.

A record sums up the bins of one cell of a grid anchored to the chromosome, [k * reduction, (k + 1) * reduction), and
spans from the first covered base in it to the last. Each level is made from the one before, in one
pass and in bounded memory.
"""

import zlib
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genint.bigwig.layout import BLOCK_HEADER, FIXED_STEP, VARIABLE_STEP_ITEM, ZOOM_RECORD

FIRST_REDUCTION_BINS = 32  # the bins themselves serve well until a pixel is many bins wide
REDUCTION_STEP = 4
FEW_RECORDS = 64  # a level this small is drawn at once; a coarser one would help nobody

# A ZOOM_RECORD whose sums do not round before they are stored.
_ROW = np.dtype([*((name, ZOOM_RECORD[name]) for name in ("chrom", "start", "end", "covered", "low", "high")),
                 ("total", "f8"), ("squares", "f8")])  # fmt: skip
_FLOAT32_MAX = float(np.finfo(np.float32).max)


def rows_of_data(blocks: list[bytes]) -> NDArray[Any]:
    """One row per value of the compressed data `blocks`."""
    raw = [zlib.decompress(block) for block in blocks]
    headers = [BLOCK_HEADER.unpack_from(block) for block in raw]
    counts = np.array([header[-1] for header in headers])
    rows = np.empty(counts.sum(), _ROW)
    values = np.empty(len(rows), np.float32)
    at = 0
    for block, (_, start, _, step, _, kind, _, count) in zip(raw, headers, strict=True):
        here = slice(at, at + count)
        if kind == FIXED_STEP:
            values[here] = np.frombuffer(block, "<f4", count, BLOCK_HEADER.size)
            rows["start"][here] = np.arange(start, start + step * count, step)
        else:
            items = np.frombuffer(block, VARIABLE_STEP_ITEM, count, BLOCK_HEADER.size)
            values[here], rows["start"][here] = items["value"], items["start"]
        at += count
    span = np.repeat(np.array([header[4] for header in headers], np.uint32), counts)
    rows["chrom"] = np.repeat(np.array([header[0] for header in headers], np.uint32), counts)
    rows["end"], rows["covered"] = rows["start"] + span, span
    rows["low"] = rows["high"] = values
    exact = values.astype(np.float64)
    rows["total"], rows["squares"] = exact * span, np.square(exact) * span
    return rows


def rows_of_level(blocks: list[bytes]) -> NDArray[Any]:
    """One row per record of the compressed zoom `blocks`."""
    return np.frombuffer(b"".join(map(zlib.decompress, blocks)), ZOOM_RECORD).astype(_ROW)


def reduce(pieces: Iterable[NDArray[Any]], reduction: int) -> Iterator[NDArray[Any]]:
    """Rows in order of position -> ZOOM_RECORDs, one per cell of `reduction` bases that holds any."""
    waiting = np.empty(0, _ROW)
    for piece in pieces:
        rows = np.concatenate([waiting, piece])
        first = _first_of_each_cell(rows, reduction)
        # The last cell may go on in the next piece.
        yield _sum_up(rows[: first[-1]], first[:-1])
        waiting = rows[first[-1] :]
    yield _sum_up(waiting, np.zeros(min(1, len(waiting)), np.intp))


def _first_of_each_cell(rows: NDArray[Any], reduction: int) -> NDArray[np.intp]:
    cell = rows["start"] // np.uint32(reduction)
    changes = (cell[1:] != cell[:-1]) | (rows["chrom"][1:] != rows["chrom"][:-1])
    return np.append(np.intp(0), np.flatnonzero(changes) + 1)


def _sum_up(rows: NDArray[Any], first: NDArray[np.intp]) -> NDArray[Any]:
    records = np.zeros(len(first), ZOOM_RECORD)
    if not len(first):
        return records
    last = np.append(first[1:], len(rows)) - 1
    records["chrom"], records["start"], records["end"] = rows["chrom"][first], rows["start"][first], rows["end"][last]
    records["covered"] = np.add.reduceat(rows["covered"], first)
    records["low"] = np.minimum.reduceat(rows["low"], first)
    records["high"] = np.maximum.reduceat(rows["high"], first)
    for name in ("total", "squares"):
        # Stored as float32. A sum beyond that becomes the largest there is: a browser can do nothing with infinity.
        records[name] = np.clip(np.add.reduceat(rows[name], first), -_FLOAT32_MAX, _FLOAT32_MAX)
    return records
