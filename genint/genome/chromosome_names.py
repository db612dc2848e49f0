"""Chromosome names: `chr1` and `1`, `chrM` and `MT`, and UCSC's table of aliases."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from genint.errors import InputError
from genint.text import read_lines

_MITOCHONDRIAL = ("chrM", "chrMT", "chrMito", "M", "MT", "Mito", "mitochondrion")


def read_aliases(path: Path) -> list[list[str]]:
    """Read a UCSC chromAlias.txt: each row lists names of one sequence, tab-separated; `#` lines are headers."""
    lines = read_lines(path, "a UCSC chromAlias.txt")
    rows = [[name for name in line.split("\t") if name] for line in lines if line and not line.startswith("#")]
    if not any(len(row) > 1 for row in rows):
        raise InputError(f"{path}: no row holds two tab-separated names. Expected a UCSC chromAlias.txt")
    return rows


def reconcile(
    asked: Iterable[str], known: Iterable[str], *, asked_by: str, known_by: str, aliases: list[list[str]] | None = None
) -> dict[str, str]:
    """Map every asked chromosome name to its name in `known`: as it is, by alias row, with or without `chr`, or M = MT.

    Raises InputError listing both sides when any name stays unknown, before any work is done.
    """
    names, asked = list(known), list(asked)
    mapping = reconcile_known(asked, names, aliases)
    lost = [name for name in dict.fromkeys(asked) if name not in mapping]
    if lost:
        raise InputError(
            f"{asked_by}: chromosome(s) {listed(lost)} not in {known_by}, which has {listed(names)}. "
            "Is it the same assembly? Drop those rows, or give --aliases chromAlias.txt"
        )
    return mapping


def reconcile_known(
    asked: Iterable[str], known: Iterable[str], aliases: list[list[str]] | None = None
) -> dict[str, str]:
    """As `reconcile`, with the names that stay unknown left out."""
    names = set(known)
    table: dict[str, list[str]] = {}
    for row in aliases or []:
        for name in row:
            table.setdefault(name, []).extend(row)
    mapping = {}
    for name in dict.fromkeys(asked):
        found = next((guess for guess in [name, *table.get(name, []), *_spellings(name)] if guess in names), None)
        if found is not None:
            mapping[name] = found
    return mapping


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
