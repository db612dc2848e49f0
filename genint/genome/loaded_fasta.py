"""A FASTA read from beginning to end into memory, for sequences that are looked at once: any gzip will do."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from genint.errors import InputError
from genint.genome import dna
from genint.text import read_lines

_EXPECTED = "a FASTA file"


class LoadedFasta:
    """Attributes: `path`; `sequences`, name -> uint8 tokens, in the order of the file, empty records left out; `sizes`.

    Raises InputError for a file that cannot be read, is no FASTA, no DNA or RNA, or names a sequence twice.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self.sequences = {name: sequence for name, sequence in _read(self.path) if len(sequence)}
        if not self.sequences:
            raise InputError(f"{self.path}: holds no bases. Expected {_EXPECTED}")
        self.sizes = {name: len(sequence) for name, sequence in self.sequences.items()}

    def __str__(self) -> str:
        return str(self.path)


def _read(path: Path) -> Iterator[tuple[str, dna.Tokens]]:
    names, parts = set[str](), list[dna.Tokens]()
    name = ""
    for number, line in enumerate(read_lines(path, _EXPECTED), start=1):
        if line.startswith(">"):
            if name:
                yield name, _join(parts)
            name, parts = next(iter(line[1:].split()), ""), []
            if not name or name in names:
                fault = f"names {name} twice" if name else "names no sequence"
                raise InputError(f"{path}, line {number}: {fault}. Expected a name of its own after each >")
            names.add(name)
        elif name:
            if fault := dna.describe_other_letters(line.encode()):
                raise InputError(f"{path}, line {number}: {fault}")
            parts.append(dna.tokens(line.encode()))
        elif line.strip() and not line.startswith(";"):
            raise InputError(f"{path}, line {number}: starts with {line[:8]!r}. Expected {_EXPECTED}, > first")
    if name:
        yield name, _join(parts)


def _join(parts: list[dna.Tokens]) -> dna.Tokens:
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.uint8)
