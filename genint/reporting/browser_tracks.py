"""What a genome browser is to show of a run: its bigWigs by assay, strands together, each with a colour and a range.

Run -> Assay -> Row (what is drawn in one place) -> Signal (one bigWig).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from genint.arrays import F32
from genint.errors import InputError
from genint.genome.region import Region
from genint.output.bigwig import BinReader
from genint.output.finished_run import read_finished_run
from genint.reporting.colours import Rgb, colour_assays, darken
from genint.tracks.table import Track, TrackTable, read_tracks

_KINDS = ("bigwig", "sd")  # columns of tracks.tsv that name files
_INSIDE = 0.999  # of the bins are within a track's range
_MOST_BINS = 5_000_000  # that are looked at for it
_MOST_LOCUS_BP = 50_000
_GREY: Rgb = (110, 110, 110)
_STRANDS = {
    "+": r"(?:^|[^a-z])(?:plus|pos|positive|fwd|forward)$|\+$|\b(?:plus|positive|forward) strand\b",
    "-": r"(?:^|[^a-z])(?:minus|neg|negative|rev|reverse)$|-$|\b(?:minus|negative|reverse) strand\b",
}
_PLUS = rf"[\s,;_.-]*(?:{_STRANDS['+']})"


@dataclass(frozen=True, kw_only=True)
class Signal:
    """One bigWig. `low` and `high`: the range of its values, as they are drawn; `negate`: they are drawn below 0."""

    label: str
    description: str
    file: str
    colour: Rgb
    low: float
    high: float
    negate: bool = False


@dataclass(frozen=True, kw_only=True)
class Row:
    """One signal, or the plus and the minus strand of one, which point up and down from a common line."""

    label: str
    description: str
    signals: Sequence[Signal]

    @property
    def low(self) -> float:
        return min(signal.low for signal in self.signals)

    @property
    def high(self) -> float:
        return max(signal.high for signal in self.signals)


@dataclass(frozen=True, kw_only=True)
class Assay:
    """The rows of one assay. `is_shown`: from the start, rather than when somebody asks for them."""

    label: str
    rows: Sequence[Row]
    is_shown: bool = True


@dataclass(frozen=True, kw_only=True)
class Run:
    """A finished run. `name`: safe in paths and in UCSC's names; `sizes`: of all chromosomes; `locus`: has predictions.

    `genome` is what run.json says of it: `assembly`, a name, and `digest`, of the sizes.
    """

    name: str
    folder: Path
    models: Sequence[str]
    genome: dict[str, Any]
    sizes: dict[str, int]
    locus: Region
    assays: Sequence[Assay]

    @property
    def signals(self) -> list[Signal]:
        return [signal for assay in self.assays for row in assay.rows for signal in row.signals]


def read_run(folder: Path, name: str) -> Run:
    """Read a folder that `genint predict` has written. Raises InputError for any other, and for one without bigWigs."""
    plan = read_finished_run(folder)["plan"]
    if plan["options"].get("format") != "bigwig":
        raise InputError(
            f"{folder}: holds {plan['options'].get('format')} files, and browsers read bigWigs. "
            "Predict again with --format bigwig"
        )
    tracks, files = read_tracks(folder / "tracks.tsv"), _read_files(folder / "tracks.tsv")
    readers = {file: BinReader(folder / file, bin_bp=plan["bin_bp"]) for column in files.values() for file in column}
    first = readers[files["bigwig"][0]]
    return Run(
        name=name,
        folder=folder,
        models=[model["name"] for model in plan["models"]],
        genome=plan["genome"],
        sizes=first.sizes,
        locus=_find_locus(first, plan["bin_bp"]),
        assays=list(_group(tracks, files, {file: _find_range(reader) for file, reader in readers.items()})),
    )


def _read_files(table: Path) -> dict[str, list[str]]:
    """The file of each track, and with an ensemble that of its standard deviation: columns `bigwig` and `sd`."""
    from pandas import read_csv

    cells = read_csv(table, sep="\t", dtype=str, keep_default_na=False, quoting=3, usecols=lambda c: c in _KINDS)
    if "bigwig" not in cells:
        raise InputError(f"{table}: has no column named bigwig. Expected the table that genint predict wrote")
    return {str(kind): list(cells[kind]) for kind in cells}


def _group(tracks: TrackTable, files: dict[str, list[str]], ranges: dict[str, tuple[float, float]]) -> Iterator[Assay]:
    colours = colour_assays([track.assay for track in tracks])
    for assay, colour in colours.items():
        signals = {
            track.identifier: _signal(track, file, colour, ranges[file])
            for track, file in zip(tracks, files["bigwig"], strict=True)
            if track.assay == assay
        }
        members = [track for track in tracks if track.identifier in signals]
        yield Assay(label=assay, rows=list(_pair(members, signals)))
    if "sd" in files:
        pairs = zip(tracks, files["sd"], strict=True)
        alone = [_row(_signal(track, file, _GREY, ranges[file])) for track, file in pairs]
        yield Assay(label="standard deviation over models", rows=alone, is_shown=False)


def _signal(track: Track, file: str, colour: Rgb, range_: tuple[float, float]) -> Signal:
    low, high = range_
    description = track.description or track.identifier
    return Signal(label=track.identifier, description=description, file=file, colour=colour, low=low, high=high)


def _row(signal: Signal) -> Row:
    return Row(label=signal.label, description=signal.description, signals=[signal])


def _pair(tracks: Sequence[Track], signals: dict[str, Signal]) -> Iterator[Row]:
    """A row per track, or per two whose strands can be told, where the first of them stands."""
    strands = {track.identifier: find_strand(track) for track in tracks}
    for track in tracks:
        both = (track.identifier, track.strand_pair)
        if sorted(strands.get(name, "") for name in both) != ["+", "-"]:
            yield _row(signals[track.identifier])
        elif strands[track.identifier] == "+":
            yield _mirror(*(signals[name] for name in both))


def _mirror(plus: Signal, minus: Signal) -> Row:
    """One range for both strands. Coverage that is stored below 0 points down already."""
    is_below = minus.high <= 0
    top = max(plus.high, -minus.low if is_below else minus.high)
    up = replace(plus, low=min(plus.low, 0.0), high=top)
    down = replace(minus, colour=darken(minus.colour), low=-top, high=0.0, negate=not is_below)
    label, description = (re.sub(_PLUS, "", text, flags=re.IGNORECASE) for text in (plus.label, plus.description))
    return Row(label=label or plus.label, description=f"{description}, plus strand over minus", signals=[up, down])


def find_strand(track: Track) -> str:
    """Which strand a track of two says it is, in its identifier or else its description: + or -; empty if neither."""
    for text in (track.identifier, track.description):
        said = [sign for sign, words in _STRANDS.items() if re.search(words, text, re.IGNORECASE)]
        if len(said) == 1:
            return said[0]
    return ""


def _find_range(reader: BinReader) -> tuple[float, float]:
    """From 0, or below it, to above nearly all values, in two digits."""
    parts: list[F32] = []
    for chrom in reader.chroms():
        parts.append(reader.read(chrom)[1])
        if sum(map(len, parts)) > _MOST_BINS:
            break
    values = np.concatenate([*parts, np.zeros(1, np.float32)]).astype(np.float64)
    low, high = np.quantile(values, [1 - _INSIDE, _INSIDE], method="inverted_cdf")
    low, high = min(_round_away(low), 0.0), max(_round_away(high), 0.0)
    return (low, high) if low < high else (0.0, 1.0)


def _round_away(value: float) -> float:
    """To two digits, away from 0."""
    if not value:
        return 0.0
    digits = 10.0 ** (int(np.floor(np.log10(abs(value)))) - 1)
    return float(f"{np.sign(value) * np.ceil(round(abs(value) / digits, 9)) * digits:.2g}")


def _find_locus(reader: BinReader, bin_bp: int) -> Region:
    """The first stretch of bins with a value, of at most 50,000 bp; without any, the start of the first chromosome."""
    for chrom in reader.chroms():
        bins = reader.read(chrom)[0]
        length = int(np.argmax(np.diff(bins, append=bins[-1] + 2) > 1)) + 1
        start = int(bins[0]) * bin_bp
        return Region(chrom, start, min(start + min(length * bin_bp, _MOST_LOCUS_BP), reader.sizes[chrom]))
    chrom, size = next(iter(reader.sizes.items()))
    return Region(chrom, 0, min(size, _MOST_LOCUS_BP))
