"""Attributions of the regions of a genome."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import NamedTuple, TypedDict, Unpack, get_args

import torch

from genint.arrays import U8
from genint.choices import AttributionMethod
from genint.errors import InputError
from genint.genome.bed import BedRow
from genint.genome.dna_source import DnaSource
from genint.genome.grid import Geometry, touched_bins
from genint.genome.region import Region
from genint.interpretation.attribution.attribution import Attribution
from genint.interpretation.attribution.target import Target
from genint.interpretation.attribution.window_scores import score_window
from genint.interpretation.locus import clip_region
from genint.models.folder import Model, load_model
from genint.prediction.cpus import usable_cpus
from genint.prediction.devices import choose_device, exact_products
from genint.prediction.installed import check_extra
from genint.prediction.settings import AnyGenome, AnyModel, AnyRegions, find_region, find_rows, open_genome
from genint.prediction.workers import Halt, in_order, stoppable_cores

_SMALLEST = {"width": 0, "steps": 2, "threads": 0, "batch_size": 1}


class AttributeSettings(TypedDict, total=False):
    """Keyword arguments of `attribute`; each may be left out.

    `tracks`: identifiers, regular expressions over identifier and description, or @FILE; all tracks by default.
    `target`: explain the signal there, as chrI:1,001-2,000; by default over each region itself.
    `width`: score so many bases around each region's middle instead of its own.
    `method`: "screened", the default: a gradient orders all mutants, the `top` fraction is computed (0.05 by default);
    "mutagenesis": every mutant is; "gradient": none; "integrated": gradients integrated over `steps` (32) points.
    `device`: auto, cpu, cuda, cuda:N or mps. `threads`: cores of a CPU, each for a region or, where regions are fewer,
    for some of its mutants; 0, the default: all that the process may use.
    `batch_size`: mutants that go through the model together, 48 by default.
    """

    tracks: str | Sequence[str]
    target: Region | str
    width: int
    method: AttributionMethod
    top: float
    steps: int
    device: str
    threads: int
    batch_size: int


class Place(NamedTuple):
    """What is scored for a row, the target it is scored for, and the window that the model reads for it."""

    row: BedRow
    region: Region
    target: Region  # whole bins
    start: int  # of the window, may lie before the chromosome
    bins: slice  # of the target, in the window's core


class Prepared(NamedTuple):
    """All that is known before the first window is read: `places` in the order of the rows, `columns` of the tracks."""

    genome: DnaSource
    places: Sequence[Place]
    model: Model
    columns: Sequence[int]
    device: torch.device
    settings: AttributeSettings

    def read_window(self, place: Place) -> tuple[U8, slice]:
        """The tokens (input_bp,) that the model reads for a place, and which of them are its region."""
        tokens = self.genome.tokens(place.region.chrom, place.start, place.start + self.model.geometry.input_bp)
        return tokens, slice(place.region.start - place.start, place.region.end - place.start)

    def count_threads(self) -> int:
        """Cores of a CPU that compute; 1 where another device does."""
        return (self.settings.get("threads", 0) or usable_cpus()) if self.device.type == "cpu" else 1

    def target(self, place: Place) -> Target:
        """What is explained there."""
        return Target(place.bins, tuple(self.columns))


def attribute(
    genome: AnyGenome, regions: AnyRegions, model: AnyModel, **settings: Unpack[AttributeSettings]
) -> Iterator[Attribution]:
    """Yield for each region what every one of its bases adds to the signal of its bins; see AttributeSettings.

    The window that the model reads lies on the grid of bins with region and target in its middle. Regions that reach
    past their chromosome's end are clipped. Before anything is computed, raises InputError for what cannot be read, and
    for a region that does not fit into one window.
    """
    with ExitStack() as stack:
        opened = stack.enter_context(open_genome(genome))
        prepared = prepare(opened, regions, model, settings)
        keep_open = stack.pop_all()
    return _explain_in(keep_open, prepared)


def _explain_in(opened: ExitStack, prepared: Prepared) -> Iterator[Attribution]:
    with opened:
        yield from explain(prepared)


def prepare(genome: DnaSource, regions: AnyRegions, model: AnyModel, settings: AttributeSettings) -> Prepared:
    """Find everything that can be wrong before anything is computed; see `attribute`."""
    _check_settings(settings)
    loaded = model if isinstance(model, Model) else load_model(model)
    tracks = settings.get("tracks")
    columns = loaded.tracks.select(tracks) if tracks is not None else list(range(len(loaded.tracks)))
    device = choose_device(settings.get("device", "auto"))
    aim = settings.get("target")
    target = clip_region(find_region(aim, genome, "target"), genome, "target") if aim else None
    rows = find_rows(regions, genome)
    places = [place_row(row, genome, loaded.geometry, target, settings.get("width", 0)) for row in rows]
    return Prepared(genome, places, loaded, columns, device, settings)


def _check_settings(settings: AttributeSettings) -> None:
    method, top = settings.get("method", "screened"), settings.get("top", 0.05)
    if method not in get_args(AttributionMethod):
        raise InputError(f"`method` {method}: not one of {', '.join(get_args(AttributionMethod))}")
    if method == "integrated":
        check_extra("captum", "`method` integrated", "explain")
    for name, smallest in _SMALLEST.items():
        if (number := settings.get(name, smallest)) < smallest:  # type: ignore[operator]
            raise InputError(f"`{name}` {number}: expected {smallest} or more")
    if not 0 < top <= 1:
        raise InputError(f"`top` {top}: expected a fraction of the mutants, above 0 and at most 1")


def explain(prepared: Prepared) -> Iterator[Attribution]:
    """The attribution of every place, in order. What still runs ends soon when the caller stops listening."""
    prepared.model.module.to(prepared.device)
    threads = prepared.count_threads()
    regions = max(min(threads, len(prepared.places)), 1)  # at the same time
    windows = ((place, *prepared.read_window(place)) for place in prepared.places)
    with torch_threads(1), exact_products(prepared.device), stoppable_cores(regions) as (pool, halt):
        for _, attribution in in_order(
            lambda opened: pool.submit(_explain_window, prepared, threads // regions, halt, opened),
            windows,
            2 * regions,
        ):
            yield attribution


def _explain_window(prepared: Prepared, threads: int, halt: Halt, opened: tuple[Place, U8, slice]) -> Attribution:
    halt.check()
    (place, window, positions), settings, model = opened, prepared.settings, prepared.model
    method = settings.get("method", "screened")
    found = score_window(
        model.module,
        torch.from_numpy(window)[None].to(prepared.device),
        positions,
        prepared.target(place),
        method,
        top=settings.get("top", 0.05),
        steps=settings.get("steps", 32),
        at_once=settings.get("batch_size", 48),
        threads=threads,
        halt=halt,
    )
    return Attribution(
        name=place.row.name,
        region=place.region,
        target=place.target,
        tracks=model.tracks.subset(prepared.columns),
        method=method,
        tokens=window[positions],
        **found._asdict(),
    )


def place_row(row: BedRow, genome: DnaSource, geometry: Geometry, target: Region | None, width: int) -> Place:
    """Where a row is scored. InputError for one without bases, or that does not fit into a window with its target.

    `target`, if there is one, lies within its chromosome.
    """
    chrom, length = row.region.chrom, genome.sizes[row.region.chrom]
    if not isinstance(row.region, Region):
        place = f"start {row.region.start:,} and end {row.region.end:,} hold no base"
        raise InputError(f"{row.source}: {place}. Give a region of one base or more")
    if row.region.start >= length:
        raise InputError(
            f"{row.source}: starts past the end of {chrom}, which is {length:,} bp long. Give a region that lies there"
        )
    own = Region(chrom, row.region.start, min(row.region.end, length))
    scored = _around(own, width, length) if width else own
    aim = target or own
    if aim.chrom != chrom:
        raise InputError(f"{row.source}: lies on {chrom}, `target` {aim} does not. Give regions near the target")
    wanted, read = touched_bins(aim, geometry.bin_bp), touched_bins(scored, geometry.bin_bp)
    first, last = min(wanted.start, read.start), max(wanted.stop, read.stop)
    if last - first > geometry.core_bins:
        raise InputError(
            f"{row.source}: {own} and its target {aim} span {(last - first) * geometry.bin_bp:,} bp in whole bins, and "
            f"a window of the model predicts {geometry.core_bp:,} bp. Cut the region into shorter ones, or give `width`"
        )
    core = first - (geometry.core_bins - (last - first)) // 2
    bins = slice(wanted.start - core, wanted.stop - core)
    whole = Region(chrom, wanted.start * geometry.bin_bp, min(wanted.stop * geometry.bin_bp, length))
    return Place(row, scored, whole, core * geometry.bin_bp - geometry.context_bp, bins)


def _around(region: Region, width: int, length: int) -> Region:
    """So many bases around the middle of a region, fewer where the chromosome ends."""
    start = (region.start + region.end) // 2 - width // 2
    return Region(region.chrom, max(start, 0), min(start + width, length))


@contextmanager
def torch_threads(threads: int) -> Iterator[None]:
    """Let PyTorch use so many cores in an operation within the block; 0: all that the process may use."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads or usable_cpus())
    try:
        yield
    finally:
        torch.set_num_threads(before)
