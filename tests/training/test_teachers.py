"""Teachers: what they label, that a student learns it, and that they are no part of it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from genint.datasets.dataset import TrackDataset
from genint.datasets.loader import TrainingWindows, track_means
from genint.errors import InputError
from genint.genome.dna import UNKNOWN, reverse_complement
from genint.models.base import Architecture
from genint.models.cost import Loss
from genint.models.folder import Model, load_model
from genint.models.registry import ARCHITECTURES, build
from genint.training.lightning_module import TrainingModule
from genint.training.losses import LOSSES, poisson
from genint.training.teachers import Teachers, load_teachers
from genint.training.train import train
from tests.conftest import save_copy, tiny_config
from tests.training.runs import Killed, killed_at, settings, tiny_presets, weights  # noqa: F401  a fixture


@pytest.fixture
def make_teacher(tiny_model: Path, tmp_path: Path) -> Callable[..., Path]:
    """make_teacher(seed) writes a model with random weights, and what is changed of its config; its tracks differ."""

    def make(seed: int, **changes: Any) -> Path:
        torch.manual_seed(seed)
        model, config = load_model(tiny_model), tiny_config(**changes)
        module = build("interpreter", config, len(model.tracks))
        return save_copy(tmp_path / f"teacher{seed}", model, module=module)

    return make


def draw_windows(dataset: TrackDataset, model: Model, count: int) -> torch.Tensor:
    """Tokens of `count` training windows, the first of which knows its first bases and last bin not."""
    windows = TrainingWindows(dataset, model.geometry, seed=1, shift_bp=0, reverse=False, indices=range(count))
    tokens = torch.stack([windows[i][0] for i in range(count)])
    tokens[0, :130] = UNKNOWN  # the context of 128 and 2 bases of the first bin
    tokens[0, -128 - 65 : -128] = UNKNOWN  # of 128
    return tokens


def test_a_label_is_the_prediction_of_the_teacher_that_is_drawn_on_the_strand_that_is_drawn(
    example_dataset: Path, make_teacher: Callable[..., Path]
) -> None:
    models = [load_model(make_teacher(seed)) for seed in (5, 6, 7)]
    teachers, tokens = Teachers(models, seed=3), draw_windows(TrackDataset(example_dataset), models[0], 6)
    labels = teachers.label(tokens, torch.arange(10, 16))
    assert labels.shape == (6, 16, 7)
    readers = teachers.draw(range(10, 16))
    assert len(set(readers)) > 2
    for window, (teacher, reverse) in enumerate(readers):
        model, dna = models[teacher], tokens[window].numpy()
        read = reverse_complement(dna).copy() if reverse else dna
        with torch.no_grad():
            values = model.module(torch.from_numpy(read)[None])[0].numpy()
        expected = values[::-1][:, model.tracks.partners] if reverse else values
        known = slice(0, 16 - (window == 0))
        np.testing.assert_allclose(labels[window, known], expected[known], rtol=1e-4, atol=1e-5)
    unknown = labels.isnan()
    assert unknown[0, 15].all()
    assert unknown.sum() == 7


def test_readers_depend_on_seed_and_window_alone_and_all_are_drawn_alike(make_teacher: Callable[..., Path]) -> None:
    models = [load_model(make_teacher(seed)) for seed in (5, 6)]
    readers = Teachers(models, seed=3).draw(range(500))
    assert readers[7:9] == Teachers(models, seed=3).draw([7, 8])
    assert readers != Teachers(models, seed=4).draw(range(500))
    assert min(readers.count((teacher, reverse)) for teacher in (0, 1) for reverse in (False, True)) > 90


@pytest.mark.parametrize("loss", LOSSES.values())
def test_in_expectation_a_teacher_drawn_at_random_gives_the_gradient_of_the_mean_of_all(loss: Loss) -> None:
    torch.manual_seed(0)
    labels, predicted = 3 * torch.rand(4, 1, 6, 2), (1 + torch.rand(1, 6, 2)).requires_grad_()
    of_each = [torch.autograd.grad(loss(predicted, label)[0], predicted)[0] for label in labels]
    (of_mean,) = torch.autograd.grad(loss(predicted, labels.mean(0))[0], predicted)
    torch.testing.assert_close(torch.stack(of_each).mean(0), of_mean)


def test_a_student_of_its_teacher_alone_comes_close_to_it_and_the_teacher_stays(
    example_dataset: Path, make_teacher: Callable[..., Path], tmp_path: Path
) -> None:
    teacher, dataset = make_teacher(5), TrackDataset(example_dataset)
    before, model = weights(teacher), load_model(teacher)
    config = settings(steps=30, validate_every=30, learning_rate=0.03, gradient_clip=0.0, ema_decay=0.0)
    student = train(dataset, tmp_path / "model", config, teachers=(str(teacher),), teacher_weight=1.0)
    tokens = draw_windows(dataset, model, 8)
    target = Teachers([model], seed=1).label(tokens, torch.arange(8))
    means = torch.from_numpy(track_means(dataset)).float().expand_as(target).clamp(min=1e-3)
    with torch.no_grad():
        gaps = [poisson(values, target)[0] for values in (means, student.module(tokens), target.nan_to_num(1.0))]
    assert gaps[1] - gaps[2] < 0.3 * (gaps[0] - gaps[2])  # it started from the means of what was measured
    assert all(torch.equal(before[name], tensor) for name, tensor in weights(teacher).items())


def test_no_gradient_reaches_a_teacher_and_no_checkpoint_holds_it(
    example_dataset: Path, make_teacher: Callable[..., Path], tmp_path: Path
) -> None:
    dataset, student = TrackDataset(example_dataset), build("interpreter", tiny_config(), 7)
    model = load_model(make_teacher(5))
    teachers = Teachers([model], seed=1)
    module = TrainingModule(student, dataset, student.geometry, settings(), teachers)
    tokens = draw_windows(dataset, model, 2)
    labels = teachers.label(tokens, torch.arange(2))
    poisson(student(tokens), labels)[0].backward()
    assert not labels.requires_grad
    assert all(parameter.grad is None for parameter in model.module.parameters())
    assert {name.split(".")[0] for name in module.state_dict()} == {"model"}
    assert len(list(module.parameters())) == len(list(student.parameters()))


def test_a_killed_student_ends_where_another_ends_and_says_who_taught_it(
    example_dataset: Path, make_teacher: Callable[..., Path], tmp_path: Path
) -> None:
    teachers = (str(make_teacher(5)), str(make_teacher(6)))
    config = settings(teachers=teachers, preset="dropout")
    with pytest.MonkeyPatch.context() as monkeypatch:
        killed_at(monkeypatch, "genint.training.lightning_module.TrainingModule.training_step", 3)
        with pytest.raises(Killed):
            train(example_dataset, tmp_path / "killed" / "model", config)
    models = [train(example_dataset, tmp_path / run / "model", config) for run in ("killed", "whole")]
    files = [tmp_path / run / "model" / "model.safetensors" for run in ("killed", "whole")]
    assert files[0].read_bytes() == files[1].read_bytes()
    digests = [load_model(teacher).digest for teacher in teachers]
    assert models[0].training["teacher_digests"] == digests
    card = (tmp_path / "whole" / "model" / "README.md").read_text()
    assert [line for line in card.splitlines() if line.startswith("- Teacher: ")] == [
        f"- Teacher: {teacher}, sha256 {digest}" for teacher, digest in zip(teachers, digests, strict=True)
    ]
    assert json.loads((tmp_path / "whole" / "model" / "training" / "run.json").read_text())["teachers"] == digests


def test_a_teacher_that_changed_is_another_run(
    example_dataset: Path, make_teacher: Callable[..., Path], tmp_path: Path
) -> None:
    teacher = make_teacher(5)
    config = settings(steps=2, teachers=(str(teacher),))
    train(example_dataset, tmp_path / "model", config)
    save_copy(teacher, load_model(make_teacher(6)))
    with pytest.raises(InputError, match=r"holds a run of other settings \(teachers: "):
        train(example_dataset, tmp_path / "model", config)


def test_a_teacher_may_be_of_another_architecture_but_not_of_other_windows_or_tracks(
    example_dataset: Path, make_teacher: Callable[..., Path], tiny_model: Path, tmp_path: Path
) -> None:
    dataset, geometry = TrackDataset(example_dataset), load_model(tiny_model).geometry
    assert load_teachers((), dataset, geometry, 1) is None
    known = ARCHITECTURES["interpreter"]
    ARCHITECTURES["other"] = Architecture(known.config, known.module, {})
    try:
        other = tmp_path / "other"
        model = load_model(make_teacher(4))
        save_copy(other, Model(**{**vars(model), "architecture": "other"}))
        assert load_teachers([str(other)], dataset, geometry, 1) is not None
    finally:
        del ARCHITECTURES["other"]
    wide = make_teacher(5, core_bp=4_096)
    message = r"`teachers` .*teacher5: it reads 4,096 \+ 2 x 128 bp .*, the student 2,048 \+ 2 x 128 bp"
    with pytest.raises(InputError, match=message):
        load_teachers([str(wide)], dataset, geometry, 1)
    model = load_model(tiny_model)
    few = build("interpreter", tiny_config(), 3)
    save_copy(tmp_path / "few", model, module=few, tracks=model.tracks.subset(range(3)))
    with pytest.raises(InputError, match=r"`teachers` .*few: its 3 tracks are not the 7 of"):
        load_teachers([str(tmp_path / "few")], dataset, geometry, 1)
    with pytest.raises(InputError, match=r"`teachers` is 'few'\. Expected a list"):
        load_teachers("few", dataset, geometry, 1)
