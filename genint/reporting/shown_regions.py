"""Which regions a report shows, and how much of each."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from genint.genome.bed import BedRow
from genint.genome.region import Region
from genint.prediction.region_status import clip_to_chromosome

AT_FIRST = 5  # regions of a run that are shown where nobody chose any
MOST = 30
MOST_BP = 2_000_000  # of all regions together: their letters are in the page
MOST_VALUES = 1_000_000  # of all regions and bigWigs: about 6 MB in the page
_SHORTEST_BP = 1_000
_MISREAD = ":"  # igv.js takes what precedes the first one for the chromosome
_MARGIN = 0.1  # of a region's length, to its left and right


class Shown(NamedTuple):
    """A place to look at: `region`, what was asked for, and `view`, what is shown of it and around it."""

    name: str
    region: Region
    view: Region

    @property
    def is_cut(self) -> bool:
        """Whether the view holds only the middle of the region."""
        return self.view.intersect(self.region) != self.region


def read_predicted_rows(table: Path) -> list[BedRow]:
    """The rows of a run's regions.tsv of which some bin was predicted, the first few; none within another."""
    from pandas import read_csv

    columns = {"chrom": str, "start": int, "end": int, "name": str, "bins": int}
    rows = read_csv(table, sep="\t", usecols=list(columns), dtype=columns, keep_default_na=False, quoting=3)
    found: list[BedRow] = []
    for row in rows[rows["bins"] > 0].itertuples():
        region = Region(str(row.chrom), int(str(row.start)), int(str(row.end)))
        if not any(region.intersect(other.region) == region for other in found if isinstance(other.region, Region)):
            found.append(BedRow(f"row {row.Index}", region, str(row.name)))
        if len(found) == AT_FIRST:
            break
    return found


def place_views(rows: Sequence[BedRow], sizes: Mapping[str, int], most_bp: int) -> list[Shown]:
    """The first rows with some of what is around them, `most_bp` in all; what `note_hidden` names is left out."""
    regions = [(name, region) for name, region in _inside(rows, sizes) if _MISREAD not in region.chrom][:MOST]
    each = most_bp // max(len(regions), 1)
    return [Shown(name, region, _view(region, sizes[region.chrom], each)) for name, region in regions]


def note_hidden(rows: Sequence[BedRow], sizes: Mapping[str, int]) -> Iterator[str]:
    """Which rows are not shown, and why, in words."""
    inside = [region for _, region in _inside(rows, sizes)]
    misread = [region.chrom for region in inside if _MISREAD in region.chrom]
    if off := [row.source for row in rows if not clip_to_chromosome(row, sizes).region]:
        yield f"{len(off):,} region(s) hold no base of their chromosome and are not shown: {', '.join(off[:3])}."
    if misread:
        some = ", ".join(list(dict.fromkeys(misread))[:3])
        yield f"{len(misread):,} region(s) are not shown, as igv.js misreads names with a colon: {some}."
    if len(inside) - len(misread) > MOST:
        yield f"The browser shows the first {MOST} of {len(inside) - len(misread):,} regions."


def _inside(rows: Sequence[BedRow], sizes: Mapping[str, int]) -> Iterator[tuple[str, Region]]:
    for row in rows:
        region = clip_to_chromosome(row, sizes).region
        if region:
            yield row.name, region


def _view(region: Region, chrom_bp: int, most_bp: int) -> Region:
    bp = min(max(round(len(region) * (1 + 2 * _MARGIN)), _SHORTEST_BP), most_bp, chrom_bp)
    start = min(max((region.start + region.end - bp) // 2, 0), chrom_bp - bp)
    return Region(region.chrom, start, start + bp)
