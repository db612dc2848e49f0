"""What igv.js is told: a genome of the shown chromosomes, and a row per track or pair of strands.

Names are written as HTML: igv.js puts them into the page as such, and they come from other people's files.
"""

import gzip
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from genint.genome import dna
from genint.genome.dna_source import DnaSource
from genint.genome.region import Region
from genint.reporting.bigwig_slices import data_uri
from genint.reporting.colours import Rgb, write_hex

Json = dict[str, Any]
_HEIGHT, _PAIR_HEIGHT = 48, 72


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """One bigWig as it is drawn: `content`, which may hold values of a minus strand below 0."""

    name: str
    content: bytes
    colour: Rgb


def draw_row(name: str, drawn: Sequence[Drawn]) -> Json:
    """A track of one bigWig, or of two strands on a common line; its range is that of the values in view."""
    return draw_one(name, drawn[0]) if len(drawn) == 1 else _merge(name, drawn, alpha=1)


def draw_one(name: str, drawn: Drawn, *, letters: bool = False) -> Json:
    """A track of one bigWig; with `letters`, each base is drawn as high as its value."""
    look = {"height": _PAIR_HEIGHT, "graphType": "dynseq"} if letters else {"height": _HEIGHT}
    return _wig(drawn) | {"name": escape(name), "autoscale": True, **look}


def draw_overlay(name: str, drawn: Sequence[Drawn]) -> Json:
    """Several bigWigs in one place, one seen through the other."""
    return _merge(name, drawn, alpha=0.6)


def _merge(name: str, drawn: Sequence[Drawn], *, alpha: float) -> Json:
    tracks = [_wig(each) for each in drawn]
    look = {"alpha": alpha, "height": _PAIR_HEIGHT, "autoscale": True}
    return {"type": "merged", "name": escape(name), **look, "tracks": tracks}


def _wig(drawn: Drawn) -> Json:
    colour = write_hex(drawn.colour)
    look = {"color": colour, "altColor": colour}
    return {"type": "wig", "format": "bigwig", "name": escape(drawn.name), "url": data_uri(drawn.content), **look}


def write_reference(name: str, sizes: Mapping[str, int], views: Sequence[Region], genome: DnaSource | None) -> Json:
    """The chromosomes of the views by length, with their letters there where the genome is at hand.

    igv.js reads FASTA records named chrom:start-end @len=length as pieces of chromosomes of that length.
    """
    chroms = dict.fromkeys(view.chrom for view in views)
    records = [f">{chrom}:1-1 @len={sizes[chrom]}\nN\n" for chrom in chroms]
    if genome:
        for view in _join(views):
            letters = dna.to_text(genome.tokens(view.chrom, view.start, view.end))
            records.append(f">{view.chrom}:{view.start + 1}-{view.end} @len={sizes[view.chrom]}\n{letters}\n")
    packed = gzip.compress("".join(records).encode(), 9, mtime=0)
    shown = escape(name)
    return {"id": shown, "name": shown, "fastaURL": data_uri(packed, "application/gzip"), "indexed": False}


def _join(views: Sequence[Region]) -> Iterator[Region]:
    """Views that overlap as one: of two pieces over a place, igv.js reads one alone."""
    last: Region | None = None
    for view in sorted(views):
        if last and last.chrom == view.chrom and view.start <= last.end:
            last = Region(last.chrom, last.start, max(last.end, view.end))
        else:
            if last:
                yield last
            last = view
    if last:
        yield last


def write_config(reference: Json, views: Sequence[Region], tracks: Sequence[Json]) -> Json:
    """The argument of igv.createBrowser: nothing in it is on a network."""
    return {
        "reference": reference,
        "locus": write_locus(views[0]),
        "tracks": list(tracks),
        "loadDefaultGenomes": False,
        "search": False,
        "showSVGButton": True,
    }


def write_locus(view: Region) -> str:
    """chr1:1001-2000, as igv.js reads it."""
    return f"{view.chrom}:{view.start + 1}-{view.end}"
