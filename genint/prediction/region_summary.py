"""summary.tsv or summary.parquet: one number per region asked for and track, taken per base."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple, get_args

import numpy as np
import numpy.typing as npt

from genint.choices import Statistic
from genint.console import Console
from genint.errors import InputError
from genint.genome.bed import BedRow
from genint.genome.grid import Geometry, Tile
from genint.genome.region import Region
from genint.output.spool import Floats, Spool
from genint.prediction.region_status import ClippedRow

STATISTICS = get_args(Statistic)
FORMATS = ("tsv", "parquet")
COLUMNS = ("chrom", "start", "end", "name", "covered")

_BYTES_AT_ONCE = 8 << 20  # read from the spool, or held until they are a row group of a Parquet file

Doubles = npt.NDArray[np.float64]
Bases = npt.NDArray[np.int64]


class SummaryRow(NamedTuple):
    """A row asked for, how many of its bases lie in bins that have a value, and (T,) numbers, NaN if none does."""

    row: BedRow
    covered: int
    numbers: Doubles


def check_file(name: str) -> None:
    """Before the work, not after it: InputError for a name that is no .tsv or .parquet, or without its package."""
    if Path(name).name != name or not name.endswith(tuple(f".{each}" for each in FORMATS)) or name.startswith("."):
        raise InputError(
            f"`summary_file` {name}: Expected a file name that ends in .tsv or .parquet; it goes into `out`"
        )
    if name in ("tracks.tsv", "regions.tsv"):
        raise InputError(f"`summary_file` {name}: is the name of another table of the run. Choose another")
    if name.endswith(".parquet"):
        try:
            import pyarrow  # noqa: F401
        except ImportError:
            raise InputError(
                f"`summary_file` {name}: needs pyarrow, which is not installed. "
                "Run: pip install 'genint[parquet]', or choose a name that ends in .tsv"
            ) from None


def write_summary(
    path: Path,
    statistic: str,
    placed: Sequence[ClippedRow],
    names: Sequence[str],
    spool: Spool,
    kept: Sequence[Tile],
    geometry: Geometry,
    console: Console,
) -> None:
    """A line per row, in the order given: its place, the bases covered, and a column for each of the tracks `names`.

    They are the first rows of the spool, whose tiles are `kept`. `statistic`: the `mean` or `sum` over the bases that
    have a value, each base counting as its bin does, or the `max` of the bins. `path` ends in .tsv or .parquet.
    """
    tiles = _Tiles(spool, kept, len(names), geometry)
    with console.progress("summing up", len(placed)) as advance:

        def rows() -> Iterator[SummaryRow]:
            for row, region in placed:
                yield SummaryRow(row, *_sum_up(tiles, region, statistic, len(names)))
                advance(1)

        write = _write_parquet if path.suffix == ".parquet" else _write_tsv
        write(path, names, rows())


def _sum_up(tiles: "_Tiles", region: Region | None, statistic: str, n_tracks: int) -> tuple[int, Doubles]:
    covered, total, highest = 0, np.zeros(n_tracks), np.full(n_tracks, -np.inf)
    for values, bases in tiles.read(region) if region else ():
        inside = (bases > 0)[:, None]  # (tiles, 1, core_bins)
        covered += int(bases.sum())
        total += (np.where(inside, values, 0).astype(np.float64) * bases[:, None]).sum(axis=(0, 2))
        highest = np.maximum(highest, np.where(inside, values, -np.inf).max(axis=(0, 2)))
    if not covered:
        return 0, np.full(n_tracks, np.nan)
    return covered, highest if statistic == "max" else total if statistic == "sum" else total / covered


class _Tiles:
    """The tiles of the spool, found by place on the chromosome."""

    def __init__(self, spool: Spool, kept: Sequence[Tile], n_tracks: int, geometry: Geometry) -> None:
        self._spool, self._n_tracks, self._geometry = spool, n_tracks, geometry
        self._at_once = max(_BYTES_AT_ONCE // (4 * geometry.core_bins * n_tracks), 1)
        indices: dict[str, list[int]] = {}
        for tile in kept:
            indices.setdefault(tile.chrom, []).append(tile.index)
        self._indices = {chrom: np.array(found) for chrom, found in indices.items()}  # ascending
        self._first = dict(zip(indices, np.cumsum([0, *map(len, indices.values())]).tolist(), strict=False))

    def read(self, region: Region) -> Iterator[tuple[Floats, Bases]]:
        """(tiles, T, core_bins) values, and (tiles, core_bins): the bases of each bin in the region, 0 for holes."""
        core_bp, bin_bp = self._geometry.core_bp, self._geometry.bin_bp
        indices = self._indices.get(region.chrom, np.empty(0, np.int64))
        low, high = np.searchsorted(indices, [region.start // core_bp, (region.end - 1) // core_bp + 1]).tolist()
        for first in range(low, high, self._at_once):
            last, place = min(first + self._at_once, high), self._first[region.chrom]
            values = self._spool.read(place + first, place + last, slice(self._n_tracks))
            starts = core_bp * indices[first:last, None] + bin_bp * np.arange(self._geometry.core_bins)
            bases = np.minimum(starts + bin_bp, region.end) - np.maximum(starts, region.start)
            yield values, np.where(np.isnan(values[:, 0]), 0, np.maximum(bases, 0))


# -- files -------------------------------------------------------------------------------------------------------------


def _write_tsv(path: Path, names: Sequence[str], rows: Iterable[SummaryRow]) -> None:
    with open(path, "w", encoding="utf-8") as file:
        file.write("\t".join([*COLUMNS, *names]) + "\n")
        for (_, region, name), covered, numbers in rows:
            place = (region.chrom, str(region.start), str(region.end), name, str(covered))
            cells = [f"{number:.9g}" for number in numbers.tolist()] if covered else [""] * len(names)
            file.write("\t".join([*place, *cells]) + "\n")


def _write_parquet(path: Path, names: Sequence[str], rows: Iterator[SummaryRow]) -> None:
    """The same columns, float64 for the tracks, null where the other format leaves a cell empty."""
    import pyarrow
    from pyarrow import parquet

    types = (pyarrow.string(), pyarrow.int64(), pyarrow.int64(), pyarrow.string(), pyarrow.int64())
    places = list(zip(COLUMNS, types, strict=True))
    schema = pyarrow.schema([*places, *((name, pyarrow.float64()) for name in names)])
    at_once = max(_BYTES_AT_ONCE // (8 * len(names)), 1)
    with parquet.ParquetWriter(path, schema) as writer:
        while some := list(islice(rows, at_once)):
            regions, numbers = [row.region for row, _, _ in some], np.stack([numbers for _, _, numbers in some])
            cells: list[list[object]] = [
                [region.chrom for region in regions],
                [region.start for region in regions],
                [region.end for region in regions],
                [row.name for row, _, _ in some],
                [covered for _, covered, _ in some],
            ]
            columns = [pyarrow.array(column, kind) for column, kind in zip(cells, types, strict=True)]
            columns += [pyarrow.array(column, from_pandas=True) for column in numbers.T]  # NaN becomes null
            writer.write_table(pyarrow.table(columns, schema=schema))
