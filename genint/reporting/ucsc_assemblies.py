"""Assemblies that genome browsers have themselves, told by the length of one chromosome."""

from collections.abc import Mapping

_LENGTHS = {
    "hg38": ("chr1", 248_956_422),
    "hg19": ("chr1", 249_250_621),
    "hs1": ("chr1", 248_387_328),
    "mm39": ("chr1", 195_154_279),
    "mm10": ("chr1", 195_471_971),
    "mm9": ("chr1", 197_195_432),
    "rn7": ("chr1", 260_522_016),
    "rn6": ("chr1", 282_763_074),
    "galGal6": ("chr1", 197_608_386),
    "danRer11": ("chr1", 59_578_282),
    "dm6": ("chr2L", 23_513_712),
    "dm3": ("chr2L", 23_011_544),
    "ce11": ("chrI", 15_072_434),
    "ce10": ("chrI", 15_072_423),
    "sacCer3": ("chrI", 230_218),
}


def find_ucsc_name(sizes: Mapping[str, int]) -> str | None:
    """What UCSC and IGV call the assembly with these chromosomes, by their names and lengths; None if it is not known.

    The file's name does not count: hg38.fa with chromosomes named 1, 2, ... would show nothing at UCSC.
    """
    return next((name for name, (chrom, length) in _LENGTHS.items() if sizes.get(chrom) == length), None)
