"""Explain a region by the attention of a model: labelled arrays in memory."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypedDict, Unpack

import numpy as np
import torch
from torch import Tensor

from genint.arrays import F32, Mask
from genint.console import Console
from genint.errors import InputError
from genint.genome.dna_source import DnaSource
from genint.genome.grid import requested_bins, tiles
from genint.genome.region import Region
from genint.interpretation.attention.head_summaries import summarise_heads
from genint.interpretation.attention.maps import LayerMap, visit_maps
from genint.interpretation.attention.worth import measure_worth
from genint.interpretation.attribution.regions import torch_threads
from genint.interpretation.locus import Locus, attending_module, find_locus
from genint.interpretation.sources.bin_sources import BinSources
from genint.interpretation.sources.operators import StepSettings
from genint.interpretation.sources.rollout import attention_rollout
from genint.models.folder import Model, load_model
from genint.models.interpreter import GenomicInterpreter
from genint.prediction.devices import choose_device, inference
from genint.prediction.settings import AnyGenome, AnyModel, AnyRegions, find_region, find_rows, open_genome

if TYPE_CHECKING:
    from pandas import DataFrame


class AttentionSettings(TypedDict, total=False):
    """Keyword arguments on the machine; each may be left out.

    `device`: auto, cpu, cuda, cuda:N or mps. `threads`: cores of a CPU; 1, the default, as the maps are too small for
    several to help; 0: all that the process may use.
    """

    device: str
    threads: int


class RolloutSettings(AttentionSettings, StepSettings, total=False):
    """The same, and how bins are traced back to bases: `method` and `convolutions` of `model_operators`."""


@dataclass(frozen=True)
class Attention:
    """The attention of every layer over a region, with what it is worth.

    `maps`: a LayerMap per layer, starts counted from `start` on the chromosome; `heads`: a row per head, see
    `summarise_heads`, with `change` and `r`; `worth`: the same for whole layers and all attention, too, see
    `measure_worth`; `rollout`: what the region's bins take from every base, all layers together; `prediction`:
    (core_bins, T) on the model's scale.
    """

    region: Region
    start: int
    maps: list[LayerMap]
    heads: "DataFrame"
    worth: "DataFrame"
    rollout: BinSources
    prediction: F32


def explain_attention(
    genome: AnyGenome, region: Region | str, model: AnyModel, **settings: Unpack[RolloutSettings]
) -> Attention:
    """Attention over a region of a genome, all layers in memory.

    Raises InputError for a region that the model cannot read at once, and for a model without attention to read.
    """
    loaded = model if isinstance(model, Model) else load_model(model)
    with opened_locus(genome, region, loaded, settings) as (_, locus, module, dna):
        rollout = trace_bins(loaded, locus, step_settings(settings))
        worth = measure_worth(module, [(dna, locus.core_bins)])
        maps: list[LayerMap] = []
        prediction = visit_maps(module, dna, maps.append)[0].cpu().numpy()
    return Attention(locus.region, locus.start, maps, _heads(maps, locus, worth), worth, rollout, prediction)


def step_settings(settings: RolloutSettings) -> StepSettings:
    """Those of them that `model_operators` takes, defaults filled in."""
    return {"method": settings.get("method", "norm"), "convolutions": settings.get("convolutions", "count")}


def trace_bins(model: Model, locus: Locus, steps: StepSettings) -> BinSources:
    """The rollout of a region's bins to bases."""
    bins = range(locus.core_bins.start, locus.core_bins.stop)
    rollout = attention_rollout(model, locus.dna, bins=bins, region=locus.core, **steps)
    return replace(rollout, chrom_bp=locus.chrom_bp)


def worth_over(
    genome: AnyGenome,
    regions: AnyRegions,
    model: AnyModel,
    *,
    console: Console | None = None,
    **settings: Unpack[AttentionSettings],
) -> "DataFrame":
    """The worth table of a model over the bins that regions touch; see `measure_worth`. Errors as predict_regions."""
    console = console or Console(quiet=True)
    loaded = model if isinstance(model, Model) else load_model(model)
    geometry = loaded.geometry
    with open_genome(genome) as opened, _reading(loaded, settings) as module:
        rows = [row.region for row in find_rows(regions, opened)]
        asked = requested_bins([region for region in rows if isinstance(region, Region)], opened.sizes, geometry.bin_bp)
        todo = list(tiles(asked, geometry))
        if not todo:
            raise InputError(f"`worth` {regions}: holds no base of {opened}. Give regions that do")

        def loci(advance: Callable[[int], None]) -> Iterator[tuple[Tensor, Mask]]:
            for tile in todo:
                dna = opened.tokens(tile.chrom, *tile.input(geometry))
                mask = asked[tile.chrom][tile.bins(geometry)]
                padded = np.zeros(geometry.core_bins, np.bool_)
                padded[: len(mask)] = mask
                yield torch.from_numpy(dna.copy())[None].to(module.base_codes.device), padded
                advance(1)

        with console.progress("measuring worth", len(todo), "tiles") as advance:
            return measure_worth(module, loci(advance))


@contextmanager
def opened_locus(
    genome: AnyGenome, region: Region | str, model: AnyModel, settings: AttentionSettings
) -> Iterator[tuple[DnaSource, Locus, GenomicInterpreter, Tensor]]:
    """The genome, what is read of it for a region, the network, and that DNA (1, input_bp) on its device."""
    loaded = model if isinstance(model, Model) else load_model(model)
    with _reading(loaded, settings) as module, open_genome(genome) as opened:
        locus = find_locus(opened, find_region(region, opened, "region"), loaded.geometry)
        yield opened, locus, module, torch.from_numpy(locus.dna.copy())[None].to(module.base_codes.device)


@contextmanager
def _reading(model: Model, settings: AttentionSettings) -> Iterator[GenomicInterpreter]:
    """The network on its device. In float32: what a head adds may be smaller than bfloat16 rounds."""
    device = choose_device(settings.get("device", "auto"))
    module = attending_module(model).to(device)
    with torch_threads(settings.get("threads", 1)), inference(device, torch.float32):
        yield module


def with_worth(heads: "DataFrame", worth: "DataFrame") -> "DataFrame":
    """A table of heads with the columns `change` and `r` of their rows of `measure_worth`."""
    rows = worth.set_index(["layer", "head"]).loc[
        list(zip(heads["layer"].map(str), heads["head"].map(str), strict=True))
    ]
    return heads.assign(change=rows["change"].to_numpy(), r=rows["r"].to_numpy())


def _heads(maps: list[LayerMap], locus: Locus, worth: "DataFrame") -> "DataFrame":
    import pandas as pd

    tables = [summarise_heads(layer, locus.tokens(layer.token_bp)) for layer in maps]
    return with_worth(pd.concat(tables, ignore_index=True), worth)
