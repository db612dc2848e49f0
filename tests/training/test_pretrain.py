"""Pretraining: it learns, resumes after a kill as if nothing had been, and makes what train --from takes."""

import csv
import json
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from genint.errors import InputError
from genint.models.folder import load_model, load_trunk
from genint.training.pretrain import pretrain
from genint.training.pretrain_config import PretrainConfig
from genint.training.pretraining_module import PretrainingModule
from genint.training.train import train
from tests.conftest import Run
from tests.training.runs import Killed, settings, tiny_presets, weights  # noqa: F401  a fixture
from tests.training.test_masked_dna import Chromosomes


@pytest.fixture(autouse=True)
def _few_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genint.training.pretrain._COUNTED_BP", 200_000)
    monkeypatch.setattr("genint.training.masked_dna._HELD_OUT_WINDOWS", 4)


def numbers(**changes: Any) -> PretrainConfig:
    given: dict[str, Any] = {"preset": "tiny", "steps": 4, "batch_size": 1, "validate_every": 2, "warmup_steps": 1}
    return PretrainConfig(**{**given, "precision": "float32", **changes})


def words_genome() -> Chromosomes:
    """Chromosomes of one word of 7 bases again and again, in which a masked base is known from those around it."""
    genome = Chromosomes("words", {"chr1": 40_000, "chr2": 9_000})
    for dna in genome.dna.values():
        dna[:] = np.resize(np.array([0, 0, 1, 2, 0, 3, 2], dtype=np.uint8), len(dna))
    return genome


def test_masked_bases_are_learned_from_those_around_them(tmp_path: Path) -> None:
    config = numbers(steps=40, batch_size=2, validate_every=20, learning_rate=1e-2, ema_decay=0.5)
    trunk = pretrain([words_genome()], tmp_path / "trunk", config, hold_out=["chr2"])
    with open(tmp_path / "trunk" / "training" / "log.csv") as file:
        log = list(csv.DictReader(file))
    assert [row["step"] for row in log] == ["20", "40"]
    model, composition, around = trunk.training["scores"]
    entropy = -sum(n / 7 * math.log(n / 7) for n in (2, 1.5, 1.5, 2))  # of both strands
    assert composition["cross_entropy"] == pytest.approx(entropy, abs=0.01)
    assert model["cross_entropy"] < 0.5 * composition["cross_entropy"]
    assert model["accuracy"] > 0.8 > composition["accuracy"]
    assert around["accuracy"] > 0.99
    assert float(log[-1]["val_loss"]) == pytest.approx(model["cross_entropy"], rel=1e-4)
    card = (tmp_path / "trunk" / "README.md").read_text()
    assert f"| words | model | {model['bases']:,} | {model['cross_entropy']:.4f} | {model['accuracy']:.4f} |" in card


def test_held_out_chromosomes_are_never_learned_from_and_without_any_nothing_is_validated(tmp_path: Path) -> None:
    def learned(name: str, genome: Chromosomes, **options: Any) -> dict[str, torch.Tensor]:
        return dict(pretrain([genome], tmp_path / name, numbers(), **options).weights)

    genome = Chromosomes("genome", {"chr1": 9_000, "chr2": 9_000})
    other = Chromosomes("genome", {"chr1": 9_000, "chr2": 9_000})
    other.dna["chr2"][:] = 0
    first, second = (learned(name, g, hold_out=["chr2"]) for name, g in (("first", genome), ("second", other)))
    assert all(torch.equal(first[name], second[name]) for name in first)
    plain = learned("plain", other)
    assert not all(torch.equal(first[name], plain[name]) for name in first)
    assert (tmp_path / "plain" / "training" / "log.csv").read_text().startswith("step,train_loss\n")
    assert "Held out of every genome that has them: none" in (tmp_path / "plain" / "README.md").read_text()


def test_a_killed_run_ends_where_an_uninterrupted_one_ends(tmp_path: Path) -> None:
    genome, config = Chromosomes("genome", {"chr1": 9_000, "chr2": 5_000}), numbers(preset="dropout", steps=5)
    learn = PretrainingModule.training_step

    def kill(self: PretrainingModule, batch: Any, index: int) -> Any:
        if self.trainer.global_step == 3:
            raise Killed
        return learn(self, batch, index)

    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(PretrainingModule, "training_step", kill)
        with pytest.raises(Killed):
            pretrain([genome], tmp_path / "killed" / "trunk", config, hold_out=["chr2"])
    assert not (tmp_path / "killed" / "trunk" / "config.json").exists()
    for run in ("killed", "whole"):
        pretrain([genome], tmp_path / run / "trunk", config, hold_out=["chr2"])
    for file in ("model.safetensors", "config.json", "README.md"):
        assert (tmp_path / "killed" / "trunk" / file).read_bytes() == (tmp_path / "whole" / "trunk" / file).read_bytes()


def test_a_finished_run_is_returned_and_another_is_refused(tmp_path: Path) -> None:
    genome = Chromosomes("genome", {"chr1": 9_000})
    first = pretrain([genome], tmp_path / "trunk", numbers(steps=1))
    assert pretrain([genome], tmp_path / "trunk", numbers(steps=1)).digest == first.digest
    with pytest.raises(InputError, match="span: 1 then, 2 now"):
        pretrain([genome], tmp_path / "trunk", numbers(steps=1, span=2))
    with pytest.raises(InputError, match=r"genomes: .*'genome'.* then, .*'other'.* now"):
        pretrain([Chromosomes("other", {"chr1": 9_000})], tmp_path / "trunk", numbers(steps=1))


def test_a_pretrained_trunk_is_where_training_starts(
    example_dataset: Path, example: Path, tmp_path: Path, genint: Run
) -> None:
    (tmp_path / "run.toml").write_text('preset = "tiny"\nsteps = 2\nbatch_size = 1\nvalidate_every = 2\n')
    trunk, tuned = tmp_path / "trunk", tmp_path / "tuned"
    command = ["pretrain", example / "genome.fa", "-o", trunk, "--hold-out", "chr2,chr3", "--config"]
    finished = genint(*command, tmp_path / "run.toml")
    assert finished.code == 0, finished.err
    assert sorted(file.name for file in trunk.iterdir()) == [
        *("README.md", "config.json", "model.safetensors", "training")
    ]
    train(example_dataset, tuned, settings(preset="", steps=1, from_model=str(trunk), freeze_trunk=True))
    learned, used = load_trunk(trunk), weights(tuned)
    assert all(torch.equal(tensor, used[name]) for name, tensor in learned.weights.items())
    assert used["head.weight"].shape[0] == 7
    assert load_model(tuned).training["preset"] == "tiny"
    run = json.loads((tuned / "training" / "run.json").read_text())
    assert run["from_model"] == learned.digest


def test_a_trunk_has_no_tracks_to_predict(example: Path, tmp_path: Path, genint: Run) -> None:
    pretrain([Chromosomes("genome", {"chr1": 9_000})], tmp_path / "trunk", numbers(steps=1))
    for command in (
        ["predict", example / "genome.fa", "--chroms", "chr1", "-o", tmp_path / "out", "-m"],
        ["models", "convert", "-o", tmp_path / "half"],
    ):
        finished = genint(*command, tmp_path / "trunk")
        assert finished.code == 1
        assert re.search(r"trunk: was pretrained on DNA alone and predicts no tracks\. Train it", finished.err)
    shown = genint("models", "show", tmp_path / "trunk", "--n-tracks", 20)
    assert "tracks\t20\n" in shown.out


def test_no_genome_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="`genomes`: is empty"):
        pretrain([], tmp_path / "trunk", numbers())
