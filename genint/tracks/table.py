"""The track table: one row per track, in the order of the model's output columns.

`tracks.tsv` has the columns of the field's `targets.txt`. Published tables are read as they are: a leading index
column (blank or `index`) is optional, `strand_pair` may name an identifier or an index, `clip`, `clip_soft`, `scale`
and `sum_stat` may be missing or empty. One column is genint's own: `transform`, the recipe, `new` unless it is `old`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from genint.arrays import I64
from genint.errors import InputError
from genint.text import read_lines, write_tsv
from genint.tracks.transforms import RECIPES, STATISTICS, Transform, collect_transform

if TYPE_CHECKING:
    from pandas import DataFrame

COLUMNS = ("identifier", "description", "clip", "clip_soft", "scale", "sum_stat", "strand_pair", "file")


@dataclass(frozen=True, kw_only=True)
class Track:
    """One assay in one sample. `strand_pair` is the identifier of the other strand's track, its own if unstranded.

    `clip` and `clip_soft` are infinite where there is none; `scale` is negative for coverage that is stored below 0.
    """

    identifier: str
    description: str
    clip: float = float("inf")
    clip_soft: float = float("inf")
    scale: float = 1.0
    sum_stat: str = "sum"
    strand_pair: str
    file: str = ""
    transform: str = "new"

    @property
    def assay(self) -> str:
        """The description up to its colon, as in `CHIP:H3K27ac:K562`."""
        return self.description.split(":", 1)[0] if ":" in self.description else "other"


class TrackTable(Sequence[Track]):
    """Tracks in the order of the model's output columns."""

    def __init__(self, tracks: Iterable[Track]) -> None:
        self._tracks = tuple(tracks)
        self._column = {track.identifier: column for column, track in enumerate(self._tracks)}

    def __len__(self) -> int:
        return len(self._tracks)

    def __iter__(self) -> Iterator[Track]:
        return iter(self._tracks)

    def __getitem__(self, column: int) -> Track:  # type: ignore[override]
        return self._tracks[column]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TrackTable) and self._tracks == other._tracks

    def __repr__(self) -> str:
        names = ", ".join(track.identifier for track in self._tracks[:3])
        return f"TrackTable({len(self)} tracks: {names}{', ...' if len(self) > 3 else ''})"

    def subset(self, columns: Iterable[int]) -> "TrackTable":
        """The tracks at these columns; a track whose partner is left out becomes its own partner."""
        kept = [self._tracks[column] for column in columns]
        names = {track.identifier for track in kept}
        return TrackTable(
            track if track.strand_pair in names else replace(track, strand_pair=track.identifier) for track in kept
        )

    @property
    def partners(self) -> I64:
        """(T,): for each track the column of the other strand's track. Reverse-complemented DNA swaps them."""
        return np.array([self._column[track.strand_pair] for track in self._tracks], dtype=np.int64)

    def transform(self, bin_bp: int) -> Transform:
        """The transform between coverage and the model's scale, for bins of `bin_bp`."""
        return collect_transform(
            [track.sum_stat for track in self._tracks],
            [track.scale for track in self._tracks],
            [track.clip_soft for track in self._tracks],
            [track.clip for track in self._tracks],
            bin_bp,
            [track.transform for track in self._tracks],
        )

    def select(self, patterns: str | Sequence[str]) -> list[int]:
        """Columns of the requested tracks, in table order.

        A pattern is an identifier; a regular expression searched for in identifiers and assays and, where it is in
        none, in descriptions (case does not matter); or `@file` with one pattern per line. So RNA is the assay, not
        also the ChIP of RNA polymerase II. Raises InputError for none, and for one that matches nothing.
        """
        patterns = [patterns] if isinstance(patterns, str) else patterns
        if not patterns:
            raise InputError("`tracks`: is empty. Expected an identifier, a regular expression or @file")
        return sorted({column for pattern in _expand(patterns) for column in self._matching(pattern)})

    def _matching(self, pattern: str) -> list[int]:
        if not pattern:
            raise InputError("`tracks` is empty. Expected an identifier, a regular expression or @file")
        if pattern in self._column:
            return [self._column[pattern]]
        try:
            regex = re.compile(pattern, re.IGNORECASE)
        except re.error as error:
            raise InputError(f"`tracks` {pattern}: not an identifier and not a regular expression ({error})") from None
        names = [c for c, track in enumerate(self) if regex.search(track.identifier) or regex.search(track.assay)]
        found = names or [c for c, track in enumerate(self) if regex.search(track.description)]
        if not found:
            some = ", ".join(track.identifier for track in self._tracks[:5])
            raise InputError(
                f"`tracks` {pattern}: matches none of the {len(self)} tracks ({some}, ...). See genint tracks"
            )
        return found

    def file_names(self, suffix: str = ".bw") -> list[str]:
        """A file name per track: its identifier made safe; all are numbered if two would meet on some file system."""
        safe = (re.sub(r"[^A-Za-z0-9._+-]+", "_", track.identifier) for track in self)
        stems = [name.lstrip("._-").rstrip("._")[:100] or "track" for name in safe]
        if len({stem.lower() for stem in stems}) < len(stems):
            stems = [f"{column}_{stem}" for column, stem in enumerate(stems)]
        return [f"{stem}{suffix}" for stem in stems]

    def to_pandas(self) -> "DataFrame":
        """A row per track: the columns of tracks.tsv, `assay` and `transform`. A missing clip is infinite."""
        from pandas import DataFrame

        names = ["identifier", "assay", *COLUMNS[1:], "transform"]
        return DataFrame({name: [getattr(track, name) for track in self] for name in names})

    def to_records(self) -> list[dict[str, str | float | None]]:
        """A dictionary per track, with `assay`, for JSON: a missing clip, infinite elsewhere, is None."""
        records = [{**vars(track), "assay": track.assay} for track in self]
        return [{name: None if value == float("inf") else value for name, value in row.items()} for row in records]

    def write(self, path: Path, extra: Mapping[str, Sequence[object]] | None = None) -> None:
        """Write the table, `extra` columns last. Missing clips are empty cells; `transform` is there if one is old."""
        from pandas import DataFrame

        names = [*COLUMNS, "transform"] if any(track.transform != "new" for track in self) else list(COLUMNS)
        cells = {name: [_format_cell(getattr(track, name)) for track in self] for name in names}
        cells |= {name: [_format_cell(value) for value in values] for name, values in (extra or {}).items()}
        write_tsv(path, DataFrame(cells))


def _format_cell(value: object) -> str:
    if isinstance(value, float):
        return "" if value == float("inf") else repr(float(value)).removesuffix(".0")
    return str(value)


def _expand(patterns: Sequence[str]) -> Iterator[str]:
    for pattern in patterns:
        if not pattern.startswith("@"):
            yield pattern
            continue
        path = Path(pattern[1:])
        lines = [line.strip() for line in read_lines(path, "one identifier or pattern per line")]
        if not any(lines):
            raise InputError(f"`tracks` {pattern}: {path} names no tracks. Expected one identifier or pattern per line")
        yield from filter(None, lines)


def read_tracks(path: Path | str) -> TrackTable:
    """Read tracks.tsv or a published targets.txt. Raises InputError naming the line and column at fault."""
    path = Path(path)
    lines = list(read_lines(path, "a tab-separated track table")) or [""]
    header = [cell.strip() for cell in lines[0].split("\t")]
    if "identifier" not in header:
        raise InputError(f"{path}, line 1: no column named identifier. Expected a header with {', '.join(COLUMNS)}")
    rows = []
    for number, line in enumerate(lines[1:], start=2):
        if not line.strip():
            continue
        cells = line.split("\t")
        if len(cells) != len(header):
            raise InputError(f"{path}, line {number}: found {len(cells)} column(s), the header has {len(header)}")
        rows.append((number, dict(zip(header, (cell.strip() for cell in cells), strict=True))))
    if not rows:
        raise InputError(f"{path}: lists no tracks. Expected a row per track under the header")
    names = _pair_names(path, rows)
    tracks = {cells["identifier"]: _read_track(f"{path}, line {number}", cells, names) for number, cells in rows}
    for (number, _), track in zip(rows, tracks.values(), strict=True):
        back = tracks[track.strand_pair].strand_pair
        if back != track.identifier:
            raise InputError(
                f"{path}, line {number}: strand_pair of {track.identifier} is {track.strand_pair}, "
                f"whose own is {back}. The tracks of two strands must name each other, an unstranded track itself"
            )
    return TrackTable(tracks.values())


def _pair_names(path: Path, rows: list[tuple[int, dict[str, str]]]) -> dict[str, str]:
    """What a strand_pair cell may hold -> the identifier it means: an identifier, else a value of the index column.

    Without an index column the index is the position. A table's index need not start at 0.
    """
    by_index: dict[str, str] = {}
    identifiers: dict[str, str] = {}
    for position, (number, cells) in enumerate(rows):
        identifier = cells["identifier"]
        if not identifier:
            raise InputError(f"{path}, line {number}: the identifier is empty. Every track needs a name of its own")
        if identifier in identifiers:
            raise InputError(
                f"{path}, line {number}: the identifier {identifier} occurs twice. Identifiers must be unique"
            )
        by_index[cells.get("index") or cells.get("") or str(position)] = identifier
        identifiers[identifier] = identifier
    return by_index | identifiers


def _read_track(place: str, cells: dict[str, str], names: dict[str, str]) -> Track:
    stat = cells.get("sum_stat") or "sum"
    if stat not in STATISTICS:
        raise InputError(f"{place}: sum_stat {stat!r} is not one of {', '.join(STATISTICS)}")
    recipe = cells.get("transform") or "new"
    if recipe not in RECIPES:
        raise InputError(f"{place}: transform {recipe!r} is not one of {', '.join(RECIPES)}")
    pair = cells.get("strand_pair") or cells["identifier"]
    if pair not in names:
        raise InputError(f"{place}: strand_pair {pair!r} names no track of this table")
    return Track(
        identifier=cells["identifier"],
        description=cells.get("description", ""),
        clip=_read_number(place, cells, "clip", float("inf")),
        clip_soft=_read_number(place, cells, "clip_soft", float("inf")),
        scale=_read_number(place, cells, "scale", 1.0),
        sum_stat=stat,
        strand_pair=names[pair],
        file=cells.get("file", ""),
        transform=recipe,
    )


def _read_number(place: str, cells: dict[str, str], column: str, default: float) -> float:
    """A number above 0; of `scale` any finite number but 0."""
    text = cells.get(column, "")
    if text.lower() in ("", "na", "nan", "."):
        return default
    try:
        value = float(text)
    except ValueError:
        raise InputError(f"{place}: {column} {text!r} is not a number") from None
    if column == "scale" and (value == 0 or not np.isfinite(value)):
        raise InputError(f"{place}: scale is {text}. Expected a number other than 0; below 0 for a negative strand")
    if column != "scale" and not value > 0:
        raise InputError(f"{place}: {column} is {text}. Expected a number above 0")
    return value
