"""The figures of the paper that a model can draw, by the bundled model on the example data's genome: docs/figures.

    python benchmarks/paper_figures.py [--model MODEL] [--region chr1:4,801-6,000] [--out docs/figures]

The genome is made up, and so are its tracks (example_data/README.md): the figures show what genint draws, not biology.
Paper's figures 2 (track by track against another model), 3 (measured and predicted along a locus), 4(a) (a map per
layer), 4(b) (heads of a layer), C.1 (windows), C.2 (letters), and rollout. Each PNG is below 250 kB.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image

from genint.arrays import F32
from genint.console import Console
from genint.datasets.build import make_dataset
from genint.datasets.dataset import TrackDataset
from genint.datasets.splits import Split
from genint.evaluation.profiles import Profiles
from genint.evaluation.results import ModelScores, Score
from genint.genome.fasta import Genome
from genint.genome.grid import touched_bins
from genint.genome.region import Region
from genint.interpretation.attention.folder import attention_to_folder
from genint.models.attention_off import turn_attention_off
from genint.models.bundled import DEFAULT_MODEL
from genint.models.folder import Model, load_model
from genint.prediction.in_memory import predict_regions
from genint.reporting.plots import plot_profiles, plot_scores

EXAMPLE = Path(__file__).parent.parent / "example_data"
# The simulated track that a track of the bundled model is compared with, by the beginning of its name; strands agree.
SIMULATED = {"atac": "atac", "cage": "cage", "rna": "rna", "chip_orc6": "chip_orc"}
SHOWN = ("atac_cuts", "cage_slic_plus", "cage_slic_minus", "rna_wt_plus", "rna_wt_minus")
FROM_FOLDER = {
    "layers": "figure_4a",
    "heads/09_final_1": "figure_4b",
    "windows": "figure_c1",
    "zoom": "figure_c2",
    "rollout": "rollout",
}
MOST_BYTES = 250_000  # of a figure
LOCUS = Region("chr2", 30_000, 55_000)


def simulated_name(identifier: str) -> str | None:
    """rna_wt_plus -> rna_plus; None for a track that nothing is simulated for."""
    name = next((name for start, name in SIMULATED.items() if identifier.startswith(start)), None)
    strand = next((f"_{strand}" for strand in ("plus", "minus") if identifier.endswith(strand)), "")
    return name and name + strand


class Tracks:
    """Measured values and predictions of both models over the example genome, by chromosome, on scales of their own."""

    def __init__(self, model: Model, folder: Path) -> None:
        self.model, self.other = model, turn_attention_off(model)
        assert self.other is not None
        with Genome(EXAMPLE / "genome.fa") as genome:
            split = Split(valid=["chr3"], test=["chr2"])
            make_dataset(genome, EXAMPLE / "tracks.tsv", folder, split=split, exclude=[EXAMPLE / "exclude.bed"])
            whole = [Region(chrom, 0, length) for chrom, length in genome.sizes.items()]
            self.predicted = {each.name: self._predict(each, genome, whole) for each in (model, self.other)}
        dataset = TrackDataset(folder)
        names = [track.identifier for track in dataset.tracks]
        self.measured: dict[str, F32] = {}
        for segment in dataset.segments:
            bins = (segment.end - segment.start) // dataset.bin_bp
            if segment.start == 0:  # whole chromosomes are compared as far as their first gap
                self.measured[segment.chrom] = dataset.targets(segment, 0, bins)
        named = [(column, simulated_name(track.identifier)) for column, track in enumerate(model.tracks)]
        self.pairs = [(column, names.index(name)) for column, name in named if name]

    def _predict(self, model: Model, genome: Genome, whole: list[Region]) -> dict[str, F32]:
        found = predict_regions(genome, whole, model, scale="model", dtype="float32", threads=1)
        return {region.chrom: data.values for region, data in zip(whole, found, strict=True)}

    def score(self, name: str) -> ModelScores:
        """r per track over all bins that both have."""
        scores = []
        for column, measured in self.pairs:
            columns = [
                (self.predicted[name][chrom][: len(values), column], values[:, measured])
                for chrom, values in self.measured.items()
            ]
            x, y = (np.concatenate(parts) for parts in zip(*columns, strict=True))
            known = np.isfinite(x) & np.isfinite(y)
            track = self.model.tracks[column]
            assay, r = track.description.split(":")[0], float(np.corrcoef(x[known], y[known])[0, 1])
            scores.append(Score(name, track.identifier, assay, int(known.sum()), r, np.nan, np.nan))
        return ModelScores(name, scores, np.nan, {})

    def profiles(self, region: Region) -> tuple[list[str], Profiles]:
        """SHOWN along a region; predictions scaled to the mean of what was measured on the chromosome."""
        bins, names = touched_bins(region, self.model.geometry.bin_bp), []
        measured, predicted = [], []
        for column, known in self.pairs:
            identifier = self.model.tracks[column].identifier
            if identifier not in SHOWN:
                continue
            truth, values = self.measured[region.chrom][:, known], self.predicted[self.model.name][region.chrom]
            names.append(identifier)
            measured.append(truth[bins])
            predicted.append(values[bins, column] * np.nanmean(truth) / np.nanmean(values[: len(truth), column]))
        start = bins.start * self.model.geometry.bin_bp
        return names, Profiles(start, np.stack(measured, 1), {"predicted": np.stack(predicted, 1)})


def figures(model: Model, region: str, folder: Path) -> Iterator[tuple[str, Path]]:
    """The name of each, and the PNG that it is drawn to."""
    tracks = Tracks(model, folder / "dataset")
    (other,) = (name for name in tracks.predicted if name != model.name)
    names, profiles = tracks.profiles(LOCUS)
    drawn = {
        "figure_2": plot_scores(tracks.score(other), tracks.score(model.name)),
        "figure_3": plot_profiles(LOCUS.chrom, model.geometry.bin_bp, names, profiles),
    }
    for name, figure in drawn.items():
        figure.savefig(folder / f"{name}.png", dpi=100)
        yield name, folder / f"{name}.png"
    attention_to_folder(EXAMPLE / "genome.fa", region, folder / "attention", model, console=Console())
    for source, name in FROM_FOLDER.items():
        yield name, folder / "attention" / f"{source}.png"


def save_small(source: Path, target: Path) -> None:
    """A PNG of 256 colours, as large as MOST_BYTES allow."""
    with Image.open(source) as image:
        plain = image.convert("RGB")
    for width in range(min(plain.width, 1_500), 0, -100):
        size = (width, plain.height * width // plain.width)
        plain.resize(size, Image.Resampling.LANCZOS).quantize(256).save(target, optimize=True)
        if target.stat().st_size < MOST_BYTES:
            return


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=DEFAULT_MODEL)
    parser.add_argument("--region", default="chr1:4,801-6,000")
    parser.add_argument("--out", type=Path, default=EXAMPLE.parent / "docs" / "figures")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as folder:
        for name, png in figures(load_model(options.model), options.region, Path(folder)):
            save_small(png, options.out / f"{name}.png")
            print(name, f"{(options.out / f'{name}.png').stat().st_size / 1e3:.0f} kB", flush=True)


if __name__ == "__main__":
    main()
