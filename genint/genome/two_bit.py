"""Write a genome as .2bit, which genome browsers read at random, over a network too.

The format: "TwoBit Sequence Archives" in UCSC's FAQ on file formats. All numbers are little-endian uint32. A header:
signature, version 0, number of sequences, 0. An index: for each, the length of its name, the name, where its record
begins. Records: number of bases; runs of N, then of lower case, each as count, starts and lengths; 0; four bases to a
byte, the first in the highest bits, T C A G = 0 1 2 3.
"""

from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from genint.arrays import Mask
from genint.atomic import replacing
from genint.errors import InputError
from genint.genome import dna
from genint.genome.fasta import Genome

_SIGNATURE, _VERSION = 0x1A412743, 0
_LARGEST = 2**32 - 1  # offset that the index of version 0 can hold
_CODES = np.array([2, 1, 3, 0, 0], np.uint8)  # of the tokens A C G T and N; under a run of N any will do


def write_two_bit(path: Path, genome: Genome) -> None:
    """Write all chromosomes of `genome` to `path`. Lower case is kept; letters other than A C G T U become N.

    Raises InputError for names of more than 255 bytes and for genomes of more than about 16 billion bases, which the
    format cannot hold; OSError where the system refuses.
    """
    with replacing(path) as new, open(new, "wb") as file:
        _write_numbers(file, _SIGNATURE, _VERSION, len(genome.sizes), 0)
        places = {chrom: _write_name(file, genome, chrom) for chrom in genome.sizes}
        for chrom, place in places.items():
            offset = file.tell()
            if offset > _LARGEST:
                raise InputError(f"{genome}: is too large for a .2bit file, which ends before {chrom}")
            file.seek(place)
            _write_numbers(file, offset)
            file.seek(offset)
            file.write(_record(genome, chrom))


def _write_numbers(file: BinaryIO, *numbers: int) -> None:
    file.write(np.array(numbers, "<u4").tobytes())


def _write_name(file: BinaryIO, genome: Genome, chrom: str) -> int:
    """Returns where the offset of its record has room."""
    name = chrom.encode()
    if len(name) > 255:
        raise InputError(f"{genome}: the name {chrom[:20]}... has {len(name)} bytes, a .2bit file holds 255 at most")
    file.write(bytes([len(name)]) + name)
    place = file.tell()
    _write_numbers(file, 0)
    return place


def _record(genome: Genome, chrom: str) -> bytes:
    length = genome.sizes[chrom]
    tokens = genome.tokens(chrom, 0, length)
    runs = [_runs(tokens == dna.UNKNOWN), _runs(genome.lower_case(chrom, 0, length))]
    numbers = [[length], *([len(starts), *starts, *lengths] for starts, lengths in runs), [0]]
    return np.concatenate([np.array(each, "<u4") for each in numbers]).tobytes() + _pack(tokens).tobytes()


def _runs(mask: Mask) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where runs of True begin, and their lengths."""
    edges = np.flatnonzero(np.diff(mask.astype(np.int8), prepend=0, append=0))
    return edges[::2], edges[1::2] - edges[::2]


def _pack(tokens: dna.Tokens) -> NDArray[np.uint8]:
    """Four bases to a byte: (L,) becomes (L / 4, rounded up,)."""
    codes = np.pad(_CODES[tokens], (0, -len(tokens) % 4)).reshape(-1, 4)
    packed: NDArray[np.uint8] = np.bitwise_or.reduce(codes << np.array([6, 4, 2, 0], np.uint8), axis=1)
    return packed
