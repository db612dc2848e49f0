"""What accompanies a run: early stopping, averaged weights, the log."""

import csv
from pathlib import Path

import pytest
import torch

from genint.datasets.dataset import TrackDataset
from genint.training.callbacks import move_average
from genint.training.train import train
from tests.datasets.made_up import Recorder
from tests.training.runs import Killed, killed_at, settings, tiny_presets, weights  # noqa: F401  a fixture


def test_training_stops_early_when_validation_no_longer_improves(example_dataset: Path, tmp_path: Path) -> None:
    config = settings(steps=40, validate_every=1, patience=2, learning_rate=1e-9, ema_decay=0.0)
    train(TrackDataset(example_dataset), tmp_path / "model", config)
    with open(tmp_path / "model" / "training" / "log.csv") as file:
        assert len(list(csv.DictReader(file))) < 20


@pytest.mark.parametrize(
    ("place", "step"),
    [("genint.training.lightning_module.TrainingModule.training_step", 2), ("genint.training.train.save_model", 0)],
)
def test_a_run_with_patience_ends_the_same_wherever_it_was_killed(
    place: str, step: int, example_dataset: Path, tmp_path: Path
) -> None:
    dataset = TrackDataset(example_dataset)
    config = settings(steps=40, validate_every=1, patience=3, learning_rate=1e-9, ema_decay=0.0)
    with pytest.MonkeyPatch.context() as monkeypatch:
        killed_at(monkeypatch, place, step)
        with pytest.raises(Killed):
            train(dataset, tmp_path / "killed" / "model", config)
    for run in ("killed", "whole"):
        train(dataset, tmp_path / run / "model", config)
    for file in ("training/log.csv", "model.safetensors", "config.json"):
        killed, whole = ((tmp_path / run / "model" / file).read_bytes() for run in ("killed", "whole"))
        assert killed == whole, file


def test_averaged_weights_forget_where_they_started_and_then_move_slowly() -> None:
    start, current = torch.zeros(1), torch.ones(1)
    early, late = move_average(0.9, start, current, 0), move_average(0.9, start, current, 1_000)
    assert float(early) == pytest.approx(0.9)  # 1 - (1 + 0) / (10 + 0)
    assert float(late) == pytest.approx(0.1)


def test_the_log_and_the_console_have_a_line_per_validation(example_dataset: Path, tmp_path: Path) -> None:
    console = Recorder()
    train(example_dataset, tmp_path / "model", settings(steps=5), console=console)
    with open(tmp_path / "model" / "training" / "log.csv") as file:
        rows = list(csv.DictReader(file))
    assert [row["step"] for row in rows] == ["2", "4", "5"]
    device, *notes = console.notes
    assert device.startswith("device: ")
    for row, note in zip(rows, notes, strict=True):
        figures = f"train_loss {float(row['train_loss']):.4f}  val_pearson {float(row['val_pearson']):.4f}"
        assert note == f"step {row['step']} of 5  {figures}"
