"""Every augmentation, against a plain loop: each bin looks for the windows it lies in and runs the model itself."""

from pathlib import Path

import numpy as np
import pytest
import torch

from genint.console import Console
from genint.errors import InputError, OutputError
from genint.genome import dna
from genint.genome.bed import BedRow
from genint.genome.fasta import Genome
from genint.genome.grid import Geometry
from genint.genome.region import Region
from genint.models.folder import Model, load_model
from genint.models.registry import build
from genint.prediction.in_memory import predict_regions
from genint.prediction.job import Options, prepare
from genint.prediction.settings import PredictSettings
from genint.prediction.to_folder import predict_job, predict_to_folder
from genint.prediction.windows import Augmentation
from tests.conftest import save_copy, tiny_config
from tests.datasets.made_up import write_relatives
from tests.prediction.test_to_folder import BIN, values

CORE_BP, CONTEXT_BP, CORE = 2_048, 128, 16
SIZES = {"edge": 5_000, "small": 300, "exact": 4_096}
N_RUN = (2_000, 2_700)  # on `edge`
COMBINATIONS = [  # every two values of two settings together
    {"rc": (number + place) % 2 == 1, "shifts": shifts, "overlap": overlap}
    for number, shifts in enumerate(((0,), (-3, 0, 7), (127, -127)))
    for place, overlap in enumerate((0.0, 0.25, 0.5, 0.8))
]
COMBINATIONS.append({"rc": True, "shifts": (0,), "overlap": 0.93})  # a window begins at every bin


@pytest.fixture(scope="module")
def genome(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("genome") / "small.fa"
    rng = np.random.default_rng(3)
    with open(path, "w") as file:
        for name, size in SIZES.items():
            bases = rng.choice(list("ACGT"), size)
            if name == "edge":
                bases[slice(*N_RUN)] = "N"
            file.write(f">{name}\n{''.join(bases)}\n")
    return path


@pytest.fixture(scope="module")
def model(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Model:
    """With weights large enough that every base it reads shows in what it predicts.

    Its blocks merge alone, and its one attention is over bins: a third of the tiny model's time.
    """
    config = tiny_config(block={"heads": 0, "hidden": 0})
    torch.manual_seed(1)
    original = load_model(tiny_model)
    module = build("interpreter", config, len(original.tracks))
    model = load_model(save_copy(tmp_path_factory.mktemp("models") / "quick", original, module=module))
    for weights in model.module.parameters():
        weights.mul_(1.5)
    return model


class Slow:
    """Predictions bin by bin, one window at a time, each forward pass once."""

    def __init__(self, genome: Path, model: Model, augmentation: dict[str, object]) -> None:
        self.model, self.augmentation = model, augmentation
        with Genome(genome) as opened:
            self.dna = {chrom: opened.tokens(chrom, 0, size) for chrom, size in opened.sizes.items()}
        self.outputs: dict[tuple[str, int, int, bool], np.ndarray] = {}
        self.partner = [[t.identifier for t in model.tracks].index(track.strand_pair) for track in model.tracks]

    def predict(self, chrom: str, first_bin: int, shift: int, reverse: bool) -> np.ndarray:
        """(core_bins, T), as on the forward strand."""
        key = (chrom, first_bin, shift, reverse)
        if key not in self.outputs:
            start = first_bin * BIN - CONTEXT_BP + shift
            bases = [
                int(self.dna[chrom][base]) if 0 <= base < SIZES[chrom] else dna.UNKNOWN
                for base in range(start, start + CORE_BP + 2 * CONTEXT_BP)
            ]
            if reverse:
                bases = [3 - base if base < 4 else base for base in bases[::-1]]
            with torch.inference_mode():
                found = self.model.module(torch.tensor([bases], dtype=torch.uint8))[0].numpy()
            self.outputs[key] = found[::-1][:, self.partner] if reverse else found
        return self.outputs[key]

    def bin(self, chrom: str, number: int) -> np.ndarray:
        """(T,) on the model's scale."""
        stride = round((1 - float(self.augmentation["overlap"])) * CORE)  # type: ignore[arg-type]
        total, weight = np.zeros(len(self.partner)), 0.0
        for first_bin in range(-stride * (CORE // stride + 1), number + 1, stride):
            offset = number - first_bin
            if offset >= CORE:
                continue
            counts = min(offset + 1, CORE - offset) if self.augmentation["overlap"] else 1
            for shift in self.augmentation["shifts"]:  # type: ignore[attr-defined]
                for reverse in (False, True) if self.augmentation["rc"] else (False,):
                    total += counts * self.predict(chrom, first_bin, shift, reverse)[offset].astype(np.float64)
                    weight += counts
        return total / weight

    def is_masked(self, chrom: str, number: int) -> bool:
        return (self.dna[chrom][number * BIN : (number + 1) * BIN] > 3).mean() > 0.5


def fast(genome: Path, model: Model, regions: list[Region], out: Path, **augmentation: object) -> dict[str, np.ndarray]:
    """(bins, T) of every chromosome, on the model's scale."""
    how = Options(scale="model", augmentation=Augmentation(**augmentation), batch_size=3)  # type: ignore[arg-type]
    rows = [BedRow("", region, ".") for region in regions]
    with Genome(genome) as opened:
        predict_job(prepare(opened, rows, [model], options=how), out, console=Console(quiet=True))
    files = [out / name for name in model.tracks.file_names()]
    return {chrom: np.stack([values(file, chrom)[::BIN] for file in files], axis=1) for chrom in SIZES}


WHOLE = [Region(chrom, 0, size) for chrom, size in SIZES.items()]


@pytest.mark.parametrize("augmentation", COMBINATIONS, ids=str)
def test_every_bin_is_what_a_plain_loop_over_its_windows_gives_whatever_else_is_requested(
    augmentation: dict[str, object], genome: Path, model: Model, tmp_path: Path
) -> None:
    slow, found = Slow(genome, model, augmentation), fast(genome, model, WHOLE, tmp_path / "whole", **augmentation)
    n_masked = 0
    for chrom, bins in found.items():
        for number, predicted in enumerate(bins):
            if slow.is_masked(chrom, number):
                n_masked += 1
                assert np.isnan(predicted).all()
            else:
                np.testing.assert_allclose(predicted, slow.bin(chrom, number), rtol=2e-5, atol=1e-5)
    assert n_masked == 5
    pieces = [Region("exact", 4_095, 4_096), Region("edge", 1_900, 2_100), Region("edge", 4_990, 5_000)]
    for chrom, bins in fast(genome, model, pieces, tmp_path / "pieces", **augmentation).items():
        requested = ~np.isnan(bins[:, 0])
        assert requested.any() == (chrom != "small")
        assert np.array_equal(bins[requested], found[chrom][requested])


def test_what_an_augmentation_changes_can_be_seen(genome: Path, model: Model, tmp_path: Path) -> None:
    """Else the loop above would prove nothing."""
    plain = fast(genome, model, WHOLE, tmp_path / "plain")["exact"]
    for name, views in (("rc", {"rc": True}), ("shifts", {"shifts": (0, 1)}), ("overlap", {"overlap": 0.5})):
        changed = fast(genome, model, WHOLE, tmp_path / name, **views)["exact"]
        assert (abs(changed - plain) > 1e-4).mean() > 0.1, name


@pytest.mark.parametrize("overlap", [-0.1, 1.0, float("nan")])
def test_an_overlap_of_a_whole_window_or_less_than_none_is_refused(overlap: float) -> None:
    with pytest.raises(ValueError, match="overlap"):
        Augmentation(overlap=overlap)


def test_shifts_are_told_apart_and_less_than_a_bin() -> None:
    geometry = Geometry(core_bp=CORE_BP, context_bp=CONTEXT_BP, bin_bp=BIN)
    for shifts in ((), (1, 1)):
        with pytest.raises(ValueError, match="shifts"):
            Augmentation(shifts=shifts)
    with pytest.raises(InputError, match="`shifts` -128"):
        Augmentation(shifts=(0, -128)).stride(geometry)
    with pytest.raises(InputError, match=r"at most 0\.9375"):
        Augmentation(overlap=0.98).stride(geometry)
    assert Augmentation(overlap=0.9375).stride(geometry) == 1


@pytest.mark.parametrize("augmentation", [{}, {"rc": True, "shifts": (-3, 7), "overlap": 0.5}], ids=str)
def test_relatives_weigh_as_much_as_the_genome_together(
    augmentation: PredictSettings, genome: Path, model: Model, tmp_path: Path
) -> None:
    settings: PredictSettings = {"scale": "model", "max_n": 1, **augmentation}
    table = write_relatives(tmp_path, genome, n=3)
    alone = {
        file: list(predict_regions(file, WHOLE, model, **settings))
        for file in (genome, *sorted(tmp_path.glob("relative?.fa")))
    }
    together = list(predict_regions(genome, WHOLE, model, relatives=table, **settings))
    for number, tracks in enumerate(together):
        own, *others = (found[number].values for found in alone.values())
        np.testing.assert_allclose(tracks.values, 0.5 * own + 0.5 * np.mean(others, axis=0), rtol=1e-5, atol=1e-6)
        assert not np.allclose(tracks.values, own, atol=1e-4)


def test_masks_are_the_genome_s_and_a_run_knows_its_relatives(genome: Path, model: Model, tmp_path: Path) -> None:
    table = write_relatives(tmp_path / "relatives", genome, n=1)
    file = table.parent / "relative0.fa"
    file.write_text(genome.read_text().replace("N", "A"))
    for name, relatives in (("plain", None), ("related", table)):
        predict_to_folder(genome, WHOLE, model, tmp_path / name, relatives=relatives)
    plain, related = (values(tmp_path / name / "atac.bw", "edge") for name in ("plain", "related"))
    assert np.array_equal(np.isnan(plain), np.isnan(related))
    assert np.isnan(plain).any()
    again = predict_to_folder(genome, WHOLE, model, tmp_path / "related", relatives=table)
    assert [each["name"] for each in again["plan"]["options"]["relatives"]] == ["relative 0"]
    file.write_text(file.read_text().replace("ACG", "ACC", 1))
    with pytest.raises(OutputError, match=r"options\.relatives 1\.\w+ was"):
        predict_to_folder(genome, WHOLE, model, tmp_path / "related", relatives=table)
