"""What the tests of FASTA files share: sequences, files of them, and what a genome makes of those."""

import os
import random
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from Bio import bgzf

from genint.errors import InputError
from genint.genome import fasta_index as index_module
from genint.genome.dna import tokens
from genint.genome.fasta import Genome


def dna(length: int, seed: int = 0) -> str:
    return "".join(random.Random(seed).choices("ACGT", k=length))


def fasta(sequences: Mapping[str, str], width: int = 60, newline: str = "\n") -> bytes:
    """FASTA text, a description behind each name."""
    text = ""
    for name, sequence in sequences.items():
        lines = [sequence[start : start + width] for start in range(0, len(sequence), width)]
        text += newline.join([f">{name} of a test", *lines]) + newline
    return text.encode()


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def bgzipped(path: Path, content: bytes) -> Path:
    with bgzf.BgzfWriter(str(path), "wb") as file:
        file.write(content)
    return path


def assert_holds(genome: Genome, sequences: Mapping[str, str]) -> None:
    assert genome.sizes == {name: len(sequence) for name, sequence in sequences.items()}
    for name, sequence in sequences.items():
        np.testing.assert_array_equal(genome.tokens(name, 0, len(sequence)), tokens(sequence.encode()))


def refusal(path: Path | str) -> str:
    with pytest.raises(InputError) as error:
        Genome(path)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)
    return str(error.value)


def replaced_keeping_the_date(path: Path, content: bytes) -> None:
    """As cp -p and rsync -t do."""
    before = path.stat()
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


YEAST = {"chrI": dna(1_000, 1), "chrII": dna(59, 2), "chrIII": dna(60, 3), "chrIV": dna(61, 4), "chrM": dna(1, 5)}


OTHER = {"chrI": dna(1_000, 11), "chrII": dna(60, 12), "chrIII": dna(59, 13), "chrIV": dna(61, 14), "chrM": dna(1, 15)}


def forbid_writing_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Permissions do not bind root, who may run the tests."""
    make = index_module.tempfile.TemporaryDirectory

    def make_or_refuse(*arguments: object, dir: Path, **options: object) -> object:
        if dir == folder:
            raise PermissionError(13, "Permission denied", str(dir))
        return make(*arguments, dir=dir, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(index_module.tempfile, "TemporaryDirectory", make_or_refuse)


LARGE = {"chr1": dna(150_000, 21), "chr2": dna(100, 22), "chr3": dna(40_000, 23)}
