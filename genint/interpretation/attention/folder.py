"""The attention over a region as a folder of files and figures; see docs/attention.md."""

import heapq
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from genint.console import Console
from genint.genome.dna import to_text
from genint.genome.region import Region
from genint.interpretation.attention.browser import (
    Arc,
    received,
    strongest_pairs,
    write_bedpe,
    write_interact,
    write_tokens,
)
from genint.interpretation.attention.explain import (
    AttentionSettings,
    RolloutSettings,
    opened_locus,
    step_settings,
    trace_bins,
    with_worth,
    worth_over,
)
from genint.interpretation.attention.head_summaries import summarise_heads
from genint.interpretation.attention.maps import LayerMap, attending_steps, visit_maps
from genint.interpretation.attention.store import AttentionStore
from genint.interpretation.attention.worth import measure_worth
from genint.interpretation.locus import Locus
from genint.interpretation.sources.files import find_intervals, write_flow, write_flow_between, write_rollout
from genint.models.folder import Model, load_model
from genint.output.new_folder import check_new_folder, new_folder
from genint.output.report import RUN_FILE
from genint.prediction.settings import (
    AnyGenome,
    AnyModel,
    AnyRegions,
    compare_genomes,
    find_rows,
    open_genome,
)
from genint.provenance import provenance
from genint.reporting.attention_plots import WITHOUT_WORTH, MapPanel, plot_maps, plot_zoom
from genint.reporting.plots import save_figure
from genint.text import write_tsv

if TYPE_CHECKING:
    from pandas import DataFrame

MOST_TOKENS = 256  # to a side of a picture
_ZOOM_TOKENS = 40  # whose letters can be read
_MOST_WINDOWS = 12  # in one figure


def attention_to_folder(
    genome: AnyGenome,
    region: Region | str,
    out: Path,
    model: AnyModel,
    *,
    arcs: int = 500,
    flow: bool = False,
    flow_between: tuple[Region | str, Region | str] | None = None,
    console: Console | None = None,
    **settings: Unpack[RolloutSettings],
) -> None:
    """Write attention over a region to a folder that is not there yet, or empty. See docs/attention.md for the files.

    At most one layer's weights are in memory. `arcs`: how many of the strongest pairs go into the arc files. `flow`:
    also write that of the region's bins; `flow_between`: that of an interval's bins and another's bases. Raises
    InputError as explain_attention does and for an interval that is not read, OutputError where the folder cannot be
    written.
    """
    console = console or Console(quiet=True)
    check_new_folder(out)
    loaded = model if isinstance(model, Model) else load_model(model)
    with opened_locus(genome, region, loaded, settings) as (opened, locus, module, dna), new_folder(out) as folder:
        compare_genomes(loaded, opened, console)
        steps = step_settings(settings)
        intervals = find_intervals(flow_between, opened, locus) if flow_between else None
        rollout = trace_bins(loaded, locus, steps)
        write_rollout(folder, rollout, locus, dict(opened.sizes))
        if flow:
            write_flow(folder, loaded, locus, rollout, steps, console)
        if intervals:
            write_flow_between(folder, loaded, locus, intervals, steps)
        console.say("switching off heads, one after the other ...")
        worth = measure_worth(module, [(dna, locus.core_bins)])
        write_tsv(folder / "worth.tsv", worth, float_format="%.6g")
        writer = _Writer(folder, locus, worth, arcs, dict(opened.sizes))
        with (
            AttentionStore(folder / "attention.zarr.zip", locus) as store,
            console.progress("layers", len(attending_steps(module))) as advance,
        ):

            def visit(layer: LayerMap) -> None:
                store.add(layer)
                writer.add(layer)
                advance(1)

            visit_maps(module, dna, visit)
        writer.finish()
        asked = {"region": str(locus.region), "arcs": arcs, **steps, "flow": flow}
        asked |= {"flow_between": [str(each) for each in intervals]} if intervals else {}
        _write_report(folder, loaded, {"genome": opened.identity(), **asked})
    console.say(f"arcs: the {len(writer.arcs):,} strongest of {writer.pairs:,} pairs in heads with worth")
    everything = worth.iloc[-1]
    console.say(f"all attention off changes the prediction here by {everything.change:.1%} (r {everything.r:.3f})")


def worth_to_folder(
    genome: AnyGenome,
    regions: AnyRegions,
    out: Path,
    model: AnyModel,
    *,
    console: Console | None = None,
    **settings: Unpack[AttentionSettings],
) -> None:
    """Write `worth_over` as worth.tsv, and run.json, to a folder that is not there yet, or empty."""
    check_new_folder(out)
    loaded = model if isinstance(model, Model) else load_model(model)
    with open_genome(genome) as opened:
        compare_genomes(loaded, opened, console or Console(quiet=True))
        rows = find_rows(regions, opened)
        table = worth_over(opened, rows, loaded, console=console, **settings)
        asked = [str(row.region) for row in rows if isinstance(row.region, Region)]
        with new_folder(out) as folder:
            write_tsv(folder / "worth.tsv", table, float_format="%.6g")
            _write_report(folder, loaded, {"genome": opened.identity(), "regions": asked})


def _write_report(folder: Path, model: Model, settings: dict[str, Any]) -> None:
    content = {**provenance(), "model": model.name, "model_digest": model.digest, "settings": settings}
    (folder / RUN_FILE).write_text(json.dumps(content, indent=1) + "\n")


class _Writer:
    """What is made of each layer as it passes."""

    def __init__(self, folder: Path, locus: Locus, worth: "DataFrame", most: int, sizes: dict[str, int]) -> None:
        self.folder, self.locus, self.worth, self.most, self.sizes = folder, locus, worth, most, sizes
        self.arcs: list[Arc] = []
        self.pairs = 0
        self.tables: list[DataFrame] = []
        self.panels: list[MapPanel] = []
        for name in ("received", "heads"):
            (folder / name).mkdir()

    def add(self, layer: LayerMap) -> None:
        stem = f"{layer.layer:02}_{layer.name.replace(' ', '_')}"
        path = self.folder / "received" / f"{stem}.bw"
        write_tokens(path, received(layer), layer.token_bp, self.locus, self.sizes)
        table = with_worth(summarise_heads(layer, self.locus.tokens(layer.token_bp)), self.worth)
        self.tables.append(table)
        self._add_arcs(layer, np.flatnonzero(table["change"] >= WITHOUT_WORTH).tolist())
        panels = self._panels(layer, table["change"].tolist(), MOST_TOKENS)
        save_figure(plot_maps(panels, self.locus.region.chrom), self.folder / "heads" / stem)
        rows = self.worth[(self.worth["layer"] == str(layer.layer)) & (self.worth["head"] == "all")]
        change = float(rows["change"].item())
        mean = np.mean([panel.weights for panel in panels], axis=0)
        self.panels.append(panels[0]._replace(title=layer.name, weights=mean, change=change))
        if layer.layer == 1:
            self._draw_letters(layer, table["change"].tolist())
            self._draw_windows(layer, change)

    def _add_arcs(self, layer: LayerMap, heads: list[int]) -> None:
        found, pairs = strongest_pairs(layer, self.locus, heads, self.most)
        self.arcs, self.pairs = heapq.nlargest(self.most, self.arcs + found), self.pairs + pairs

    def _draw_letters(self, layer: LayerMap, changes: list[float]) -> None:
        panels = self._panels(layer, changes, _ZOOM_TOKENS)
        first = panels[0].start - self.locus.start
        held = self.locus.dna[first : first + len(panels[0].weights) * layer.token_bp]
        save_figure(plot_zoom(panels, self.locus.region.chrom, to_text(held)), self.folder / "zoom")

    def _draw_windows(self, layer: LayerMap, change: float) -> None:
        """The first windows without a seam in them that touch the region."""
        places, asked = layer.starts // layer.token_bp, self.locus.tokens(layer.token_bp)
        touching = ((places >= asked.start) & (places < asked.stop)).any(1) & (places[:, 0] < places[:, -1])
        panels = [
            MapPanel(
                f"{layer.name}, window {number + 1}",
                int(layer.starts[number, 0]) + self.locus.start,
                layer.token_bp,
                layer.weights[:, number].mean(0),
                change,
            )
            for number in np.flatnonzero(touching)[:_MOST_WINDOWS]
        ]
        save_figure(plot_maps(panels, self.locus.region.chrom), self.folder / "windows")

    def _view(self, layer: LayerMap, most: int) -> slice:
        """At most so many tokens around the middle of the region."""
        tokens = self.locus.tokens(layer.token_bp)
        total, middle = layer.starts.size, (tokens.start + tokens.stop) // 2
        length = min(most, total)
        first = min(max(middle - length // 2, 0), total - length)
        return slice(first, first + length)

    def _panels(self, layer: LayerMap, changes: list[float], most: int) -> list[MapPanel]:
        view = self._view(layer, most)
        start = self.locus.start + view.start * layer.token_bp
        return [
            MapPanel(f"{layer.name}, head {head}", start, layer.token_bp, weights, change)
            for head, (weights, change) in enumerate(zip(layer.dense(view), changes, strict=True), start=1)
        ]

    def finish(self) -> None:
        import pandas as pd

        write_tsv(self.folder / "heads.tsv", pd.concat(self.tables, ignore_index=True), float_format="%.6g")
        write_interact(self.folder / "arcs.interact", self.arcs, self.locus)
        write_bedpe(self.folder / "arcs.bedpe", self.arcs, self.locus)
        save_figure(plot_maps(self.panels, self.locus.region.chrom), self.folder / "layers")
