"""What lies in a folder that a report is made of: a run of predict, and attention, attribution and variants."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from genint.errors import InputError
from genint.genome.bed import BedRow
from genint.genome.region import Region, parse_region
from genint.output.bigwig import BinReader
from genint.output.report import RUN_FILE, read_json, read_report

Kind = Literal["predictions", "attribution", "attention", "variant tracks", "variants"]
VARIANT_COLUMNS = ("line", "chrom", "pos", "id", "ref", "alt")


@dataclass(frozen=True)
class Result:
    """A folder that a command has written; of `variants`, a table."""

    kind: Kind
    path: Path

    @property
    def bigwigs(self) -> list[Path]:
        """Those that show more than predictions."""
        patterns: dict[str, tuple[str, ...]] = {
            "attribution": ("contributions.bw",),
            "attention": ("rollout.bw", "received/*.bw"),
            "variant tracks": ("*.bw",),
        }
        return [path for pattern in patterns.get(self.kind, ()) for path in sorted(self.path.glob(pattern))]

    @property
    def pictures(self) -> list[Path]:
        return sorted({*self.path.glob("*.png"), *self.path.glob("logos/*.png")}) if self.path.is_dir() else []

    @property
    def tables(self) -> list[Path]:
        names = {
            "attribution": ("regions.tsv", "motifs.tsv", "check.tsv"),
            "attention": ("worth.tsv",),
        }.get(self.kind, ())
        return [self.path] if self.kind == "variants" else [path for n in names if (path := self.path / n).is_file()]


class Chromosomes(NamedTuple):
    """Those of the genome that results are on; `name` is theirs in messages."""

    name: str
    sizes: dict[str, int]

    def __str__(self) -> str:
        return self.name


def find_results(folder: Path) -> list[Result]:
    """The folder itself and those in it that genint has written, and tables of variants in it.

    Raises InputError where there is none, or more than one run of predict.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: is no folder. Expected one that genint predict has written")
    inside = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    found = [Result(kind, path) for path in (folder, *inside) if (kind := _kind(path))]
    found += [
        Result("variants", path) for path in sorted(folder.glob("*.tsv")) if path.is_file() and _is_variant_table(path)
    ]
    if not found:
        raise InputError(
            f"{folder}: holds nothing that genint predict, attribute, attention or variants has written. "
            "Expected the folder of a run, or one that holds it"
        )
    runs = [result.path.name for result in found if result.kind == "predictions"]
    if len(runs) > 1:
        raise InputError(f"{folder}: holds {len(runs)} runs of genint predict: {', '.join(runs)}. Give one of them")
    return found


def _kind(folder: Path) -> Kind | None:
    if (folder / RUN_FILE).is_file():
        if read_report(folder)["plan"].get("options"):
            return "predictions"
        names: dict[str, Kind] = {"contributions.bw": "attribution", "worth.tsv": "attention"}
        return next((kind for name, kind in names.items() if (folder / name).is_file()), None)
    return "variant tracks" if any(folder.glob("*.ref.bw")) and any(folder.glob("*.alt*.bw")) else None


def _is_variant_table(path: Path) -> bool:
    with open(path, encoding="utf-8", errors="replace") as file:
        header = next((line for line in file if not line.startswith("#")), "")
    return tuple(header.rstrip("\n").split("\t")[: len(VARIANT_COLUMNS)]) == VARIANT_COLUMNS


def find_sizes(results: Sequence[Result]) -> dict[str, int]:
    """Name and length of the chromosomes of results without a run; empty where none of them has a bigWig.

    Raises InputError for bigWigs of two genomes, and for what is no bigWig of genint.
    """
    sizes: dict[str, int] = {}
    for result in results:
        check_genome(result, sizes)
        sizes = sizes or next((BinReader(path, bin_bp=1).sizes for path in result.bigwigs), {})
    return sizes


def check_genome(result: Result, sizes: dict[str, int]) -> None:
    """Raise InputError for bigWigs of other chromosomes than `sizes`, where that holds any."""
    for path in result.bigwigs if sizes else []:
        if BinReader(path, bin_bp=1).sizes != sizes:
            raise InputError(f"{path}: is on another genome than the rest. Move {result.path} out, or report it alone")


def find_places(result: Result, sizes: dict[str, int]) -> Iterator[BedRow]:
    """Where a result is to be looked at."""
    if result.kind == "attention" and result.bigwigs:
        region = read_json(result.path / RUN_FILE)["settings"]["region"]
        yield BedRow(str(result.path), parse_region(region, sizes), result.path.name)
    elif result.bigwigs:
        for region in _stretches(BinReader(result.bigwigs[0], bin_bp=1)):
            yield BedRow(str(result.path), region, result.path.name)


def _stretches(reader: BinReader, most_gap: int = 1_000) -> Iterator[Region]:
    """Where a bigWig has values, whatever the width of its bins; gaps of up to 1,000 bp are none."""
    for chrom in reader.chroms():
        starts = reader.read(chrom)[0]
        for part in np.split(starts, np.flatnonzero(np.diff(starts) > most_gap) + 1):
            if len(part):
                yield Region(chrom, int(part[0]), int(part[-1]) + 1)
