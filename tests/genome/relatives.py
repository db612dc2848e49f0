"""Made-up relatives with known alignments: as PAF, as chain, and base by base."""

import random
from pathlib import Path
from typing import NamedTuple

from tests.genome.fastas import dna

COMPLEMENT = str.maketrans("ACGTN", "TGCAN")


def reversed_complement(bases: str) -> str:
    return bases.translate(COMPLEMENT)[::-1]


class Relative(NamedTuple):
    reference: str
    sequence: str
    paf: str
    chain: str
    expected: str  # on the reference's coordinates


def make_relative(seed: int) -> Relative:
    """Substitutions, insertions, deletions, inverted stretches, stretches that are not aligned, unknown bases.

    What is expected follows from each base as it is made.
    """
    draw = random.Random(seed)
    reference = dna(draw.randint(50, 400), seed)
    sequence, expected, position = "", reference.lower(), 0
    stretches: list[tuple[int, int, int, int, bool, list[tuple[int, str]]]] = []
    while position < len(reference):
        if draw.random() < 0.3:  # not aligned
            position += draw.randint(0, 30)
            sequence += dna(draw.randint(0, 30), draw.randint(0, 10**9))
            continue
        start, made, operations = position, "", list[tuple[int, str]]()
        while position < len(reference) and (not operations or draw.random() < 0.8):
            for _ in range(draw.randint(1, 20)):
                if position == len(reference):
                    break
                base = draw.choice(["A", "C", "G", "T", "N", *reference[position] * 10])
                placed = reference[position].lower() if base == "N" else base
                expected = expected[:position] + placed + expected[position + 1 :]
                made, position = made + base, position + 1
                operations.append((1, "M"))
            deleted, inserted = draw.randint(0, 3), draw.randint(0, 3)
            if position + deleted < len(reference):
                position += deleted
                made += dna(inserted, draw.randint(0, 10**9))
                operations += [(deleted, "D"), (inserted, "I")]
        while operations[-1][1] != "M":
            length, operation = operations.pop()
            position -= length * (operation == "D")
            made = made[: len(made) - length * (operation == "I")]
        reverse = draw.random() < 0.4
        first = len(sequence)
        sequence += reversed_complement(made) if reverse else made
        stretches.append((start, position, first, len(sequence), reverse, operations))
    sequence += "A"
    paf = "".join(_paf_line(len(reference), len(sequence), *stretch) for stretch in stretches)
    chain = "".join(_chain(len(reference), len(sequence), *stretch) for stretch in stretches)
    return Relative(reference, sequence, paf, chain, expected)


def _merge(operations: list[tuple[int, str]]) -> list[tuple[int, str]]:
    merged: list[tuple[int, str]] = []
    for length, operation in operations:
        if merged and merged[-1][1] == operation:
            merged[-1] = (merged[-1][0] + length, operation)
        elif length:
            merged.append((length, operation))
    return merged


def _paf_line(
    size: int, sequence: int, start: int, end: int, first: int, last: int, reverse: bool, cigar: list[tuple[int, str]]
) -> str:
    text = "".join(f"{length}{operation}" for length, operation in _merge(cigar))
    cells = ["q", sequence, first, last, "-" if reverse else "+", "t", size, start, end, 1, 1, 60, "tp:A:P"]
    return "\t".join(map(str, cells)) + f"\tcg:Z:{text}\n"


def _chain(
    size: int, sequence: int, start: int, end: int, first: int, last: int, reverse: bool, cigar: list[tuple[int, str]]
) -> str:
    if reverse:
        first, last = sequence - last, sequence - first
    blocks: list[list[int]] = []
    for length, operation in _merge(cigar):
        if operation == "M" and (not blocks or blocks[-1][1:] != [0, 0]):
            blocks.append([length, 0, 0])
        elif operation == "M":
            blocks[-1][0] += length
        else:
            blocks[-1]["MDI".index(operation)] += length
    header = f"chain 1 t {size} + {start} {end} q {sequence} {'-' if reverse else '+'} {first} {last} 1\n"
    return header + "".join("\t".join(map(str, block)) + "\n" for block in blocks[:-1]) + f"{blocks[-1][0]}\n\n"


def write_relative(folder: Path, relative: Relative) -> tuple[Path, Path]:
    """The reference, in a chromosome t, and the relative, in a sequence q."""
    files = folder / "reference.fa", folder / "relative.fa"
    for file, name, bases in zip(files, "tq", (relative.reference, relative.sequence), strict=True):
        file.write_text(f">{name}\n{bases}\n")
    return files
