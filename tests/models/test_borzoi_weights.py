"""Importing Borzoi and Flashzoi: the weights arrive where they belong, and the folder works like any other."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file

from genint.genome.fasta import Genome
from genint.models.borzoi import BorzoiConfig, flashzoi
from genint.models.borzoi_weights import DEFAULTS, borzoi_config, import_borzoi
from genint.models.folder import load_model
from genint.models.published import Source
from genint.tracks.table import Track, TrackTable
from tests.conftest import EXAMPLE, Run
from tests.models import borzoi_reference as reference

TRACKS = EXAMPLE / "tracks.tsv"
INPUT_BP = 4_096


@pytest.fixture(scope="module", params=[False, True], ids=["borzoi", "flashzoi"])
def source(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return reference.write_source(tmp_path_factory.mktemp("borzoi") / "source", flashed=request.param)


def test_a_folder_predicts_what_the_published_tensors_do(source: Path, tmp_path: Path) -> None:
    model = import_borzoi(str(source), tmp_path / "model", TRACKS, input_bp=INPUT_BP)
    with Genome(EXAMPLE / "genome.fa") as genome:
        tokens = torch.from_numpy(genome.tokens("chr1", 3_000, 3_000 + INPUT_BP))[None]
    with torch.no_grad():
        found = model.module(tokens)
        weights = load_file(source / "model.safetensors")
        expected = reference.predict(weights, model.module.one_hot(tokens).mT, heads=2, depth=1, keep=64)
    assert found.shape == (1, 64, 7)
    torch.testing.assert_close(found, expected.mT, rtol=1e-4, atol=1e-6)


def test_each_head_has_its_own_tracks(source: Path, tmp_path: Path) -> None:
    model = import_borzoi(str(source), tmp_path / "human", TRACKS, input_bp=INPUT_BP)
    (tmp_path / "mouse.tsv").write_text("identifier\nfirst\nsecond\n")
    mouse = import_borzoi(str(source), tmp_path / "mouse", tmp_path / "mouse.tsv", head="mouse", input_bp=INPUT_BP)
    tensors = load_file(source / "model.safetensors")
    assert torch.equal(model.module.head.weight, tensors["human_head.weight"].squeeze(2))
    assert torch.equal(mouse.module.head.weight, tensors["mouse_head.weight"].squeeze(2))
    assert (model.assembly.name, mouse.assembly.name) == ("hg38", "mm10")


def test_predict_and_the_card_say_what_the_folder_is(source: Path, tmp_path: Path, genint: Run) -> None:
    command = ["models", "import", "borzoi", source, "--tracks", TRACKS, "--input-bp", INPUT_BP]
    finished = genint(*command, "--genome", EXAMPLE / "genome.fa.fai", "-o", tmp_path / "model")
    assert finished.code == 0, finished.err
    assert finished.out == f"{tmp_path / 'model'}\n"
    card = (tmp_path / "model" / "README.md").read_text()
    assert str(source) in card
    assert ("# Flashzoi" in card) == ("mha" in " ".join(load_file(source / "model.safetensors")))
    predict = ["predict", EXAMPLE / "genome.fa", "--chroms", "chr3", "-m", tmp_path / "model", "--dtype", "float32"]
    finished = genint(*predict, "-o", tmp_path / "out")
    assert finished.code == 0, finished.err
    assert len(list((tmp_path / "out").glob("*.bw"))) == 7


@pytest.mark.parametrize("recipe", ["old", "new"])
def test_the_folder_s_tracks_keep_how_they_were_squashed(recipe: Any, source: Path, tmp_path: Path) -> None:
    import_borzoi(str(source), tmp_path / "model", TRACKS, recipe=recipe, input_bp=INPUT_BP)
    assert {track.transform for track in load_model(tmp_path / "model").tracks} == {recipe}


@given(
    y=st.floats(0, 1_000),
    clip_soft=st.sampled_from([32.0, 64.0, 384.0]),
    scale=st.sampled_from([0.01, 0.3, 1.0, 2.0]),
    stat=st.sampled_from(["sum", "mean", "sum_sqrt"]),
)
def test_squashing_is_undone_as_the_paper_says(y: float, clip_soft: float, scale: float, stat: str) -> None:
    track = Track(
        identifier="a",
        description="",
        clip_soft=clip_soft,
        scale=scale,
        sum_stat=stat,
        strand_pair="a",
        transform="old",
    )
    found = TrackTable([track]).transform(32).invert(np.array([[y]]))
    power = 0.75 if stat == "sum_sqrt" else 1.0
    expected = reference.undo_squashing(y, clip_soft=clip_soft, scale=scale, power=power)
    per_base = expected / 32 if stat.startswith("sum") else expected  # genint's coverage is the mean per base
    np.testing.assert_allclose(found, per_base, rtol=1e-12)


def test_the_published_numbers_are_the_default() -> None:
    for flashed, config in ((False, BorzoiConfig()), (True, flashzoi())):
        names = ("conv_dna", *(f"res_tower.{2 * i}" for i in range(5)), "unet1.1", "final_joined_convs.0")
        widths = (*reference.PUBLISHED, 1920)
        biases = {f"{name}.conv_layer.bias": torch.zeros(n) for name, n in zip(names, widths, strict=True)}
        source = Source(DEFAULTS | {"flashed": flashed}, biases, Path("model.safetensors"))
        assert borzoi_config(source, input_bp=524_288) == config


def test_a_model_that_returns_all_bins_keeps_all_but_sixteen_on_each_side(tmp_path: Path) -> None:
    folder = reference.write_source(tmp_path / "source", return_center_bins_only=False)
    model = import_borzoi(str(folder), tmp_path / "model", TRACKS, input_bp=INPUT_BP)
    assert (model.geometry.core_bins, model.geometry.context_bp) == (96, 512)
