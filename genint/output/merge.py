"""Merge the outputs of runs over parts of a genome into what one run over all of them would have written."""

import csv
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import chain
from os import cpu_count
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import numpy as np

from genint.arrays import F32
from genint.console import Console
from genint.errors import InputError
from genint.genome.grid import count_bins
from genint.genome.region import Region
from genint.output.bigwig import BinReader
from genint.output.finished_run import read_finished_run
from genint.output.formats import FORMATS, Format, mergeable_suffixes
from genint.output.made_of_run import remove_made
from genint.output.report import RunReport, difference
from genint.output.run_folder import check_space, output_folder, to_disk

_MOST_THREADS = 16  # each holds a chromosome of one track


class Part(NamedTuple):
    """The output folder of a finished run, and what its run.json holds."""

    folder: Path
    report: Mapping[str, Any]

    @property
    def plan(self) -> dict[str, Any]:
        plan: dict[str, Any] = self.report["plan"]
        return plan

    @property
    def format(self) -> Format:
        return FORMATS[self.plan["options"]["format"]]

    @property
    def regions(self) -> list[str]:
        """The digest of its regions; of a merged folder, those of all that went in."""
        regions = self.plan["regions"]
        return regions if isinstance(regions, list) else [regions]


def merge(
    folders: Sequence[Path],
    out: Path,
    *,
    overwrite: bool = False,
    console: Console | None = None,
) -> RunReport:
    """Join the outputs of `predict` in `folders` in `out`: its bigWigs are, byte for byte, those of one run over all.

    regions.tsv has the rows of all, in the order of `folders`. Returns what run.json holds. Raises InputError for
    folders that are not of finished runs, that differ in more than their regions, whose files have changed, and for a
    bin that has two values; OutputError as `predict`.
    """
    console, started = console or Console(), time.monotonic()
    parts = [_read_part(folder) for folder in folders]
    _check_folders(folders, out)
    for part in parts[1:]:
        _check_alike(parts[0], part)
    plan = {**parts[0].plan, "regions": list(chain.from_iterable(part.regions for part in parts))}
    names = list(parts[0].report["files"])
    with output_folder(out, plan, names, overwrite=overwrite) as folder:
        if folder.report is not None:
            console.say(f"{out}: this merge is finished already")
            return folder.report
        check_space(folder, sum(sum(part.report["files"].values()) for part in parts))
        merged = parts[0].format
        track_files = [name for name in names if name.endswith(merged.suffix)]
        _merge_files(track_files, merged, parts, folder.path, console)
        for name in set(names).difference(track_files):
            tables = [part.folder / name for part in parts]
            _join_tables(tables[:1] if name == "tracks.tsv" else tables, folder.path / name)
        for note in remove_made(out):
            console.say(note)
        return folder.publish(
            {
                "regions": _count_statuses(folder.path / "regions.tsv"),
                "bins": _count_bins(merged.load_reader()(folder.path / track_files[0], bin_bp=plan["bin_bp"])),
                "seconds": round(time.monotonic() - started, 2),
                "merged": [_describe_origin(part) for part in parts],
            }
        )


def _read_part(folder: Path) -> Part:
    report = read_finished_run(folder)
    for name in report["files"]:
        if not name.endswith((*mergeable_suffixes(), ".tsv")):
            known = " and ".join([*mergeable_suffixes(), ".tsv"])
            raise InputError(f"{folder / name}: cannot be merged, only {known} can. Predict into those")
    if report["plan"]["options"].get("format") not in FORMATS:
        raise InputError(f"{folder}: its run.json names no known format. Predict that part again")
    return Part(folder, report)


def _check_folders(folders: Sequence[Path], out: Path) -> None:
    seen: set[Path] = set()
    for folder in folders:
        if folder.resolve() in seen:
            raise InputError(f"{folder}: is given twice. Give every folder once")
        seen.add(folder.resolve())
    if out.resolve() in seen:
        raise InputError(f"{out}: is one of the folders to merge. Choose another `out`")


def _check_alike(first: Part, other: Part) -> None:
    ours, theirs = _select_comparable(first), _select_comparable(other)
    if ours != theirs:
        raise InputError(
            f"{other.folder}: cannot be merged with {first.folder}: {difference(ours, theirs)}. "
            "Predict all parts alike, in all but their regions"
        )


def _select_comparable(part: Part) -> dict[str, Any]:
    """What parts have in common: all but their regions, and the file from which they read the same genome."""
    genome = {name: part.plan["genome"].get(name) for name in ("digest", "fingerprint")}
    plan = {**part.plan, "genome": genome, "files": sorted(part.report["files"])}
    del plan["regions"]
    return plan


def _describe_origin(part: Part) -> dict[str, Any]:
    kept = {name: part.report.get(name) for name in ("command", "platform", "seconds", "merged")}
    return {"folder": str(part.folder), **{name: value for name, value in kept.items() if value is not None}}


def _merge_files(names: Sequence[str], merged: Format, parts: Sequence[Part], folder: Path, console: Console) -> None:
    """Files that are in `folder` already are complete."""
    missing = [name for name in names if not (folder / name).exists()]
    with (
        console.progress("merging", len(names), "files") as advance,
        ThreadPoolExecutor(min(cpu_count() or 1, _MOST_THREADS)) as threads,
    ):
        advance(len(names) - len(missing))
        for _ in threads.map(partial(_merge_file, merged, parts, folder), missing):
            advance(1)


def _merge_file(merged: Format, parts: Sequence[Part], folder: Path, name: str) -> None:
    bin_bp = parts[0].plan["bin_bp"]
    readers = [merged.load_reader()(part.folder / name, bin_bp=bin_bp) for part in parts]
    sizes = readers[0].sizes
    for reader in readers:
        if list(reader.sizes.items()) != list(sizes.items()):
            raise InputError(f"{reader.path}: its chromosomes are not those of {readers[0].path}. Predict it again")
    with_data = set(chain.from_iterable(reader.chroms() for reader in readers))
    with merged.load_writer()(folder / name, sizes, bin_bp=bin_bp, tracks=[name]) as writer:
        for chrom in filter(with_data.__contains__, sizes):
            writer.add(chrom, 0, _join_bins(chrom, readers, bin_bp))
        to_disk([writer.finish()])


def _join_bins(chrom: str, readers: Sequence[BinReader], bin_bp: int) -> F32:
    """All bins of a chromosome: (bins,), NaN where no part has one."""
    joined = np.full(count_bins(readers[0].sizes[chrom], bin_bp), np.nan, np.float32)
    for number, reader in enumerate(readers):
        bins, values = reader.read(chrom)
        there = joined[bins]
        differs = ~np.isnan(there) & (there.view(np.uint32) != values.view(np.uint32))
        if differs.any():
            _refuse_clash(chrom, int(bins[differs][0]), reader, readers[:number], bin_bp)
        joined[bins] = values
    return joined


def _refuse_clash(chrom: str, index: int, reader: BinReader, earlier: Iterable[BinReader], bin_bp: int) -> NoReturn:
    """Name a bin that has two values, both, and the files they are in."""
    values = {file.path: file.read(chrom) for file in (*earlier, reader)}
    (other, theirs), *_, (path, ours) = [
        (path, float(found[bins == index][0])) for path, (bins, found) in values.items() if index in bins
    ]
    region = Region(chrom, index * bin_bp, min((index + 1) * bin_bp, reader.sizes[chrom]))
    raise InputError(f"{path}: {region} is {ours!r} there and {theirs!r} in {other}. Predict one of the two again")


def _count_bins(written: BinReader) -> int:
    return sum(len(written.read(chrom)[0]) for chrom in written.chroms())


def _join_tables(paths: Sequence[Path], joined: Path) -> None:
    """The rows of all under the header that they share."""
    header = b""
    with open(joined, "wb") as file:
        for path in paths:
            with open(path, "rb") as table:
                columns = table.readline()
                if not header:
                    header = columns
                    file.write(header)
                if columns != header:
                    raise InputError(f"{path}, line 1: its columns are not those of {paths[0]}. Predict it again")
                file.writelines(table)


def _count_statuses(table: Path) -> dict[str, int]:
    with open(table, encoding="utf-8") as file:
        return dict(Counter(row["status"] for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)))
