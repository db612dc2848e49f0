"""What to score variants with and how, as callers give it, and the job that it makes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypedDict

import numpy as np
import torch

from genint.choices import Dtype
from genint.console import Console
from genint.genome.chromosome_names import read_aliases, reconcile_known
from genint.genome.dna_source import DnaSource
from genint.interpretation.variants.genes import Genes, read_genes
from genint.interpretation.variants.windows import VariantGrid
from genint.models.folder import Model, load_model
from genint.prediction.devices import choose_devices, choose_dtype, describe_device
from genint.prediction.inference import Engine
from genint.prediction.settings import AnyModel, compare_genomes
from genint.prediction.task import PredictTracks
from genint.tracks.table import TrackTable
from genint.tracks.transforms import Transform


class VariantSettings(TypedDict, total=False):
    """Keyword arguments that every function for variants takes; each may be left out.

    `tracks`: identifiers, regular expressions over identifier and description, or @FILE; all tracks by default.
    `rc`: average over both strands. `width`: bp around an allele that are summed, see VariantGrid.make.
    `genes`: BED of intervals that each get a sum of their own. `aliases`: a UCSC chromAlias.txt.
    `device`, `threads`, `batch_size`: as in PredictSettings. `dtype`: float32 unless chosen otherwise, as the effect of
    most variants is smaller than what bfloat16 rounds away.
    """

    tracks: str | Sequence[str]
    rc: bool
    width: int
    genes: Path | str
    aliases: Path | str
    device: str
    dtype: Dtype
    threads: int
    batch_size: int


@dataclass(frozen=True, kw_only=True)
class VariantJob:
    """All that is known before the first variant is read."""

    genome: DnaSource
    model: Model
    columns: Sequence[int]
    grid: VariantGrid
    genes: Genes
    rc: bool
    devices: tuple[torch.device, ...]
    dtype: torch.dtype
    threads: int
    batch_size: int
    aliases: list[list[str]] | None

    @property
    def tracks(self) -> TrackTable:
        """Those that are scored."""
        return self.model.tracks.subset(self.columns)

    @property
    def transform(self) -> Transform:
        """Between coverage and the model's scale."""
        return self.tracks.transform(self.model.geometry.bin_bp)

    def engine(self) -> Engine:
        """What runs the model."""
        columns = np.array(self.columns)
        task = PredictTracks(
            modules=[self.model.module],
            columns=columns,
            partners=self.model.tracks.partners[columns],
            dtype=self.dtype,
            batch_size=self.batch_size,
        )
        return Engine(task, self.devices, self.threads)

    def find_chrom(self, name: str, asked_by: str) -> str | None:
        """The genome's name of a chromosome, None if it has none. InputError where it could be two."""
        found = reconcile_known(
            [name], self.genome.sizes, asked_by=asked_by, known_by=str(self.genome), aliases=self.aliases
        )
        return found.get(name)

    def plan(self) -> Mapping[str, Any]:
        """What decides the scores, as JSON."""
        device = self.devices[0].type
        return {
            "genome": self.genome.identity(),
            "model": {"name": self.model.name, "digest": self.model.digest},
            "tracks": [track.identifier for track in self.tracks],
            "width": self.grid.width,
            "genes": self.genes.digest,
            "rc": self.rc,
            "aliases": self.aliases,
            "device": device,
            "dtype": str(self.dtype).removeprefix("torch."),
            "batch_size": "any" if device == "cpu" else self.batch_size,
            "versions": {name: version(name) for name in ("genint", "torch")},
        }


def plan_variants(
    genome: DnaSource, model: AnyModel, settings: VariantSettings, console: Console | None = None
) -> VariantJob:
    """Load the model and check the settings. InputError for whatever does not fit."""
    console = console or Console(quiet=True)
    loaded = model if isinstance(model, Model) else load_model(model)
    devices = choose_devices(settings.get("device", "auto"))
    dtype = choose_dtype(settings.get("dtype", "float32"), devices[0])
    console.say(describe_device(devices[0], dtype, settings.get("threads", 0)))
    compare_genomes(loaded, genome, console)
    tracks, aliases = settings.get("tracks"), settings.get("aliases")
    names = read_aliases(Path(aliases)) if aliases else None
    genes = settings.get("genes")
    return VariantJob(
        genome=genome,
        model=loaded,
        columns=loaded.tracks.select(tracks) if tracks is not None else range(len(loaded.tracks)),
        grid=VariantGrid.make(loaded.geometry, settings.get("width")),
        genes=read_genes(genes, genome, names) if genes else Genes({}),
        rc=settings.get("rc", False),
        devices=devices,
        dtype=dtype,
        threads=settings.get("threads", 0),
        batch_size=settings.get("batch_size", 8),
        aliases=names,
    )
