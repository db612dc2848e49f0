"""bigWig files: one track of numbers along a genome, the way genome browsers read them.

    layout.py   the format's structures as bytes: header, chromosome tree, block index
    write.py    BigWigWriter: fixed-width bins in, a complete and verified file out
    blocks.py   bins and zoom records as the blocks of a file, many at once
    zoom.py     the summaries a browser draws when it is zoomed out
    verify.py   read a finished file back with an independent library
    read.py     BigWigReader: sums over bins of any bigWig, for making data sets
    bins.py     BinReader: the bins of our own bigWigs, exactly, for merging
    chromosomes.py  which of a genome's its chromosomes are

Why genint writes the format itself: pyBigWig ends the process on an unwritable path, never returns when the disk fills
up in the data, leaves a truncated file without an error when it fills up in the index, stores wrong sums in its zoom
levels and is quadratic in the number of chromosomes. As readers, pyBigWig and pybigtools check what is written here.

The format: Kent, Zweig, Barber, Hinrichs and Karolchik, "BigWig and BigBed: enabling browsing of large distributed
datasets", Bioinformatics 26:2204 (2010), and the tables of its supplement.
"""

from genint.output.bigwig.bins import BinReader
from genint.output.bigwig.chromosomes import match_chromosomes
from genint.output.bigwig.read import BigWigReader
from genint.output.bigwig.verify import verify
from genint.output.bigwig.write import BigWigWriter

__all__ = ["BigWigReader", "BigWigWriter", "BinReader", "match_chromosomes", "verify"]
