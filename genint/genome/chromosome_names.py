"""Chromosome names: `chr1` and `1`, `chrM` and `MT`, and UCSC's table of aliases."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from genint.errors import InputError
from genint.text import read_lines

_MITOCHONDRIAL = ("chrM", "chrMT", "chrMito", "M", "MT", "Mito", "mitochondrion")


class Advice(NamedTuple):
    """What to do about names that do not meet, for messages: of those on one side alone, `lost`.

    `takes_aliases`: the caller can be given `aliases`, which may help, too.
    """

    lost: str
    takes_aliases: bool = True

    def on_lost(self) -> str:
        """Of names that the other side does not have."""
        return self.lost + (", or give `aliases`, a UCSC chromAlias.txt" if self.takes_aliases else "")

    def on_unclear(self) -> str:
        """Of a name that could be two."""
        return "Write it as it stands there" + (
            ", or give `aliases` with the one that is meant" if self.takes_aliases else ""
        )


DROP_ROWS = Advice("Drop those rows")
WRITE_NAMES = Advice("Write the names as they stand there", takes_aliases=False)


def read_aliases(path: Path) -> list[list[str]]:
    """Read a UCSC chromAlias.txt: each row lists names of one sequence, tab-separated; `#` lines are headers.

    Raises InputError for a file without such a row.
    """
    lines = read_lines(path, "a UCSC chromAlias.txt")
    rows = [[name for name in line.split("\t") if name] for line in lines if line and not line.startswith("#")]
    if not any(len(row) > 1 for row in rows):
        raise InputError(f"{path}: no row holds two tab-separated names. Expected a UCSC chromAlias.txt")
    return rows


def reconcile(
    requested: Iterable[str],
    known: Iterable[str],
    *,
    asked_by: str,
    known_by: str,
    aliases: list[list[str]] | None = None,
    advice: Advice = DROP_ROWS,
) -> dict[str, str]:
    """Map every requested chromosome name to its name in `known`, as `reconcile_known` does.

    Raises InputError listing both sides, with `advice`, when any name stays unknown, before any work is done.
    """
    known, requested = list(known), list(dict.fromkeys(requested))
    mapping = reconcile_known(requested, known, asked_by=asked_by, known_by=known_by, aliases=aliases, advice=advice)
    _refuse_lost([name for name in requested if name not in mapping], known, asked_by, known_by, advice)
    return mapping


def reconcile_rows(
    requested: Sequence[str],
    known: Iterable[str],
    *,
    asked_by: str,
    known_by: str,
    aliases: list[list[str]] | None = None,
    advice: Advice = DROP_ROWS,
    report: Callable[[str], None],
) -> dict[str, str]:
    """Map the chromosomes of a table's rows, a name for each row, as `reconcile` does; unknown ones stay as they are.

    `report` gets a note of how many rows these are: peak files have contigs that a genome for analysis leaves out.
    Raises InputError when no row's chromosome is known.
    """
    known = list(known)
    mapping = reconcile_known(requested, known, asked_by=asked_by, known_by=known_by, aliases=aliases, advice=advice)
    lost = [name for name in requested if name not in mapping]
    if not mapping:
        _refuse_lost(list(dict.fromkeys(lost)), known, asked_by, known_by, advice)
    if lost:
        report(
            f"note: {len(lost):,} of {len(requested):,} region(s) are skipped: {known_by} has no chromosome "
            f"{listed(set(lost))}"
        )
    return mapping | {name: name for name in lost}


def _refuse_lost(lost: list[str], known: list[str], asked_by: str, known_by: str, advice: Advice) -> None:
    if lost:
        raise InputError(
            f"{asked_by}: chromosome(s) {listed(lost)} not in {known_by}, which has {listed(known)}. "
            f"Is it the same assembly? {advice.on_lost()}"
        )


def reconcile_known(
    requested: Iterable[str],
    known: Iterable[str],
    *,
    asked_by: str,
    known_by: str,
    aliases: list[list[str]] | None = None,
    advice: Advice = DROP_ROWS,
    one_to_one: bool = False,
) -> dict[str, str]:
    """Map requested chromosome names to names in `known`; names that have none there are left out.

    A name is itself where it is known, or else one of its alias row, or else with or without `chr`, or M = MT.
    With `one_to_one`, for contigs that each have values of their own: a known name that is requested as it is goes to
    no other name. Rows of a BED may name one chromosome in two ways. Raises InputError, naming `asked_by` and
    `known_by`, when a name could be two known ones or, with `one_to_one`, two could be one: nothing tells which is
    meant.
    """
    names, requested = set(known), list(dict.fromkeys(requested))
    mapping = {name: name for name in requested if name in names}
    rows = _rows_by_name(aliases or [])
    ways: tuple[Callable[[str], Iterable[str]], ...] = (lambda name: rows.get(name, ()), _spellings)
    for names_like in ways:
        free = names.difference(mapping.values()) if one_to_one else names
        unknown = (name for name in requested if name not in mapping)
        candidates = {name: sorted(free.intersection(names_like(name))) for name in unknown}
        found = {name: _only(name, some, asked_by, known_by, advice) for name, some in candidates.items() if some}
        if one_to_one:
            _refuse_shared(found, asked_by, known_by)
        mapping |= found
    return mapping


def reconcile_some(
    requested: Iterable[str],
    known: Iterable[str],
    *,
    asked_by: str,
    known_by: str,
    aliases: list[list[str]] | None = None,
    advice: Advice = DROP_ROWS,
    one_to_one: bool = False,
) -> dict[str, str]:
    """As `reconcile_known`, for files that often have contigs which a FASTA leaves out.

    Raises InputError when none of the names is known, too.
    """
    requested, known = list(requested), list(known)
    found = reconcile_known(
        requested,
        known,
        asked_by=asked_by,
        known_by=known_by,
        aliases=aliases,
        advice=advice,
        one_to_one=one_to_one,
    )
    return found or reconcile(requested, known, asked_by=asked_by, known_by=known_by, aliases=aliases, advice=advice)


def _only(name: str, candidates: list[str], asked_by: str, known_by: str, advice: Advice) -> str:
    if len(candidates) > 1:
        raise InputError(
            f"{asked_by}: chromosome {name} could be {listed(candidates)} of {known_by}. {advice.on_unclear()}"
        )
    return candidates[0]


def _refuse_shared(mapping: dict[str, str], asked_by: str, known_by: str) -> None:
    """Raise InputError where two names have become one."""
    taken: dict[str, str] = {}
    for name, known in mapping.items():
        if known in taken:
            raise InputError(
                f"{asked_by}: chromosomes {listed([taken[known], name])} could both be {known} of {known_by}. "
                f"Drop one of them, or name one {known}"
            )
        taken[known] = name


def _rows_by_name(aliases: list[list[str]]) -> dict[str, list[str]]:
    """Name -> the names of all rows that hold it."""
    table: dict[str, list[str]] = {}
    for row in aliases:
        for name in row:
            table.setdefault(name, []).extend(row)
    return table


def _spellings(name: str) -> Iterator[str]:
    if name in _MITOCHONDRIAL:
        yield from _MITOCHONDRIAL
    yield name.removeprefix("chr") if name.startswith("chr") else f"chr{name}"


def listed(names: Iterable[str], most: int = 8) -> str:
    """Names for a message, in natural order, cut to a readable number."""
    ordered = sorted(
        names, key=lambda name: [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", name)]
    )
    return ", ".join(ordered[:most]) + (f" and {len(ordered) - most} more" if len(ordered) > most else "")
