"""regions.tsv: the status of every requested row."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from genint.genome.bed import BedRow
from genint.genome.grid import BinMask, touched_bins
from genint.genome.region import Region
from genint.text import write_tsv

COLUMNS = ("source", "chrom", "start", "end", "name", "status", "bins", "masked", "note")

_ROWS_AT_ONCE = 50_000  # held as a table


class ClippedRow(NamedTuple):
    """A row and the part of it that lies on its chromosome, None if no base does."""

    row: BedRow
    region: Region | None


class RowStatus(NamedTuple):
    """What became of a row: a word, how many of its bins have a value, how many are masked, and why in words."""

    status: str
    bins: int
    masked: int
    note: str


def clip_to_chromosome(row: BedRow, sizes: Mapping[str, int]) -> ClippedRow:
    """Cut off what lies past the chromosome's end; nothing is left of a row on a chromosome that there is not."""
    requested = row.region
    if isinstance(requested, Region) and requested.chrom in sizes:
        return ClippedRow(row, requested.intersect(Region(requested.chrom, 0, sizes[requested.chrom])))
    return ClippedRow(row, None)


def write_region_status(
    path: Path,
    rows: Iterable[ClippedRow],
    predicted: Mapping[str, BinMask],
    blacklisted: Mapping[str, BinMask],
    sizes: Mapping[str, int],
    bin_bp: int,
) -> dict[str, int]:
    """regions.tsv: every row, in the order given, with its status. Returns how many rows have each status.

    `predicted` and `blacklisted` are per bin of a chromosome; one without such bins may be left out there.
    """
    counts: dict[str, int] = {}
    write_tsv(path, pd.DataFrame(columns=COLUMNS))
    for table in _tables(rows, predicted, blacklisted, sizes, bin_bp):
        write_tsv(path, table, append=True)
        for status in table["status"]:
            counts[status] = counts.get(status, 0) + 1
    return counts


def _tables(
    rows: Iterable[ClippedRow],
    predicted: Mapping[str, BinMask],
    blacklisted: Mapping[str, BinMask],
    sizes: Mapping[str, int],
    bin_bp: int,
) -> Iterator[pd.DataFrame]:
    remaining = iter(rows)
    while some := list(islice(remaining, _ROWS_AT_ONCE)):
        yield pd.DataFrame(
            [
                (
                    clipped.row.source,
                    clipped.row.region.chrom,
                    clipped.row.region.start,
                    clipped.row.region.end,
                    clipped.row.name,
                    *_status(clipped, predicted, blacklisted, sizes, bin_bp),
                )
                for clipped in some
            ],
            columns=COLUMNS,
        )


def _status(
    clipped: ClippedRow,
    predicted: Mapping[str, BinMask],
    blacklisted: Mapping[str, BinMask],
    sizes: Mapping[str, int],
    bin_bp: int,
) -> RowStatus:
    """The last of clipped, partly blacklisted, partly N that holds is the status; the note says all of them."""
    requested, region = clipped.row.region, clipped.region
    if requested.chrom not in sizes:
        return RowStatus("skipped", 0, 0, f"the genome has no {requested.chrom}")
    past_end = f"past the end of {requested.chrom} ({sizes[requested.chrom]:,} bp)"
    if not requested:
        return RowStatus("empty", 0, 0, "start and end are the same: no base")
    if region is None:
        return RowStatus("skipped", 0, 0, f"starts {past_end}")
    bins = touched_bins(region, bin_bp)
    n_predicted, n_blacklisted = _count(predicted, region.chrom, bins), _count(blacklisted, region.chrom, bins)
    n_unknown = bins.stop - bins.start - n_predicted - n_blacklisted
    notes = {
        "clipped": f"ends {past_end}" if region.end < requested.end else "",
        "partly blacklisted": f"{n_blacklisted} bin(s) are masked: blacklisted" if n_blacklisted else "",
        "partly N": f"{n_unknown} bin(s) are masked: too many N" if n_unknown else "",
    }
    found = [status for status, note in notes.items() if note]
    status = "skipped" if not n_predicted else found[-1] if found else "predicted"
    return RowStatus(status, n_predicted, n_unknown + n_blacklisted, "; ".join(filter(None, notes.values())))


def _count(masks: Mapping[str, BinMask], chrom: str, bins: slice) -> int:
    return int(np.count_nonzero(masks[chrom][bins])) if chrom in masks else 0
