"""Training: it learns, it goes on after a kill as if nothing had been, and it refuses what does not fit."""

import csv
import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from genint.bigwig import BigWigWriter
from genint.console import Console
from genint.data.make import make_dataset
from genint.data.splits import Split
from genint.data.store import DataSet
from genint.errors import InputError
from genint.genome import Genome
from genint.models.folder import ARCHITECTURES, Architecture, load_model
from genint.train import Learner, TrainConfig, read_train_config, train, write_train_config
from tests.conftest import Run, tiny_config

QUIET = Console(quiet=True)


@pytest.fixture(autouse=True)
def _tiny_preset(monkeypatch: pytest.MonkeyPatch) -> None:
    known = ARCHITECTURES["interpreter"]
    presets = {**known.presets, "tiny": tiny_config}
    monkeypatch.setitem(ARCHITECTURES, "interpreter", Architecture(known.config, known.module, presets))


def settings(**changes: Any) -> TrainConfig:
    numbers: dict[str, Any] = {"preset": "tiny", "steps": 6, "batch_size": 2, "validate_every": 2, "warmup_steps": 2}
    return TrainConfig(**{**numbers, "precision": "float32", **changes})


def weights(model: Path) -> dict[str, torch.Tensor]:
    return load_model(model).module.state_dict()


def gc_dataset(folder: Path) -> DataSet:
    """A genome of stretches that are rich in GC or in AT, and an assay that sees the former."""
    folder.mkdir()
    draw = np.random.default_rng(1)
    sizes = dict.fromkeys(("chr1", "chr2", "chr3"), 128 * 160)
    rich = {chrom: draw.integers(0, 2, 160) for chrom in sizes}  # per bin
    with open(folder / "genome.fa", "w") as fasta:
        for chrom, bins in rich.items():
            letters = [
                draw.choice(list("ACGT"), 128, p=[0.1, 0.4, 0.4, 0.1] if gc else [0.4, 0.1, 0.1, 0.4]) for gc in bins
            ]
            fasta.write(f">{chrom}\n{''.join(np.concatenate(letters))}\n")
    with BigWigWriter(folder / "gc.bw", sizes, bin_bp=128) as bigwig:
        for chrom, bins in rich.items():
            bigwig.add(chrom, 0, bins.astype(np.float32) * 4)
    (folder / "tracks.tsv").write_text("identifier\tsum_stat\tfile\ngc\tmean\tgc.bw\n")
    with Genome(folder / "genome.fa") as genome:
        make_dataset(genome, folder / "tracks.tsv", folder / "dataset", split=Split(valid=["chr3"], test=["chr2"]))
    return DataSet(folder / "dataset")


def test_training_learns_and_keeps_the_best_checkpoint(tmp_path: Path) -> None:
    config = settings(steps=60, batch_size=8, validate_every=15, learning_rate=1e-2, ema_decay=0.5)
    model = train(gc_dataset(tmp_path / "data"), tmp_path / "model", config, QUIET)
    with open(tmp_path / "model" / "training" / "log.csv") as file:
        log = list(csv.DictReader(file))
    assert [int(row["step"]) for row in log] == [15, 30, 45, 60]
    assert float(log[-1]["train_loss"]) < float(log[0]["train_loss"])
    assert model.training["val_pearson"] == pytest.approx(max(float(row["val_pearson"]) for row in log))
    assert model.training["val_pearson"] > 0.7


def test_a_killed_run_ends_where_an_uninterrupted_one_ends(
    example_dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = DataSet(example_dataset)
    train(dataset, tmp_path / "whole" / "model", settings(), QUIET)
    step = Learner.training_step

    def die_at_step_5(self: Learner, batch: Any, index: int) -> Any:
        if self.trainer.global_step == 5:
            raise RuntimeError("killed")
        return step(self, batch, index)

    with monkeypatch.context() as patch:
        patch.setattr(Learner, "training_step", die_at_step_5)
        with pytest.raises(RuntimeError, match="killed"):
            train(dataset, tmp_path / "killed" / "model", settings(), QUIET)
    assert not (tmp_path / "killed" / "model" / "config.json").exists()
    train(dataset, tmp_path / "killed" / "model", settings(), QUIET)
    whole, resumed = weights(tmp_path / "whole" / "model"), weights(tmp_path / "killed" / "model")
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)
    for run in ("whole", "killed"):
        with open(tmp_path / run / "model" / "training" / "log.csv") as file:
            assert [row["step"] for row in csv.DictReader(file)] == ["2", "4", "6"]


def test_the_same_seed_gives_the_same_model_and_another_seed_another(example_dataset: Path, tmp_path: Path) -> None:
    dataset = DataSet(example_dataset)
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        train(dataset, tmp_path / name / "model", settings(steps=2, seed=seed), QUIET)
    a, b, c = (weights(tmp_path / name / "model") for name in "abc")
    assert all(torch.equal(a[name], b[name]) for name in a)
    assert not all(torch.equal(a[name], c[name]) for name in a)


def test_a_folder_with_a_run_of_other_settings_is_refused(example_dataset: Path, tmp_path: Path) -> None:
    dataset = DataSet(example_dataset)
    train(dataset, tmp_path / "model", settings(steps=2), QUIET)
    with pytest.raises(InputError, match="seed: 1 then, 2 now"):
        train(dataset, tmp_path / "model", settings(steps=2, seed=2), QUIET)


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


def test_the_settings_written_beside_a_model_read_back_the_same(tmp_path: Path) -> None:
    config = settings(seed=9, learning_rate=1.5e-3)
    write_train_config(config, tmp_path / "train.toml")
    assert read_train_config(tmp_path / "train.toml", {}) == config
    assert read_train_config(tmp_path / "train.toml", {"seed": 4, "steps": None}) == dataclasses.replace(config, seed=4)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"steps": 0}, "steps"),
        ({"preset": "huge"}, "huge"),
        ({"ema_decay": 1.0}, "ema_decay"),
        ({"precision": "int8"}, "int8"),
        ({"warmup_steps": -1}, "warmup_steps"),
    ],
)
def test_settings_that_make_no_sense_are_named(change: dict[str, Any], word: str) -> None:
    with pytest.raises(InputError, match=word):
        settings(**change)


def test_the_identity_of_a_run_is_written_before_it_starts(example_dataset: Path, tmp_path: Path) -> None:
    train(DataSet(example_dataset), tmp_path / "model", settings(steps=2), QUIET)
    identity = json.loads((tmp_path / "model" / "training" / "run.json").read_text())
    assert identity["dataset"] == DataSet(example_dataset).digest
    assert identity["steps"] == 2
