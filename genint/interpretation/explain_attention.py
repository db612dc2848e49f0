"""Explain a region by the attention of a model: arrays in memory, or a folder of files and figures."""

import heapq
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from genint.arrays import F32
from genint.atomic import replacing
from genint.console import Console
from genint.errors import InputError, OutputError, cannot_write
from genint.genome.dna_source import DnaSource
from genint.genome.grid import requested_bins, tiles
from genint.genome.region import Region
from genint.interpretation.attention_browser import (
    Arc,
    strongest_pairs,
    write_bedpe,
    write_interact,
    write_received,
)
from genint.interpretation.attention_maps import LayerMap, attending_steps, visit_maps
from genint.interpretation.attention_store import AttentionStore
from genint.interpretation.head_summaries import summarise_heads
from genint.interpretation.locus import Locus, attending_module, find_locus
from genint.interpretation.worth import Bins, measure_worth
from genint.models.folder import Model, load_model
from genint.prediction.settings import AnyGenome, AnyModel, AnyRegions, find_rows, open_genome
from genint.reporting.attention_plots import MapPanel, plot_heads, plot_layers, plot_windows, plot_zoom
from genint.reporting.plots import save_figure
from genint.text import write_tsv

if TYPE_CHECKING:
    from pandas import DataFrame

MOST_TOKENS = 256  # to a side of a picture
_ZOOM_TOKENS = 40  # whose letters can be read


@dataclass(frozen=True)
class Attention:
    """The attention of every layer over a region, with what it is worth.

    `maps`: a LayerMap per layer, starts counted from `start` on the chromosome; `heads`: a row per head, see
    `summarise_heads`, with `change` and `r`; `worth`: the same for whole layers and all attention, too, see
    `measure_worth`; `prediction`: (core_bins, T) on the model's scale.
    """

    region: Region
    start: int
    maps: list[LayerMap]
    heads: "DataFrame"
    worth: "DataFrame"
    prediction: F32


def explain_attention(genome: AnyGenome, region: Region | str, model: AnyModel) -> Attention:
    """Attention over a region of a genome, all layers in memory: 13 MB for the bundled model.

    Raises InputError for a region that the model cannot read at once, and for a model without attention to read.
    """
    with _opened(genome, region, model) as (_, locus, loaded):
        module, dna = attending_module(loaded), _dna(locus, loaded)
        worth = measure_worth(module, [(dna, locus.core_bins)])
        maps: list[LayerMap] = []
        prediction = visit_maps(module, dna, maps.append)[0].cpu().numpy()
    return Attention(locus.region, locus.start, maps, _heads(maps, locus, worth), worth, prediction)


def attention_to_folder(
    genome: AnyGenome,
    region: Region | str,
    out: Path,
    model: AnyModel,
    *,
    arcs: int = 500,
    console: Console | None = None,
) -> None:
    """Write attention over a region to a folder that is not there yet, or empty. See docs/attention.md for the files.

    At most one layer's weights are in memory. `arcs`: how many of the strongest pairs go into the arc files. Raises
    InputError as explain_attention does, OutputError where the folder cannot be written.
    """
    console = console or Console(quiet=True)
    _check_out(out)
    with _opened(genome, region, model) as (opened, locus, loaded), _replacing(out) as folder:
        module, dna = attending_module(loaded), _dna(locus, loaded)
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
    kept, total = len(writer.arcs), writer.pairs
    console.say(f"arcs: the {kept:,} strongest of {total:,} pairs; `arcs` sets how many")
    everything = worth.iloc[-1]
    console.say(f"all attention off changes the prediction here by {everything.change:.1%} (r {everything.r:.3f})")


def worth_over(
    genome: AnyGenome, regions: AnyRegions, model: AnyModel, *, console: Console | None = None
) -> "DataFrame":
    """The worth table of a model over the bins that regions touch; see `measure_worth`. Errors as predict_regions."""
    console = console or Console(quiet=True)
    loaded = model if isinstance(model, Model) else load_model(model)
    module, geometry = attending_module(loaded), loaded.geometry
    with open_genome(genome) as opened:
        rows = [row.region for row in find_rows(regions, opened)]
        asked = requested_bins([region for region in rows if isinstance(region, Region)], opened.sizes, geometry.bin_bp)
        todo = list(tiles(asked, geometry))

        def loci(advance: Callable[[int], None]) -> Iterator[tuple[torch.Tensor, Bins]]:
            for tile in todo:
                dna = opened.tokens(tile.chrom, *tile.input(geometry))
                mask = asked[tile.chrom][tile.bins(geometry)]
                padded = torch.zeros(geometry.core_bins, dtype=torch.bool).numpy()
                padded[: len(mask)] = mask
                yield torch.from_numpy(dna.copy())[None].to(module.base_codes.device), padded
                advance(1)

        with console.progress("tiles", len(todo)) as advance:
            return measure_worth(module, loci(advance))


def worth_to_folder(
    genome: AnyGenome, regions: AnyRegions, out: Path, model: AnyModel, *, console: Console | None = None
) -> None:
    """Write `worth_over` as worth.tsv to a folder that is not there yet, or empty."""
    _check_out(out)
    table = worth_over(genome, regions, model, console=console)
    with _replacing(out) as folder:
        write_tsv(folder / "worth.tsv", table, float_format="%.6g")


@contextmanager
def _opened(genome: AnyGenome, region: Region | str, model: AnyModel) -> Iterator[tuple[DnaSource, Locus, Model]]:
    loaded = model if isinstance(model, Model) else load_model(model)
    attending_module(loaded)
    with open_genome(genome) as opened:
        (row,) = find_rows([region], opened)
        if not isinstance(row.region, Region):
            raise InputError(f"`region` {region}: holds no base. Expected chrom:start-end, 1-based, start <= end")
        yield opened, find_locus(opened, row.region, loaded.geometry), loaded


def _dna(locus: Locus, model: Model) -> torch.Tensor:
    return torch.from_numpy(locus.dna.copy())[None].to(model.module.base_codes.device)  # (1, input_bp)


def _check_out(out: Path) -> None:
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise OutputError(f"{out}: is not empty. Choose another `out`, or remove it")


@contextmanager
def _replacing(out: Path) -> Iterator[Path]:
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with replacing(out) as folder:
            folder.mkdir()
            yield folder
    except OSError as error:
        raise cannot_write(out, error) from None


def _with_worth(heads: "DataFrame", worth: "DataFrame") -> "DataFrame":
    return heads.assign(
        **{
            column: [
                worth[(worth["layer"] == str(row.layer)) & (worth["head"] == str(row.head))][column].item()
                for row in heads.itertuples()
            ]
            for column in ("change", "r")
        }
    )


def _heads(maps: list[LayerMap], locus: Locus, worth: "DataFrame") -> "DataFrame":
    import pandas as pd

    tables = [summarise_heads(layer, locus.tokens(layer.token_bp)) for layer in maps]
    return _with_worth(pd.concat(tables, ignore_index=True), worth)


class _Writer:
    """What is made of each layer as it passes."""

    def __init__(self, folder: Path, locus: Locus, worth: "DataFrame", most: int, sizes: dict[str, int]) -> None:
        self.folder, self.locus, self.worth, self.most, self.sizes = folder, locus, worth, most, sizes
        self.arcs: list[Arc] = []
        self.pairs = 0
        self.tables: list[Any] = []
        self.panels: list[MapPanel] = []
        for name in ("received", "heads"):
            (folder / name).mkdir()

    def add(self, layer: LayerMap) -> None:
        stem = f"{layer.layer:02}_{layer.name.replace(' ', '_')}"
        write_received(self.folder / "received" / f"{stem}.bw", layer, self.locus, self.sizes)
        table = _with_worth(summarise_heads(layer, self.locus.tokens(layer.token_bp)), self.worth)
        self.tables.append(table)
        found, pairs = strongest_pairs(layer, self.locus, self.most)
        self.arcs, self.pairs = heapq.nlargest(self.most, self.arcs + found), self.pairs + pairs
        panels = self._panels(layer, table["change"].tolist(), MOST_TOKENS)
        save_figure(plot_heads(panels, self.locus.region.chrom), self.folder / "heads" / stem)
        rows = self.worth[(self.worth["layer"] == str(layer.layer)) & (self.worth["head"] == "all")]
        mean = sum(panel.weights for panel in panels) / len(panels)
        self.panels.append(panels[0]._replace(title=layer.name, weights=mean, change=rows["change"].item()))
        if layer.layer == 1:
            self._draw_first(layer, table["change"].tolist())

    def _draw_first(self, layer: LayerMap, changes: list[float]) -> None:
        chrom = self.locus.region.chrom
        panels = self._panels(layer, changes, _ZOOM_TOKENS)
        save_figure(plot_zoom(panels, chrom, self._letters(panels[0])), self.folder / "zoom")
        windows, queries = layer.starts // layer.token_bp, self._view(layer, MOST_TOKENS)
        inside = [n for n, row in enumerate(windows) if row.min() >= queries.start and row.max() < queries.stop][:6]
        first = [
            MapPanel(layer.name, int(layer.starts[n, 0]) + self.locus.start, layer.token_bp, weights, change)
            for n in inside or [0]
            for weights, change in zip(layer.weights[:, n], changes, strict=True)
        ]
        save_figure(plot_windows(first, chrom, heads=len(changes)), self.folder / "windows")

    def _letters(self, panel: MapPanel) -> str:
        first = panel.start - self.locus.start
        held = self.locus.dna[first : first + len(panel.weights) * panel.token_bp]
        return "".join("ACGTN"[token] for token in held)

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
        write_interact(self.folder / "arcs.interact", self.arcs, self.locus.region.chrom)
        write_bedpe(self.folder / "arcs.bedpe", self.arcs, self.locus.region.chrom)
        save_figure(plot_layers(self.panels, self.locus.region.chrom), self.folder / "layers")
