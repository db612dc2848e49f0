"""Which chromosome of a genome each of a bigWig's is."""

from genint.errors import InputError
from genint.genome.chromosome_names import Advice, reconcile_some
from genint.genome.dna_source import Chromosomes
from genint.output.bigwig.read import BigWigReader


def match_chromosomes(
    reader: BigWigReader,
    genome: Chromosomes,
    aliases: list[list[str]] | None = None,
    *,
    takes_aliases: bool = True,
) -> dict[str, str]:
    """Genome name -> the bigWig's own name, for the chromosomes in its header.

    A name that is the genome's own wins over one that differs in spelling, which is then another sequence and left
    alone. `takes_aliases`: whether the caller can be given some, for messages. Raises InputError when two names differ
    in spelling alone, when lengths do not agree, and when the bigWig has none of the genome's chromosomes.
    """
    names = reconcile_some(
        reader.chroms,
        genome.sizes,
        asked_by=str(reader.path),
        known_by=str(genome),
        aliases=aliases,
        advice=Advice("Give a bigWig of this assembly", takes_aliases=takes_aliases),
        one_to_one=True,
    )
    for theirs, ours in names.items():
        if reader.chroms[theirs] != genome.sizes[ours]:
            raise InputError(
                f"{reader.path}: {theirs} is {reader.chroms[theirs]:,} bp long, in {genome} it is "
                f"{genome.sizes[ours]:,} bp. The two are not of one assembly"
            )
    return {ours: theirs for theirs, ours in names.items()}
