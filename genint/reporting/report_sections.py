"""Attention, attribution and variants in a report: the heads of their tables, their pictures and their tracks."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path

from genint.reporting.bigwig_slices import data_uri
from genint.reporting.colours import Rgb
from genint.reporting.found_results import Result
from genint.reporting.igv_page import Drawn, Json, draw_one, draw_overlay
from genint.text import read_lines

MOST_ROWS, MOST_COLUMNS = 20, 12  # of a table
MOST_PICTURES = 8  # of a folder
_COLOURS: tuple[Rgb, ...] = ((150, 150, 150), (213, 94, 0), (0, 114, 178), (0, 158, 115))


@dataclass(frozen=True)
class TableHead:
    """The first rows and columns of a table, as text."""

    name: str
    columns: list[str]
    rows: list[list[str]]
    n_rows: int
    n_columns: int


@dataclass
class Section:
    """One result. `pictures`: name and address that holds it; `left_out`: names of what did not fit into the page."""

    title: str
    tables: list[TableHead] = field(default_factory=list)
    pictures: list[tuple[str, str]] = field(default_factory=list)
    tracks: list[Json] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


class Budget:
    """Bytes that may still go into a page."""

    def __init__(self, left: int) -> None:
        self.left = left

    def take(self, *files: Path) -> list[bytes] | None:
        """Their contents; None if these in base64 are more than what is left."""
        size = sum(file.stat().st_size for file in files) * 4 // 3 + 200
        if size > self.left:
            return None
        self.left -= size
        return [file.read_bytes() for file in files]


def make_section(result: Result, budget: Budget, *, letters: bool) -> Section:
    """Read a result, tracks first, as far as the budget goes. `letters`: of contributions, as there is DNA for them."""
    section = Section(f"{result.kind}: {result.path.name}")
    section.tables = [read_head(path) for path in result.tables]
    for files in _together(result.bigwigs):
        if contents := budget.take(*files):
            section.tracks.append(_draw(result, files, contents, letters))
        else:
            section.left_out += [file.name for file in files]
    for number, picture in enumerate(result.pictures):
        if number < MOST_PICTURES and (contents := budget.take(picture)):
            section.pictures.append((picture.name, data_uri(contents[0], "image/png")))
        else:
            section.left_out.append(picture.name)
    return section


def read_head(path: Path) -> TableHead:
    """The first rows of a tab-separated table, comments left out; numbers as they are."""
    lines = (line for line in read_lines(path, "a table of genint") if line and not line.startswith("#"))
    columns = next(lines, "").split("\t")
    rows = [line.split("\t")[:MOST_COLUMNS] for line in islice(lines, MOST_ROWS)]
    return TableHead(path.name, columns[:MOST_COLUMNS], rows, len(rows) + sum(1 for _ in lines), len(columns))


def _together(bigwigs: Sequence[Path]) -> list[list[Path]]:
    """TRACK.ref.bw with TRACK.alt.bw, TRACK.alt2.bw and so on, the reference first; all others alone."""
    groups: dict[str, list[Path]] = {}
    for path in sorted(bigwigs, key=lambda path: ".ref.bw" not in path.name):
        groups.setdefault(re.sub(r"\.(ref|alt\d*)\.bw$", "", path.name), []).append(path)
    return list(groups.values())


def _draw(result: Result, files: Sequence[Path], contents: Sequence[bytes], letters: bool) -> Json:
    drawn = [
        Drawn(name=file.stem, content=content, colour=colour)
        for file, content, colour in zip(files, contents, cycle(_COLOURS), strict=False)
    ]
    if len(drawn) > 1:
        return draw_overlay(f"{drawn[0].name.removesuffix('.ref')}: ref grey, alt in colour", drawn)
    return draw_one(f"{result.path.name} {drawn[0].name}", drawn[0], letters=letters and result.kind == "attribution")
