"""A relative's bases on the coordinates of a genome: a FASTA with the genome's names and lengths.

Where the two are aligned it has the relative's bases, in upper case. What the relative inserts is dropped; what it
lacks, and what does not align, are the genome's bases, in lower case.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from genint.arrays import Mask
from genint.atomic import replacing
from genint.console import Console
from genint.errors import InputError, OutputError, cannot_write
from genint.genome import dna
from genint.genome.alignment import Alignment, read_alignments
from genint.genome.fasta import Genome
from genint.genome.loaded_fasta import LoadedFasta
from genint.genome.minimap import align

if TYPE_CHECKING:
    from pandas import DataFrame

_LINE_BP = 60
_UPPER, _LOWER = (np.frombuffer(letters, dtype=np.uint8) for letters in (b"ACGTN", b"acgtn"))


def align_relative(
    genome: Genome | Path | str,
    relative: Path | str,
    out: Path | str,
    *,
    alignment: Path | str | None = None,
    console: Console | None = None,
) -> "DataFrame":
    """Write the FASTA `out`: the bases of the FASTA `relative` on the genome's coordinates (see this module).

    minimap2 aligns them, or `alignment` says how they are aligned: a PAF with cg:Z: tags or a UCSC chain, the genome
    being the target. Of several alignments over a base the longest counts. Returns a row per chromosome and one of
    all: `chrom`, `bases`, `aligned` (their fraction), `identity` (the fraction of those that are the genome's own).
    Raises InputError for files that do not fit, when nothing is aligned and when mappy is needed and not installed;
    OutputError when `out` is there already or cannot be written.
    """
    console, out = console or Console(quiet=True), Path(out)
    if out.exists():
        raise OutputError(f"{out}: is there already. Remove it, or choose another `out`")
    with ExitStack() as stack:
        opened = genome if isinstance(genome, Genome) else stack.enter_context(Genome(genome))
        loaded = LoadedFasta(relative)
        found = read_alignments(alignment, opened, loaded) if alignment else align(opened, loaded, console)
        if not found:
            raise InputError(f"{loaded}: nothing of it aligns to {opened}. Expected the genome of a relative")
        try:
            with replacing(out) as new, open(new, "wb") as file:
                return _write(file, opened, loaded, found)
        except OSError as error:
            raise cannot_write(out, error) from None


def _write(file: BinaryIO, genome: Genome, relative: LoadedFasta, found: Sequence[Alignment]) -> "DataFrame":
    by_chrom: dict[str, list[Alignment]] = {}
    for alignment in found:
        by_chrom.setdefault(alignment.chrom, []).append(alignment)
    counts = []
    for chrom, size in genome.sizes.items():
        reference = genome.tokens(chrom, 0, size)
        tokens, aligned = project(reference, by_chrom.get(chrom, ()), relative.sequences)
        letters = np.where(aligned, _UPPER[tokens], _LOWER[tokens])
        lines = [letters[start : start + _LINE_BP].tobytes() for start in range(0, size, _LINE_BP)]
        file.write(b"\n".join([b">" + chrom.encode(), *lines, b""]))
        counts.append((chrom, size, int(aligned.sum()), int((aligned & (tokens == reference)).sum())))
    return _tabulate(counts)


def project(
    reference: dna.Tokens, alignments: Iterable[Alignment], sequences: Mapping[str, dna.Tokens]
) -> tuple[dna.Tokens, Mask]:
    """Tokens of a chromosome, the relative's where one is aligned to it and known; and where that is.

    `alignments` are those of this chromosome, the first of equal length before the others.
    """
    tokens, aligned = reference.copy(), np.zeros(len(reference), dtype=np.bool_)
    for alignment in sorted(alignments, key=lambda alignment: -alignment.bases):
        first, stretch = _read_stretch(alignment, sequences[alignment.sequence])
        for start, sequence_start, length in alignment.blocks.tolist():
            here = slice(start, start + length)
            bases = stretch[sequence_start - first : sequence_start - first + length]
            placed = (bases != dna.UNKNOWN) & ~aligned[here]
            tokens[here][placed] = bases[placed]
            aligned[here] |= placed
    return tokens, aligned


def _read_stretch(alignment: Alignment, sequence: dna.Tokens) -> tuple[int, dna.Tokens]:
    """Where the alignment begins in the sequence, as its blocks count, and the bases from there on to its end."""
    first, last = int(alignment.blocks[0, 1]), int(alignment.blocks[-1, [1, 2]].sum())
    if alignment.reverse:
        return first, dna.reverse_complement(sequence[len(sequence) - last : len(sequence) - first])
    return first, sequence[first:last]


def _tabulate(counts: Sequence[tuple[str, int, int, int]]) -> "DataFrame":
    """`counts`: chromosome, its bases, those aligned, and those of them that are the genome's."""
    from pandas import DataFrame

    table = DataFrame(counts, columns=["chrom", "bases", "aligned", "same"])
    table.loc[len(table)] = ["all", *table[["bases", "aligned", "same"]].sum()]
    identity = table["same"] / table["aligned"].where(table["aligned"] > 0)
    return DataFrame(
        {
            "chrom": table["chrom"],
            "bases": table["bases"],
            "aligned": table["aligned"] / table["bases"],
            "identity": identity,
        }
    )
