"""Prediction: regions become tiles, tiles become DNA, DNA becomes bins, bins become one bigWig per track."""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby, islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from genint.bigwig import BigWigWriter
from genint.console import Console
from genint.devices import enough_memory, inference
from genint.dna import UNKNOWN, Tokens
from genint.errors import InputError
from genint.genome import Genome
from genint.grid import BinMask, Geometry, Tile, bases_per_bin, count_bins, tiles, touched_bins, wanted_bins
from genint.models.folder import Model
from genint.outputs import RUN_FILE, Spool, check_space, provenance, staged
from genint.regions import Region, Row

SCALES = ("coverage", "model")


@dataclass(frozen=True, kw_only=True)
class Options:
    """What changes a prediction besides genome, regions and model.

    `scale`: `coverage`, the mean per base over the bin in the units of the training bigWigs, or `model`, the model's
    own. `max_n`: a bin with a larger share of N than this is a hole. `batch_size` changes no float32 result on a CPU.
    ValueError for another scale.
    """

    scale: str = "coverage"
    max_n: float = 0.5
    batch_size: int = 8
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    dtype: torch.dtype = torch.float32

    def __post_init__(self) -> None:
        if self.scale not in SCALES:
            raise ValueError(f"scale={self.scale!r} is not one of {', '.join(SCALES)}")


class Placed(NamedTuple):
    """A row and the part of it that lies on its chromosome, None if no base does."""

    row: Row
    region: Region | None


class Request(NamedTuple):
    """A tile to predict: its DNA, and which of its bins are wanted and not holes."""

    tile: Tile
    tokens: Tokens  # (input_bp,)
    keep: BinMask  # (core_bins,)


def predict(
    genome: Genome,
    rows: Sequence[Row],
    model: Model,
    out: Path,
    *,
    columns: Sequence[int] | None = None,
    options: Options | None = None,
    console: Console | None = None,
    command: str = "",
) -> dict[str, Any]:
    """Predict the bins that `rows` touch; write one bigWig per track, tracks.tsv, regions.tsv and run.json to `out`.

    Row chromosomes must be the genome's own names (see regions.reconcile). `columns` picks tracks, default all.
    Returns what run.json holds. Raises InputError when no row touches the genome, OutputError when `out` cannot be
    written; then `out` holds what it held before.
    """
    options, console, started = options or Options(), console or Console(), time.monotonic()
    columns = list(range(len(model.tracks)) if columns is None else columns)
    tracks, geometry = model.tracks.subset(columns), model.geometry
    placed = [Placed(row, _on_chromosome(row.region, genome.sizes)) for row in rows]
    wanted = wanted_bins((place.region for place in placed if place.region), genome.sizes, geometry.bin_bp)
    if not wanted:
        raise InputError(
            f"{genome.path}: none of the {len(rows)} region(s) lies on it; they start past their chromosomes' ends"
        )
    todo = list(tiles(wanted, geometry))
    console.say(f"{len(todo):,} tile(s) on {len(wanted):,} chromosome(s)")
    predicted = {chrom: np.zeros_like(mask) for chrom, mask in wanted.items()}
    names = tracks.file_names()
    with staged(out, [*names, "tracks.tsv", "regions.tsv"]) as folder:
        check_space(folder, _disk_bytes(len(todo), geometry.core_bins, len(tracks)))
        with Spool(folder / "spool.f32", len(tracks), geometry.core_bins) as spool:
            kept: list[Tile] = []
            with console.progress("predicting", len(todo)) as advance:
                requests = _requests(genome, todo, wanted, geometry, options.max_n, advance)
                for (tile, _, keep), values in _run(model, requests, options):
                    values = _scaled(values, model, columns, options.scale, tile)
                    spool.append(np.where(keep, values, np.float32(np.nan)))
                    on_chromosome = predicted[tile.chrom][tile.bins(geometry)]
                    on_chromosome[:] = keep[: len(on_chromosome)]
                    kept.append(tile)
            _write_bigwigs(folder, names, kept, spool.read(), genome.sizes, geometry, console)
        tracks.write(folder / "tracks.tsv", {"bigwig": names})
        statuses = _write_regions(folder / "regions.tsv", placed, predicted, genome.sizes, geometry.bin_bp)
        report = {
            **provenance(command),
            "model": {"name": model.name, "architecture": model.architecture, "digest": model.digest},
            "genome": {"file": genome.path.name, "assembly": genome.assembly.name, "digest": genome.assembly.digest},
            "options": _options_report(options),
            "regions": statuses,
            "bins": sum(int(mask.sum()) for mask in predicted.values()),
            "tiles": len(kept),
            "seconds": round(time.monotonic() - started, 2),
            "files": [*names, "tracks.tsv", "regions.tsv"],
        }
        (folder / RUN_FILE).write_text(json.dumps(report, indent=1) + "\n")
    return report


def _on_chromosome(region: Region, sizes: Mapping[str, int]) -> Region | None:
    size = sizes[region.chrom]
    return Region(region.chrom, region.start, min(region.end, size)) if region.start < size else None


def _disk_bytes(n_tiles: int, core_bins: int, n_tracks: int) -> int:
    """Spool of 4 bytes a value, bigWigs of about 6 (full-precision floats hardly compress, zoom levels add a third)."""
    return n_tiles * core_bins * n_tracks * 10


def _options_report(options: Options) -> dict[str, Any]:
    dtype = str(options.dtype).removeprefix("torch.")
    return {**vars(options), "device": str(options.device), "dtype": dtype}


# -- tiles to bins -----------------------------------------------------------------------------------------------------


def _requests(
    genome: Genome,
    todo: Iterable[Tile],
    wanted: Mapping[str, BinMask],
    geometry: Geometry,
    max_n: float,
    advance: Callable[[int], None],
) -> Iterator[Request]:
    """Read each tile's DNA and mark its holes; a tile without a bin to keep is not predicted."""
    for tile in todo:
        tokens = genome.tokens(tile.chrom, *tile.input(geometry))
        core = tokens[geometry.context_bp : geometry.context_bp + geometry.core_bp]
        starts = tile.index * geometry.core_bp + geometry.bin_bp * np.arange(geometry.core_bins)
        widths = np.clip(genome.sizes[tile.chrom] - starts, 0, geometry.bin_bp)  # 0 past the chromosome's end
        unknown = bases_per_bin(core == UNKNOWN, geometry.bin_bp) - (geometry.bin_bp - widths)
        asked = wanted[tile.chrom][tile.bins(geometry)]
        keep = np.zeros(geometry.core_bins, dtype=np.bool_)
        keep[: len(asked)] = asked
        keep &= unknown <= max_n * widths
        if keep.any():
            yield Request(tile, tokens, keep)
        advance(1)


def _run(
    model: Model, requests: Iterable[Request], options: Options
) -> Iterator[tuple[Request, npt.NDArray[np.float32]]]:
    """Pairs of request and (core_bins, T) on the model's scale.

    Every batch has its full shape, the last one padded with unknown DNA: in bfloat16 the shape decides the last bits.
    """
    for group in _grouped(requests, options.batch_size):
        batch = np.full((options.batch_size, model.geometry.input_bp), UNKNOWN, dtype=np.uint8)
        for position, request in enumerate(group):
            batch[position] = request.tokens
        with inference(options.device, options.dtype), enough_memory():
            values = model.module(torch.from_numpy(batch).to(options.device)).float().cpu().numpy()
        yield from zip(group, values, strict=False)


def _grouped(requests: Iterable[Request], size: int) -> Iterator[list[Request]]:
    iterator = iter(requests)
    while group := list(islice(iterator, size)):
        yield group


def _scaled(
    values: npt.NDArray[np.float32], model: Model, columns: Sequence[int], scale: str, tile: Tile
) -> npt.NDArray[np.float32]:
    """(core_bins, all tracks) on the model's scale -> (tracks asked for, core_bins) on the scale asked for."""
    if not np.isfinite(values).all():
        raise InputError(
            f"{model.name}: answers NaN or infinity for tile {tile.index} of {tile.chrom}. "
            "Its weights are damaged, or --dtype is too narrow for it; try --dtype float32"
        )
    if scale == "coverage":
        values = model.tracks.squash(model.geometry.bin_bp).invert(values.astype(np.float64)).astype(np.float32)
    return np.ascontiguousarray(values[:, columns].T)


# -- results -----------------------------------------------------------------------------------------------------------


def _write_bigwigs(
    folder: Path,
    names: Sequence[str],
    kept: Sequence[Tile],
    spool: npt.NDArray[np.float32],
    sizes: Mapping[str, int],
    geometry: Geometry,
    console: Console,
) -> None:
    """One bigWig per track from the spool (tiles, T, core_bins), neighbouring tiles joined."""
    stretches = list(_neighbours(kept))
    with console.progress("writing", len(names)) as advance:
        for track, name in enumerate(names):
            with BigWigWriter(folder / name, sizes, bin_bp=geometry.bin_bp) as bigwig:
                for chrom, tile, first, last in stretches:
                    first_bin = tile * geometry.core_bins
                    values = spool[first:last, track].reshape(-1)
                    bigwig.add(chrom, first_bin, values[: count_bins(sizes[chrom], geometry.bin_bp) - first_bin])
            advance(1)


def _neighbours(kept: Sequence[Tile]) -> Iterator[tuple[str, int, int, int]]:
    """(chromosome, first tile's index, [first, last) place in `kept`) of each row of adjacent tiles."""
    for (chrom, _), group in groupby(enumerate(kept), key=lambda item: (item[1].chrom, item[1].index - item[0])):
        places = [place for place, _ in group]
        yield chrom, kept[places[0]].index, places[0], places[-1] + 1


def _write_regions(
    path: Path, placed: Sequence[Placed], predicted: Mapping[str, BinMask], sizes: Mapping[str, int], bin_bp: int
) -> dict[str, int]:
    """regions.tsv: every row, in the order given, with what became of it. Returns how many rows met each fate."""
    counts: dict[str, int] = {}
    before = {chrom: np.concatenate([[0], np.cumsum(mask)]) for chrom, mask in predicted.items()}
    with open(path, "w", encoding="utf-8") as file:
        file.write("source\tchrom\tstart\tend\tname\tstatus\tbins\tholes\tnote\n")
        for (source, asked, name), region in placed:
            bins = touched_bins(region, bin_bp) if region else slice(0, 0)
            held = int(before[asked.chrom][bins.stop] - before[asked.chrom][bins.start]) if region else 0
            holes = bins.stop - bins.start - held
            status, note = _fate(asked, region, held, holes, sizes[asked.chrom])
            counts[status] = counts.get(status, 0) + 1
            cells = (source, asked.chrom, asked.start, asked.end, name, status, held, holes, note)
            file.write("\t".join(map(str, cells)) + "\n")
    return counts


def _fate(asked: Region, region: Region | None, held: int, holes: int, chrom_bp: int) -> tuple[str, str]:
    """Status and note of a row: the gravest status wins, the note says everything."""
    if region is None:
        return "skipped", f"starts past the end of {asked.chrom} ({chrom_bp:,} bp)"
    notes = []
    if region.end < asked.end:
        notes.append(f"ends past the end of {asked.chrom} ({chrom_bp:,} bp)")
    if holes:
        notes.append(f"{holes} bin(s) are holes: too many N")
    status = "skipped" if not held else "partly N" if holes else "clipped" if notes else "predicted"
    return status, "; ".join(notes)
