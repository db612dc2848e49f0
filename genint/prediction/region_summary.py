"""The summary table: one number per requested region and track, taken per base."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, get_args

import numpy as np
import pandas as pd

from genint.arrays import F32, F64, I64
from genint.choices import Statistic
from genint.console import Console
from genint.errors import InputError
from genint.genome.bed import BedRow
from genint.genome.region import Region
from genint.output.spool import Spool
from genint.prediction.region_status import ClippedRow
from genint.text import write_tsv

STATISTICS: tuple[Statistic, ...] = get_args(Statistic)

_BYTES_AT_ONCE = 8 << 20  # read from the spool, or held until they are written


class SummaryRow(NamedTuple):
    """A requested row, how many of its bases lie in bins that have a value, and (T,) numbers, NaN if none does."""

    row: BedRow
    covered: int
    numbers: F64


def check_summary_file(name: str, others: Collection[str]) -> None:
    """Raise InputError for a name that no summary can have beside the files `others`: before the work, not after it."""
    if Path(name).suffix not in (".tsv", ".parquet"):
        raise InputError(f"`summary_file` {name}: ends in neither .tsv nor .parquet. Give a name that does")
    if Path(name).name != name or name.startswith("."):
        raise InputError(f"`summary_file` {name}: is not the name of a file in `out`. Give a name without a folder")
    if name in others:
        raise InputError(f"`summary_file` {name}: another file of the run has this name. Choose another")
    if name.endswith(".parquet"):
        try:
            import pyarrow  # noqa: F401
        except ImportError:
            raise InputError(
                f"`summary_file` {name}: needs pyarrow, which is not installed. "
                "Run: pip install 'genint[parquet]', or give a name that ends in .tsv"
            ) from None


def write_summary(spool: Spool, path: Path, statistic: Statistic, rows: Sequence[ClippedRow], console: Console) -> None:
    """A line per row, in the order given: chrom, start, end, name, the bases covered, and a column for each track.

    `statistic`: the `mean` or `sum` over the bases that have a value, each base counting as its bin does, or the `max`
    of the bins; missing where no base has one. `path` ends in .tsv, with 9 digits, or .parquet, with float64.
    """
    names = [track.identifier for track in spool.tracks]
    at_once = max(_BYTES_AT_ONCE // (8 * len(names)), 1)
    with console.progress("summing up", len(rows), "regions") as advance, _table_file(path, names) as table:
        summed = _sum_rows(_TileIndex(spool), statistic, rows)
        while some := list(islice(summed, at_once)):
            table.append(_to_frame(some, names))
            advance(len(some))


def _sum_rows(tiles: "_TileIndex", statistic: Statistic, rows: Sequence[ClippedRow]) -> Iterator[SummaryRow]:
    for row, region in rows:
        yield SummaryRow(row, *_sum_up(tiles, region, statistic))


def _sum_up(tiles: "_TileIndex", region: Region | None, statistic: Statistic) -> tuple[int, F64]:
    covered, total, highest = 0, np.zeros(tiles.n_tracks), np.full(tiles.n_tracks, -np.inf)
    for values, bases in tiles.read(region) if region else ():
        inside = (bases > 0)[:, None]  # (tiles, 1, core_bins)
        covered += int(bases.sum())
        total += (np.where(inside, values, 0).astype(np.float64) * bases[:, None]).sum(axis=(0, 2))
        highest = np.maximum(highest, np.where(inside, values, -np.inf).max(axis=(0, 2)))
    if not covered:
        return 0, np.full(tiles.n_tracks, np.nan)
    return covered, highest if statistic == "max" else total if statistic == "sum" else total / covered


class _TileIndex:
    """The tiles of the spool, found by position on the chromosome; of each, the rows of the tracks alone."""

    def __init__(self, spool: Spool) -> None:
        self._spool, self._geometry, self.n_tracks = spool, spool.geometry, len(spool.tracks)
        self._at_once = max(_BYTES_AT_ONCE // (4 * self._geometry.core_bins * self.n_tracks), 1)
        indices: dict[str, list[int]] = {}
        for tile in spool.tiles:
            indices.setdefault(tile.chrom, []).append(tile.index)
        self._indices = {chrom: np.array(found) for chrom, found in indices.items()}  # ascending
        self._first = dict(zip(indices, np.cumsum([0, *map(len, indices.values())]).tolist(), strict=False))

    def read(self, region: Region) -> Iterator[tuple[F32, I64]]:
        """(tiles, T, core_bins) values, and (tiles, core_bins): bases of each bin in the region, 0 for masked bins."""
        core_bp, bin_bp = self._geometry.core_bp, self._geometry.bin_bp
        indices = self._indices.get(region.chrom, np.empty(0, np.int64))
        low, high = np.searchsorted(indices, [region.start // core_bp, (region.end - 1) // core_bp + 1]).tolist()
        for first in range(low, high, self._at_once):
            last, offset = min(first + self._at_once, high), self._first[region.chrom]
            values = self._spool.read(offset + first, offset + last, slice(self.n_tracks))
            starts = core_bp * indices[first:last, None] + bin_bp * np.arange(self._geometry.core_bins)
            bases = np.minimum(starts + bin_bp, region.end) - np.maximum(starts, region.start)
            yield values, np.where(np.isnan(values[:, 0]), 0, np.maximum(bases, 0))


def _to_frame(rows: Sequence[SummaryRow], names: Sequence[str]) -> pd.DataFrame:
    regions = [row.region for row, _, _ in rows]
    frame = pd.DataFrame(
        {
            "chrom": [region.chrom for region in regions],
            "start": [region.start for region in regions],
            "end": [region.end for region in regions],
            "name": [row.name for row, _, _ in rows],
            "covered": [covered for _, covered, _ in rows],
        }
    )
    numbers = pd.DataFrame(np.stack([numbers for _, _, numbers in rows]), columns=list(names))
    return pd.concat([frame, numbers], axis=1)


def _table_file(path: Path, names: Sequence[str]) -> AbstractContextManager[Any]:
    return _ParquetTable(path, names) if path.suffix == ".parquet" else nullcontext(_TsvTable(path))


class _TsvTable:
    """A table of text to which DataFrames are appended."""

    def __init__(self, path: Path) -> None:
        self._path, self._has_header = path, False

    def append(self, frame: pd.DataFrame) -> None:
        write_tsv(self._path, frame, float_format="%.9g", append=self._has_header)
        self._has_header = True


class _ParquetTable:
    """The same columns as a Parquet file, null where the text leaves a cell empty; a row group per DataFrame."""

    def __init__(self, path: Path, names: Sequence[str]) -> None:
        import pyarrow
        from pyarrow import parquet

        text, integer = pyarrow.string(), pyarrow.int64()
        columns = [("chrom", text), ("start", integer), ("end", integer), ("name", text), ("covered", integer)]
        self._schema = pyarrow.schema([*columns, *((name, pyarrow.float64()) for name in names)])
        self._writer = parquet.ParquetWriter(path, self._schema)
        self._from_pandas = pyarrow.Table.from_pandas

    def append(self, frame: pd.DataFrame) -> None:
        self._writer.write_table(self._from_pandas(frame, schema=self._schema, preserve_index=False))

    def __enter__(self) -> "_ParquetTable":
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.close()
