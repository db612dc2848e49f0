"""regions.tsv: what became of every row that was asked for."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from genint.genome.bed import BedRow
from genint.genome.grid import BinMask, touched_bins
from genint.genome.region import Region


class ClippedRow(NamedTuple):
    """A row and the part of it that lies on its chromosome, None if no base does."""

    row: BedRow
    region: Region | None


def clip_to_chromosome(row: BedRow, sizes: Mapping[str, int]) -> ClippedRow:
    """Cut off what lies past the chromosome's end."""
    asked, size = row.region, sizes[row.region.chrom]
    return ClippedRow(row, Region(asked.chrom, asked.start, min(asked.end, size)) if asked.start < size else None)


def write_region_status(
    path: Path,
    placed: Sequence[ClippedRow],
    predicted: Mapping[str, BinMask],
    blacklisted: Mapping[str, BinMask],
    sizes: Mapping[str, int],
    bin_bp: int,
) -> dict[str, int]:
    """regions.tsv: every row, in the order given, with what became of it. Returns how many rows met each fate.

    `predicted` and `blacklisted` are per bin of a chromosome; one without blacklisted bins may be left out there.
    """
    counts: dict[str, int] = {}
    with open(path, "w", encoding="utf-8") as file:
        file.write("source\tchrom\tstart\tend\tname\tstatus\tbins\tholes\tnote\n")
        for (source, asked, name), region in placed:
            bins = touched_bins(region, bin_bp) if region else slice(0, 0)
            held = _count(predicted, asked.chrom, bins)
            blacklist = _count(blacklisted, asked.chrom, bins)
            unknown = bins.stop - bins.start - held - blacklist
            status, note = _fate(asked, region, held, unknown, blacklist, sizes[asked.chrom])
            counts[status] = counts.get(status, 0) + 1
            cells = (source, asked.chrom, asked.start, asked.end, name, status, held, unknown + blacklist, note)
            file.write("\t".join(map(str, cells)) + "\n")
    return counts


def _count(masks: Mapping[str, BinMask], chrom: str, bins: slice) -> int:
    return int(np.count_nonzero(masks[chrom][bins])) if chrom in masks else 0


def _fate(
    asked: Region, region: Region | None, held: int, unknown: int, blacklisted: int, chrom_bp: int
) -> tuple[str, str]:
    """Status and note of a row: the gravest status wins, the note says everything."""
    if region is None:
        return "skipped", f"starts past the end of {asked.chrom} ({chrom_bp:,} bp)"
    found = {
        "clipped": f"ends past the end of {asked.chrom} ({chrom_bp:,} bp)" if region.end < asked.end else "",
        "partly blacklisted": f"{blacklisted} bin(s) are holes: blacklisted" if blacklisted else "",
        "partly N": f"{unknown} bin(s) are holes: too many N" if unknown else "",
    }
    met = [status for status, note in found.items() if note]
    return met[-1] if held and met else "predicted" if held else "skipped", "; ".join(filter(None, found.values()))
