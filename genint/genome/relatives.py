"""Relatives of a genome: FASTAs on its coordinates, listed in a table with the columns `name` and `file`."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from genint.errors import InputError
from genint.genome import dna
from genint.genome.chromosome_names import listed
from genint.genome.dna_source import DnaSource
from genint.genome.fasta import Genome
from genint.text import read_lines

_COLUMNS = ("name", "file")
_PIECE_BP = 1 << 20


class Relative(NamedTuple):
    """A relative's bases on the coordinates of another genome, opened."""

    name: str
    genome: Genome

    def identity(self) -> dict[str, object]:
        """Which DNA this is, as JSON: see Genome."""
        return {"name": self.name, **self.genome.identity()}


class RelativeInfo(NamedTuple):
    """`aligned`: fraction of the genome's bases that have one of the relative's; `identity`: of those, the same."""

    name: str
    aligned: float
    identity: float


@contextmanager
def open_relatives(table: Path | str | None, genome: DnaSource) -> Iterator[list[Relative]]:
    """Open the FASTAs that a table lists, paths relative to it; without a table there are none.

    Further columns are ignored. Raises InputError naming the line of a table that is no such one, and a FASTA that is
    missing or whose chromosomes, by name and length, are not the genome's.
    """
    with ExitStack() as stack:
        found = []
        for name, file in _read_table(Path(table)).items() if table is not None else ():
            opened = stack.enter_context(Genome(file))
            _compare_sizes(opened, genome)
            found.append(Relative(name, opened))
        yield found


def measure_relative(relative: Relative, genome: DnaSource) -> RelativeInfo:
    """Compare all bases. Lower case means not aligned, as genint data align writes it; without upper case all are.

    Raises InputError when no known base differs from the genome's, or no aligned one is the same.
    """
    known = upper = same = same_upper = 0
    for chrom, size in genome.sizes.items():
        for start in range(0, size, _PIECE_BP):
            place = chrom, start, min(start + _PIECE_BP, size)
            bases = relative.genome.tokens(*place)
            is_known, is_same = bases != dna.UNKNOWN, bases == genome.tokens(*place)
            is_upper = is_known & ~relative.genome.lower_case(*place)
            known, upper = known + int(is_known.sum()), upper + int(is_upper.sum())
            same, same_upper = same + int((is_known & is_same).sum()), same_upper + int((is_upper & is_same).sum())
    if same == known:
        raise InputError(
            f"{relative.genome}: none of its bases differs from {genome}. Expected a relative's on its coordinates, "
            "as genint data align writes them"
        )
    if not upper:
        upper, same_upper = known, same
    if not same_upper:
        raise InputError(f"{relative.genome}: none of its bases is that of {genome}. Expected a relative's")
    return RelativeInfo(relative.name, upper / sum(genome.sizes.values()), same_upper / upper)


def _read_table(path: Path) -> dict[str, Path]:
    """Name -> FASTA."""
    lines = list(read_lines(path, "a tab-separated table of relatives")) or [""]
    header = [cell.strip() for cell in lines[0].split("\t")]
    for column in _COLUMNS:
        if column not in header:
            raise InputError(f"{path}, line 1: no column named {column}. Expected a header with name and file")
    files: dict[str, Path] = {}
    for number, line in enumerate(lines[1:], start=2):
        if not line.strip():
            continue
        cells = [cell.strip() for cell in line.split("\t")]
        if len(cells) != len(header):
            raise InputError(f"{path}, line {number}: {len(cells)} columns, the header has {len(header)}")
        row = dict(zip(header, cells, strict=True))
        for column in _COLUMNS:
            if not row[column]:
                raise InputError(f"{path}, line {number}: the {column} is empty. Expected a name and a FASTA")
        if row["name"] in files:
            raise InputError(f"{path}, line {number}: the name {row['name']} occurs twice. Names must be unique")
        files[row["name"]] = path.parent / row["file"]
    if not files:
        raise InputError(f"{path}: lists no relatives. Expected a row per relative under the header")
    return files


def _compare_sizes(relative: Genome, genome: DnaSource) -> None:
    ours, theirs = dict(genome.sizes), relative.sizes
    advice = f"Expected a relative's bases on the coordinates of {genome}, as genint data align writes them"
    if others := ours.keys() ^ theirs.keys():
        raise InputError(f"{relative}: chromosome(s) {listed(others)} are in one of it and {genome} alone. {advice}")
    for chrom, size in ours.items():
        if theirs[chrom] != size:
            raise InputError(f"{relative}: {chrom} is {theirs[chrom]:,} bp long, not {size:,} bp. {advice}")
