"""Chromosome names: `chr1` and `1`, `chrM` and `MT`, and UCSC's table of aliases."""

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from genint.errors import InputError
from genint.text import read_lines

_MITOCHONDRIAL = ("chrM", "chrMT", "chrMito", "M", "MT", "Mito", "mitochondrion")


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
) -> dict[str, str]:
    """Map every requested chromosome name to its name in `known`, as `reconcile_known` does.

    Raises InputError listing both sides when any name stays unknown, before any work is done.
    """
    known, requested = list(known), list(dict.fromkeys(requested))
    mapping = reconcile_known(requested, known, asked_by=asked_by, known_by=known_by, aliases=aliases)
    lost = [name for name in requested if name not in mapping]
    if lost:
        twins = [name for name in _spellings(lost[0]) if name in requested]
        reason = f"{twins[0]} is requested as well." if twins else "Is it the same assembly?"
        raise InputError(
            f"{asked_by}: chromosome(s) {listed(lost)} not in {known_by}, which has {listed(known)}. "
            f"{reason} Drop those rows, or give `aliases`, a UCSC chromAlias.txt"
        )
    return mapping


def reconcile_known(
    requested: Iterable[str],
    known: Iterable[str],
    *,
    asked_by: str,
    known_by: str,
    aliases: list[list[str]] | None = None,
) -> dict[str, str]:
    """Map requested chromosome names to names in `known`; names that have none there are left out.

    A name is itself where it is known. Another takes a known name that is not requested as it is: of its alias row, or
    else with or without `chr`, or M = MT. Raises InputError, naming `asked_by` and `known_by`, when a name could be two
    known ones or two names could be one: nothing tells which is meant.
    """
    names, requested = set(known), list(dict.fromkeys(requested))
    mapping = {name: name for name in requested if name in names}
    rows = _rows_by_name(aliases or [])
    ways: tuple[Callable[[str], Iterable[str]], ...] = (lambda name: rows.get(name, ()), _spellings)
    for names_like in ways:
        free = names.difference(mapping.values())
        unknown = (name for name in requested if name not in mapping)
        candidates = {name: sorted(free.intersection(names_like(name))) for name in unknown}
        mapping |= _match({name: found for name, found in candidates.items() if found}, asked_by, known_by)
    return mapping


def _match(candidates: dict[str, list[str]], asked_by: str, known_by: str) -> dict[str, str]:
    """Each name's one candidate. Raises InputError for a name with two, and for two names with one."""
    taken: dict[str, str] = {}
    for name, found in candidates.items():
        if len(found) > 1:
            raise InputError(
                f"{asked_by}: chromosome {name} could be {listed(found)} of {known_by}. "
                "Write it as it stands there, or give `aliases` with the one that is meant"
            )
        if found[0] in taken:
            raise InputError(
                f"{asked_by}: chromosomes {listed([taken[found[0]], name])} could both be {found[0]} of {known_by}. "
                f"Drop one of them, or name one {found[0]}"
            )
        taken[found[0]] = name
    return {name: known for known, name in taken.items()}


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
