"""The table of wrong inputs, and what its rows are made with."""

from collections.abc import Callable
from pathlib import Path

from tests.conftest import EXAMPLE

GENOME, BED = EXAMPLE / "genome.fa", EXAMPLE / "regions.bed"
SMALL_FASTA = ">chr1\n" + ("ACGT" * 15 + "\n") * 100

Arguments = list[object]
Case = Callable[[Path, Path], tuple[Arguments, list[str]]]
CASES: dict[str, Case] = {}


def case(function: Case) -> Case:
    """A case prepares its bad input in a folder and gives the command and the words its message must hold."""
    CASES[function.__name__] = function
    return function


def written(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path
