"""A new architecture is one file and one line: this one is made here, registered, saved, loaded, and used."""

from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from genint.genome.fasta import Genome
from genint.models.base import Architecture, ModelConfig, TrackModel
from genint.models.describe import describe
from genint.models.folder import load_model, save_model
from genint.models.registry import ARCHITECTURES, build
from genint.tracks.table import read_tracks
from tests.conftest import EXAMPLE, Run


@dataclass(frozen=True, kw_only=True)
class CompositionConfig(ModelConfig):
    core_bp: int = 512
    context_bp: int = 128
    channels: int = 8


class Composition(TrackModel):
    """A prediction from the bases that a bin is made of, whatever their order."""

    config: CompositionConfig

    def __init__(self, config: CompositionConfig, n_tracks: int) -> None:
        super().__init__(config, n_tracks)
        self.mix = nn.Linear(4, config.channels)
        self.make_head(config.channels)

    def trunk(self, one_hot: Tensor) -> Tensor:
        mixed: Tensor = self.mix(one_hot.unflatten(1, (-1, self.config.bin_bp)).mean(2))
        return mixed


@pytest.fixture
def saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setitem(
        ARCHITECTURES, "composition", Architecture(CompositionConfig, Composition, {"small": CompositionConfig})
    )
    tracks = read_tracks(EXAMPLE / "tracks.tsv")
    torch.manual_seed(0)
    with Genome(EXAMPLE / "genome.fa") as genome:
        module = build("composition", CompositionConfig(channels=5), len(tracks))
        save_model(tmp_path / "model", module, tracks, genome.assembly, architecture="composition")
    return tmp_path / "model"


def test_it_loads_as_it_was_saved(saved: Path) -> None:
    model = load_model(saved)
    torch.manual_seed(0)
    again = build("composition", CompositionConfig(channels=5), 7)
    assert (model.config, model.architecture) == (CompositionConfig(channels=5), "composition")
    tokens = torch.randint(0, 5, (2, 768), dtype=torch.uint8)
    with torch.no_grad():
        assert torch.equal(model.module(tokens), again(tokens))


def test_gradients_reach_the_bases_of_a_bin_and_no_others(saved: Path) -> None:
    one_hot = torch.full((1, 768, 4), 0.25, requires_grad=True)
    (gradient,) = torch.autograd.grad(load_model(saved).module(one_hot)[0, 2].sum(), one_hot)
    assert torch.nonzero(gradient[0].abs().sum(1)).flatten().tolist() == list(range(384, 512))


def test_commands_take_it(saved: Path, tmp_path: Path, genint: Run) -> None:
    assert describe(str(saved), 1)["parameters"] == 4 * 5 + 5 + 2 * 5 + 5 * 7 + 7
    finished = genint(
        "predict", EXAMPLE / "genome.fa", "--region", "chr1:1-600", "-m", saved, "-o", tmp_path / "out", "-p", 1
    )
    assert finished.code == 0, finished.err
    assert len(list((tmp_path / "out").glob("*.bw"))) == 7
