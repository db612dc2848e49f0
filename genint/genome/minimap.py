"""Aligning a relative's genome to another with minimap2, through mappy."""

from collections.abc import Iterator
from typing import Any

from genint.console import Console
from genint.errors import InputError
from genint.genome.alignment import Alignment, blocks_of_cigar
from genint.genome.dna import to_text
from genint.genome.fasta import Genome
from genint.genome.loaded_fasta import LoadedFasta

PIECE_BP, STEP_BP = 200_000, 150_000  # pieces overlap, so that rearranged chromosomes align part by part
_LEAST_MATCHES = 2_000  # of an alignment that is kept
_OPERATIONS = "MIDNSHP=X"  # by the numbers that BAM and mappy have for them


def align(genome: Genome, relative: LoadedFasta, console: Console) -> list[Alignment]:
    """Align every piece of the relative's sequences with the preset asm20, for genomes that differ by up to 20 %.

    Raises InputError when mappy is not installed.
    """
    try:
        import mappy
    except ModuleNotFoundError:
        raise InputError(
            "mappy, which aligns, is not installed. Run: pip install 'genint[align]' (where it has no wheel, it needs "
            "a C compiler and zlib), or align with minimap2 -c and give the PAF as `alignment`"
        ) from None
    aligner = mappy.Aligner(str(genome.path), preset="asm20", best_n=1)
    if not aligner:
        raise InputError(f"{genome}: minimap2 cannot read it. Expected a FASTA file")
    pieces = [(name, start) for name, size in relative.sizes.items() for start in range(0, size, STEP_BP)]
    found: list[Alignment] = []
    with console.progress("aligning", len(pieces), "pieces") as advance:
        for name, start in pieces:
            found += _align_piece(aligner, name, start, relative)
            advance(1)
    return found


def _align_piece(aligner: Any, name: str, start: int, relative: LoadedFasta) -> Iterator[Alignment]:
    piece = to_text(relative.sequences[name][start : start + PIECE_BP])
    for hit in aligner.map(piece):
        if hit.is_primary and hit.mlen >= _LEAST_MATCHES:
            first = relative.sizes[name] - (start + hit.q_en) if hit.strand < 0 else start + hit.q_st
            cigar = [(length, _OPERATIONS[operation]) for length, operation in hit.cigar]
            yield Alignment(hit.ctg, name, hit.strand < 0, blocks_of_cigar(cigar, hit.r_st, first))
