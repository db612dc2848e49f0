"""The model card says what was learned and how."""

from pathlib import Path

from genint.datasets.dataset import TrackDataset
from genint.models.folder import load_model
from genint.training.model_card import write_card
from tests.conftest import Run
from tests.training.runs import Killed, killed_at, settings, tiny_presets, weights  # noqa: F401  a fixture


def test_the_model_folder_predicts_and_its_card_says_how_it_was_made(
    example_dataset: Path, tmp_path: Path, genint: Run, example: Path
) -> None:
    config = tmp_path / "run.toml"
    config.write_text('preset = "tiny"\nsteps = 2\nvalidate_every = 2\nbatch_size = 2\n')
    assert genint("train", example_dataset, "-o", tmp_path / "model", "--config", config, "--seed", 3).code == 0
    card = (tmp_path / "model" / "README.md").read_text()
    assert "train: chr1" in card
    assert "seed=3" in card
    finished = genint(
        "predict", example / "genome.fa", "--chroms", "chr3", "-m", tmp_path / "model", "-o", tmp_path / "out"
    )
    assert finished.code == 0, finished.err


def test_a_card_names_splits_assays_and_the_score(example_dataset: Path, tiny_model: Path) -> None:
    training = {"preset": "", "val_pearson": 0.12345, "command": "genint train x", "seed": 7, "dataset": "digest"}
    dataset, module = TrackDataset(example_dataset), load_model(tiny_model).module
    card = write_card("tiny", "interpreter", module, training, dataset)
    for line in (
        "# tiny",
        "A model, interpreter, of 7 tracks (ATAC, CAGE, CHIP, RNA) in bins of 128 bp from 2,304 bp of DNA.",
        "- train: chr1",
        "- valid: chr3",
        "- test: chr2",
        "- Best mean validation Pearson over tracks: 0.1235",
        "- Command: `genint train x`",
        "- Settings: preset=, seed=7",
    ):
        assert line in card.splitlines()
    assert "not known" in write_card("tiny", "interpreter", module, training | {"val_pearson": None}, dataset)
