"""Where the bins of a region come from as files: attention rollout, and on request flow, which says what it is."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from genint.console import Console
from genint.errors import InputError
from genint.genome.dna_source import DnaSource
from genint.genome.grid import touched_bins
from genint.genome.region import Region
from genint.interpretation.attention.browser import write_tokens
from genint.interpretation.locus import Locus
from genint.interpretation.sources.bin_sources import BinSources
from genint.interpretation.sources.flow import bin_flow, interval_flow
from genint.interpretation.sources.operators import StepSettings
from genint.interpretation.sources.rollout import attention_rollout
from genint.interpretation.sources.summary import summarise_sources
from genint.models.folder import Model
from genint.prediction.settings import find_region
from genint.reporting.plots import save_figure
from genint.reporting.source_plots import plot_sources
from genint.text import write_tsv

if TYPE_CHECKING:
    from pandas import DataFrame

FLOW_WARNING = (
    "An upper bound on attention flow (tokens within a bin are one node), and no measure of use: it says what can be "
    "reached, and saturates at 1. Rollout says what comes from where."
)
_SATURATED = 0.99


def write_rollout(folder: Path, rollout: BinSources, locus: Locus, sizes: dict[str, int]) -> None:
    """rollout.tsv, a row per bin; rollout.bw, the mean of the bins for every base; the figure rollout."""
    write_tsv(folder / "rollout.tsv", summarise_sources(rollout), float_format="%.6g")
    write_tokens(folder / "rollout.bw", rollout.values.mean(0), rollout.token_bp, locus, sizes)
    figure = plot_sources(
        rollout.values,
        rollout.start,
        rollout.token_bp,
        rollout.bin_starts,
        locus.geometry.bin_bp,
        locus.region.chrom,
    )
    save_figure(figure, folder / "rollout")


def write_flow(
    folder: Path, model: Model, locus: Locus, rollout: BinSources, steps: StepSettings, console: Console
) -> None:
    """flow.tsv: the flow of every bin of the rollout and every stretch of DNA as long as a bin, the rollout beside."""
    from pandas import DataFrame

    with console.progress("flow", len(rollout.bins), "bins") as advance:
        chosen = rollout.bins.tolist()
        flow = bin_flow(model, locus.dna, bins=chosen, region=locus.core, advance=advance, **steps)
    flow = replace(flow, chrom_bp=locus.chrom_bp)
    bins, starts, ends = len(flow.bins), flow.token_starts, flow.token_ends
    columns = {
        "chrom": locus.region.chrom,
        "bin_start": np.repeat(flow.bin_starts, len(starts)),
        "bin_end": np.repeat(flow.bin_ends, len(starts)),
        "source_start": np.tile(starts, bins),
        "source_end": np.tile(ends, bins),
        "flow": flow.values.ravel(),
        "rollout": rollout.values.reshape(bins, len(starts), -1).sum(2).ravel(),
    }
    table = DataFrame(columns)[np.tile((starts >= 0) & (starts < ends), bins)]
    _write_warned(folder / "flow.tsv", table)
    full = int((table["flow"] >= _SATURATED).sum())
    console.say(f"flow: {full:,} of {len(table):,} pairs are at 1, or nearly; it bounds what can be reached, no more")


def find_intervals(asked: tuple[Region | str, Region | str], genome: DnaSource, locus: Locus) -> tuple[Region, Region]:
    """Whose bins and which bases flow is asked between. InputError unless the model predicts, and reads, them here."""
    context = locus.geometry.context_bp
    ends = [(locus.core.start, locus.core.end), (locus.core.start - context, locus.core.end + context)]
    found = [find_region(each, genome, "flow_between") for each in asked]
    for region, verb, (first, last) in zip(found, ("predicts", "reads"), ends, strict=True):
        window = Region(locus.region.chrom, max(first, 0), min(last, locus.chrom_bp))
        if region.chrom != window.chrom or region.start < window.start or region.end > window.end:
            raise InputError(
                f"`flow_between` {region}: around {locus.region} the model {verb} {window}. Give an interval within"
            )
    return found[0], found[1]


def write_flow_between(
    folder: Path, model: Model, locus: Locus, intervals: tuple[Region, Region], steps: StepSettings
) -> None:
    """flow_between.tsv: one row, the flow between all bins of one interval and all bases of another, in whole bins."""
    from pandas import DataFrame

    predicted, read = ((each.start - locus.start, each.end - locus.start) for each in intervals)
    geometry = locus.geometry
    flow = interval_flow(model, locus.dna, predicted, read, **steps)
    bins, source = (touched_bins(Region("", *each), geometry.bin_bp) for each in (predicted, read))
    first = geometry.context_bp // geometry.bin_bp
    rollout = attention_rollout(model, locus.dna, bins=range(bins.start - first, bins.stop - first), **steps)
    mass = rollout.values[:, source.start * geometry.bin_bp : source.stop * geometry.bin_bp].sum(1).mean()
    row = {"predicted": str(intervals[0]), "read": str(intervals[1]), "flow": flow, "rollout": mass}
    _write_warned(folder / "flow_between.tsv", DataFrame([row]))


def _write_warned(path: Path, table: "DataFrame") -> None:
    columns = "\t".join(table.columns)
    path.write_text(f"# {FLOW_WARNING}\n{columns}\n", encoding="utf-8")
    write_tsv(path, table, float_format="%.6g", append=True)
