"""regions.tsv: what became of every row that was asked for."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from genint.grid import BinMask, touched_bins
from genint.regions import Region, Row


class Placed(NamedTuple):
    """A row and the part of it that lies on its chromosome, None if no base does."""

    row: Row
    region: Region | None


def place(row: Row, sizes: Mapping[str, int]) -> Placed:
    """Cut off what lies past the chromosome's end."""
    asked, size = row.region, sizes[row.region.chrom]
    return Placed(row, Region(asked.chrom, asked.start, min(asked.end, size)) if asked.start < size else None)


def write_fates(
    path: Path, placed: Sequence[Placed], predicted: Mapping[str, BinMask], sizes: Mapping[str, int], bin_bp: int
) -> dict[str, int]:
    """regions.tsv: every row, in the order given, with what became of it. Returns how many rows met each fate."""
    counts: dict[str, int] = {}
    before = {chrom: np.concatenate([[0], np.cumsum(mask)]) for chrom, mask in predicted.items()}
    with open(path, "w", encoding="utf-8") as file:
        file.write("source\tchrom\tstart\tend\tname\tstatus\tbins\tholes\tnote\n")
        for (source, asked, name), region in placed:
            bins = touched_bins(region, bin_bp) if region else slice(0, 0)
            held = int(before[asked.chrom][bins.stop] - before[asked.chrom][bins.start]) if region else 0
            holes = bins.stop - bins.start - held
            status, note = _fate(asked, region, held, holes, sizes[asked.chrom])
            counts[status] = counts.get(status, 0) + 1
            cells = (source, asked.chrom, asked.start, asked.end, name, status, held, holes, note)
            file.write("\t".join(map(str, cells)) + "\n")
    return counts


def _fate(asked: Region, region: Region | None, held: int, holes: int, chrom_bp: int) -> tuple[str, str]:
    """Status and note of a row: the gravest status wins, the note says everything."""
    if region is None:
        return "skipped", f"starts past the end of {asked.chrom} ({chrom_bp:,} bp)"
    notes = []
    if region.end < asked.end:
        notes.append(f"ends past the end of {asked.chrom} ({chrom_bp:,} bp)")
    if holes:
        notes.append(f"{holes} bin(s) are holes: too many N")
    status = "skipped" if not held else "partly N" if holes else "clipped" if notes else "predicted"
    return status, "; ".join(notes)
