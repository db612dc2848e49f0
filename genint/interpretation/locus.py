"""The window of DNA that a model reads to explain what it predicts in a region."""

from dataclasses import dataclass

import numpy as np

from genint.errors import InputError
from genint.genome.chromosome_names import listed
from genint.genome.dna import Tokens
from genint.genome.dna_source import Chromosomes, DnaSource
from genint.genome.grid import Geometry, Tile, touched_bins
from genint.genome.region import Region
from genint.models.folder import Model
from genint.models.interpreter import GenomicInterpreter


@dataclass(frozen=True)
class Locus:
    """A region and the input of a model around it, which may reach past the chromosome's ends."""

    region: Region
    start: int  # of the input; a multiple of bin_bp
    geometry: Geometry
    chrom_bp: int
    dna: Tokens  # (input_bp,)

    @property
    def core(self) -> Region:
        """What the model predicts of it; may reach past the chromosome's end."""
        start = self.start + self.geometry.context_bp
        return Region(self.region.chrom, start, start + self.geometry.core_bp)

    @property
    def core_bins(self) -> slice:
        """The bins of the model's output that the region touches."""
        touched, bin_bp = touched_bins(self.region, self.geometry.bin_bp), self.geometry.bin_bp
        first = (self.start + self.geometry.context_bp) // bin_bp
        return slice(touched.start - first, touched.stop - first)

    def tokens(self, token_bp: int) -> slice:
        """The tokens of the input, of `token_bp` each, that hold a base of the region."""
        return slice((self.region.start - self.start) // token_bp, -(-(self.region.end - self.start) // token_bp))


def find_locus(genome: DnaSource, region: Region, geometry: Geometry) -> Locus:
    """The tile that holds the region, so that bins have the values that predict gives them.

    A region across a border of tiles is put in the middle of a window of its own, which begins with a bin. Raises
    InputError for a region longer than the model predicts in one go, and as `clip_region` does.
    """
    region = clip_region(region, genome, "region")
    bins, bin_bp = touched_bins(region, geometry.bin_bp), geometry.bin_bp
    if bins.stop - bins.start > geometry.core_bins:
        raise InputError(
            f"`region` {region}: is {len(region):,} bp long, and the model predicts {geometry.core_bp:,} bp in one go. "
            "Give a shorter one"
        )
    index = bins.start // geometry.core_bins
    start = Tile(region.chrom, index).input(geometry)[0]
    if (bins.stop - 1) // geometry.core_bins != index:
        start = ((bins.start + bins.stop - geometry.core_bins) // 2) * bin_bp - geometry.context_bp
    dna = genome.tokens(region.chrom, start, start + geometry.input_bp)
    return Locus(region, start, geometry, genome.sizes[region.chrom], np.asarray(dna))


def clip_region(region: Region, genome: Chromosomes, parameter: str) -> Region:
    """The bases of a region that its chromosome has.

    Raises InputError, by the name of the parameter that gave it, where there is no such base or chromosome.
    """
    if region.chrom not in genome.sizes:
        raise InputError(
            f"`{parameter}` {region}: {genome} has no chromosome {region.chrom}. Expected one of {listed(genome.sizes)}"
        )
    length = genome.sizes[region.chrom]
    if region.start >= length:
        raise InputError(
            f"`{parameter}` {region}: starts past the end of {region.chrom}, which is {length:,} bp long. "
            "Give one that lies there"
        )
    return Region(region.chrom, region.start, min(region.end, length))


def attending_module(model: Model) -> GenomicInterpreter:
    """The network of a model whose attention can be read. Raises InputError for any other."""
    module = model.module
    if not isinstance(module, GenomicInterpreter):
        raise InputError(
            f"`model` {model.name}: attention can be read of an interpreter, and this is {model.architecture}"
        )
    if not any(layer.heads for layer in (*module.config.blocks, *module.config.final)):
        raise InputError(f"`model` {model.name}: no layer has attention (heads=0). Choose another model")
    return module
