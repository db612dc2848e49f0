"""bigWigs of a few regions alone, small enough to lie in a page."""

import base64
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from genint.arrays import F32, F64, I64
from genint.genome.grid import BinMask
from genint.output.bigwig import BigWigWriter, BinReader

Read = Callable[[str, I64], F32 | F64]  # values of ascending bins of a chromosome, NaN where there is none


def read_predicted(reader: BinReader) -> Read:
    """Values of a bigWig that genint wrote."""

    def read(chrom: str, bins: I64) -> F32:
        found, values = reader.read(chrom)
        places = np.searchsorted(found, bins)
        there = places < len(found)
        there[there] = found[places[there]] == bins[there]
        chosen = np.full(len(bins), np.nan, np.float32)
        chosen[there] = values[places[there]]
        return chosen

    return read


def slice_bigwig(
    values: Mapping[str, F32 | F64], shown: Mapping[str, BinMask], sizes: Mapping[str, int], bin_bp: int
) -> bytes:
    """A bigWig of some bins alone: `values` are of those that are True in `shown`, in order, by chromosome."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "slice.bw"
        with BigWigWriter(path, {chrom: sizes[chrom] for chrom in shown}, bin_bp=bin_bp) as writer:
            for chrom, mask in shown.items():
                bins = np.flatnonzero(mask)
                for part in np.split(np.arange(len(bins)), np.flatnonzero(np.diff(bins) > 1) + 1):
                    if len(part):
                        writer.add(chrom, int(bins[part[0]]), values[chrom][part].astype(np.float32))
        return path.read_bytes()


def data_uri(content: bytes, kind: str = "application/octet-stream") -> str:
    """The content as an address that holds it (RFC 2397)."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
