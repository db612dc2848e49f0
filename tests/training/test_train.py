"""Training: it learns, it resumes after a kill as if nothing had been, and it refuses what does not fit."""

import csv
import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from genint.datasets.build import make_dataset
from genint.datasets.dataset import Segment, TrackDataset
from genint.datasets.splits import Split
from genint.errors import InputError, OutputError
from genint.genome.fasta import Genome
from genint.models.base import Architecture, ModelConfig
from genint.models.cnn import SYSTEMS, CnnConfig
from genint.models.enformer import EnformerConfig
from genint.models.folder import load_model
from genint.models.registry import ARCHITECTURES
from genint.output.bigwig import BigWigWriter
from genint.training.lightning_module import TrainingModule
from genint.training.train import train
from genint.training.trainer import ComputeResources
from tests.conftest import Run, file_size_limit, tiny_config
from tests.training.runs import Killed, killed_at, settings, tiny_presets, weights  # noqa: F401  a fixture


def gc_dataset(folder: Path) -> TrackDataset:
    """A genome of segments that are rich in GC or in AT, and an assay that sees the former."""
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
    return TrackDataset(folder / "dataset")


def test_training_learns_and_keeps_the_best_checkpoint(tmp_path: Path) -> None:
    config = settings(steps=60, batch_size=8, validate_every=15, learning_rate=1e-2, ema_decay=0.5)
    model = train(gc_dataset(tmp_path / "data"), tmp_path / "model", config)
    with open(tmp_path / "model" / "training" / "log.csv") as file:
        log = list(csv.DictReader(file))
    assert [int(row["step"]) for row in log] == [15, 30, 45, 60]
    assert float(log[-1]["train_loss"]) < float(log[0]["train_loss"])
    assert model.training["val_pearson"] == pytest.approx(max(float(row["val_pearson"]) for row in log))
    assert model.training["val_pearson"] > 0.7


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_training_as_it_ends_any_command(
    number: int, code: int, example_dataset: Path, tmp_path: Path, genint: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "run.toml").write_text('preset = "tiny"\nsteps = 2\nbatch_size = 1\n')
    monkeypatch.setattr(TrainingModule, "training_step", lambda *_: signal.raise_signal(number))
    before = signal.getsignal(number)
    finished = genint("train", example_dataset, "-o", tmp_path / "model", "--config", tmp_path / "run.toml", "--quiet")
    assert finished.code == code
    assert number != signal.SIGINT or signal.getsignal(number) == before
    signal.signal(number, before)


def block_at(step: int) -> None:
    """Make training say `step 5` when it comes to step 5, and wait there for its end."""
    train_on = TrainingModule.training_step

    def wait(self: TrainingModule, batch: Any, index: int) -> Any:
        if self.trainer.global_step == step:
            print(f"step {step}", flush=True)
            signal.pause()
        return train_on(self, batch, index)

    TrainingModule.training_step = wait  # type: ignore[method-assign]


def test_a_run_killed_in_mid_epoch_ends_where_an_uninterrupted_one_ends(
    example_dataset: Path, tmp_path: Path, genint: Run
) -> None:
    (tmp_path / "run.toml").write_text(
        'preset = "dropout"\nsteps = 6\npatience = 3\nvalidate_every = 2\nbatch_size = 2\n'
    )
    (tmp_path / "killed.py").write_text(
        "import sys\n"
        f"sys.path.insert(0, {str(Path(__file__).parents[2])!r})\n"
        "from genint.cli.main import main\n"
        "from genint.models.registry import ARCHITECTURES\n"
        "from tests.training.test_train import block_at\n"
        "from tests.training.runs import add_tiny_presets\n"
        "add_tiny_presets(ARCHITECTURES)\n"
        "block_at(5)\n"
        "main()\n"
    )

    def command(run: str) -> list[object]:
        options = ["--config", tmp_path / "run.toml", "--device", "cpu", "--threads", 1, "--quiet"]
        return ["train", example_dataset, "-o", tmp_path / run / "model", *options]

    killed = [sys.executable, tmp_path / "killed.py", *map(str, command("killed"))]
    with subprocess.Popen(killed, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "step 5\n"
        process.kill()
    assert process.returncode == -signal.SIGKILL
    folder = tmp_path / "killed" / "model"
    assert (folder / "training" / "last.ckpt").exists()
    assert not (folder / "config.json").exists()

    for run in ("killed", "whole"):
        finished = genint(*command(run))
        assert finished.code == 0, finished.err
        with open(tmp_path / run / "model" / "training" / "log.csv") as file:
            assert [row["step"] for row in csv.DictReader(file)] == ["2", "4", "6"]  # steps 1 to 4 were not run again
    files = [tmp_path / run / "model" / "model.safetensors" for run in ("killed", "whole")]
    assert files[0].read_bytes() == files[1].read_bytes()


def test_the_same_seed_gives_the_same_model_and_another_seed_another(example_dataset: Path, tmp_path: Path) -> None:
    dataset = TrackDataset(example_dataset)
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        train(dataset, tmp_path / name / "model", settings(steps=2, seed=seed))
    a, b, c = (weights(tmp_path / name / "model") for name in "abc")
    assert all(torch.equal(a[name], b[name]) for name in a)
    assert not all(torch.equal(a[name], c[name]) for name in a)


def test_a_folder_with_a_run_of_other_settings_is_refused(example_dataset: Path, tmp_path: Path) -> None:
    dataset = TrackDataset(example_dataset)
    train(dataset, tmp_path / "model", settings(steps=2))
    with pytest.raises(InputError, match="seed: 1 then, 2 now"):
        train(dataset, tmp_path / "model", settings(steps=2, seed=2))


def contents(folder: Path) -> dict[str, tuple[int, bytes]]:
    files = (file for file in folder.rglob("*") if file.is_file())
    return {str(file.relative_to(folder)): (file.stat().st_mtime_ns, file.read_bytes()) for file in files}


def test_a_finished_run_given_again_answers_at_once_and_changes_no_file(
    example_dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset, config = TrackDataset(example_dataset), settings(steps=2, patience=1)
    model = train(dataset, tmp_path / "model", config)
    before = contents(tmp_path / "model")
    killed_at(monkeypatch, "lightning.Trainer.fit")
    again = train(dataset, tmp_path / "model", config)
    assert (again.digest, again.training) == (model.digest, model.training)
    assert contents(tmp_path / "model") == before


@pytest.mark.parametrize("file", ["config.json", "model.safetensors", "tracks.tsv", "README.md"])
def test_files_that_no_run_wrote_are_not_replaced(file: str, example_dataset: Path, tmp_path: Path) -> None:
    (tmp_path / file).write_text("somebody else's")
    with pytest.raises(InputError, match=f"{file} is there, and no training/run.json.*Choose another `out`"):
        train(TrackDataset(example_dataset), tmp_path, settings(steps=2))
    assert [path.name for path in tmp_path.iterdir()] == [file]


@pytest.mark.parametrize(
    ("file", "size", "message"),
    [
        ("last.ckpt", 1_000, r"last\.ckpt: is missing or cut short.*Remove"),
        ("best.ckpt", 1_000, r"best\.ckpt: is missing or cut short.*Remove"),
        ("best.ckpt", None, r"best\.ckpt: is missing or cut short.*Remove"),
        ("run.json", 0, r"run\.json: is damaged.*Remove"),
    ],
)
def test_a_run_that_cannot_go_on_says_which_file_is_damaged(
    file: str, size: int | None, message: str, example_dataset: Path, tmp_path: Path
) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        killed_at(monkeypatch, "genint.training.train.save_model")
        with pytest.raises(Killed):
            train(TrackDataset(example_dataset), tmp_path / "model", settings(steps=2))
    damaged = tmp_path / "model" / "training" / file
    damaged.write_bytes(damaged.read_bytes()[:size])
    if size is None:
        damaged.unlink()
    with pytest.raises(InputError, match=message):
        train(TrackDataset(example_dataset), tmp_path / "model", settings(steps=2))


TOWER: dict[str, Any] = {
    "core_bp": 2_048,
    "context_bp": 128,
    "stem_width": 5,
    "channels": (4,) * 7 + (6,),
    "conv_width": 3,
    "residual_width": 1,
    "dropout": 0.1,
}


def tiny_preset(architecture: str) -> Callable[[], ModelConfig]:
    if architecture == "enformer":
        return lambda: EnformerConfig(
            **TOWER, pooling="attention", norm="layer", layers=1, heads=2, key_width=2, features=6
        )
    pooling = SYSTEMS[architecture].pooling
    return lambda: CnnConfig(
        **TOWER, pooling=pooling, norm="standardized", final_width=3, final_hidden=4, final_dilations=(1, 2)
    )


@pytest.mark.parametrize("architecture", [*SYSTEMS, "enformer"])
def test_every_architecture_trains_evaluates_and_predicts_by_the_same_commands(
    architecture: str,
    example_dataset: Path,
    tmp_path: Path,
    genint: Run,
    example: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = ARCHITECTURES[architecture]
    presets = {"tiny": tiny_preset(architecture)}
    monkeypatch.setitem(ARCHITECTURES, architecture, Architecture(known.config, known.module, presets))
    settings = tmp_path / "run.toml"
    settings.write_text('preset = "tiny"\nsteps = 2\nvalidate_every = 2\nbatch_size = 2\n')
    model, out = tmp_path / "model", tmp_path / "out"
    commands = [
        ["train", example_dataset, "-o", model, "--config", settings, "--architecture", architecture],
        ["eval", example_dataset, model, "-o", tmp_path / "scores"],
        ["predict", example / "genome.fa", "--chroms", "chr3", "-m", model, "-o", out],
    ]
    for command in commands:
        finished = genint(*command)
        assert finished.code == 0, finished.err
    assert load_model(model).architecture == architecture
    assert len(list(out.glob("*.bw"))) == len(load_model(model).tracks)


def test_a_twin_without_attention_trains_and_has_the_other_weights(example_dataset: Path, tmp_path: Path) -> None:
    twin = train(example_dataset, tmp_path / "twin", settings(attention=False, steps=2))
    model = train(example_dataset, tmp_path / "model", settings(steps=2))
    assert twin.config == tiny_config(block={"heads": 0}, final={"heads": 0})
    assert set(weights(tmp_path / "twin")) == {name for name in model.module.state_dict() if ".attention." not in name}
    assert twin.training["attention"] is False


def test_the_identity_of_a_run_is_written_before_it_starts(example_dataset: Path, tmp_path: Path) -> None:
    train(TrackDataset(example_dataset), tmp_path / "model", settings(steps=2))
    identity = json.loads((tmp_path / "model" / "training" / "run.json").read_text())
    assert identity["dataset"] == TrackDataset(example_dataset).digest
    assert identity["steps"] == 2


@pytest.mark.parametrize("value", [1.0, np.nan])
def test_a_validation_split_that_scores_no_track_is_refused(
    value: float, example_dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = TrackDataset.targets

    def flat(self: TrackDataset, segment: Segment, *bins: int) -> Any:
        targets = read(self, segment, *bins)
        return np.full_like(targets, value) if segment.split == "valid" else targets

    monkeypatch.setattr(TrackDataset, "targets", flat)
    with pytest.raises(InputError, match="no track varies over the valid split"):
        train(TrackDataset(example_dataset), tmp_path / "model", settings(patience=1))
    assert not (tmp_path / "model").exists()


def test_a_score_that_is_not_known_is_null(example_dataset: Path, tmp_path: Path) -> None:
    dataset = TrackDataset(example_dataset)
    with pytest.MonkeyPatch.context() as monkeypatch:
        killed_at(monkeypatch, "genint.training.train.save_model")
        with pytest.raises(Killed):
            train(dataset, tmp_path / "model", settings(steps=2))
    (tmp_path / "model").rename(tmp_path / "moved")  # Lightning forgets the best score of a checkpoint folder
    assert train(dataset, tmp_path / "moved", settings(steps=2)).training["val_pearson"] is None
    assert "over tracks: not known" in (tmp_path / "moved" / "README.md").read_text()


def test_a_full_disk_is_told_with_the_run_and_its_size(example_dataset: Path, tmp_path: Path) -> None:
    message = r"/model/training[^ ]*: cannot write \(File too large; .*/model holds [\d,]+ bytes\)\. Free space"
    with pytest.raises(OutputError, match=message), file_size_limit(8_192):
        train(example_dataset, tmp_path / "model", settings(steps=2))
    assert not (tmp_path / "model" / "config.json").exists()
    assert train(example_dataset, tmp_path / "model", settings(steps=2)).training["steps"] == 2


def test_settings_may_be_given_by_name(example_dataset: Path, tmp_path: Path) -> None:
    model = train(str(example_dataset), str(tmp_path / "model"), settings(steps=2), seed=4, patience=1)
    assert (model.training["seed"], model.training["patience"], model.training["steps"]) == (4, 1, 2)
    with pytest.raises(TypeError, match="speed"):
        train(example_dataset, tmp_path / "other", speed=11)


def test_two_processes_follow_one(example_dataset: Path, tmp_path: Path) -> None:
    script = (
        "import sys\n"
        f"sys.path.insert(0, {str(Path(__file__).parents[2])!r})\n"
        "from pathlib import Path\n"
        "from genint.datasets.dataset import TrackDataset\n"
        "from genint.models.registry import ARCHITECTURES\n"
        "from genint.training.train import train\n"
        "from genint.training.trainer import ComputeResources\n"
        "from tests.training.runs import add_tiny_presets, settings\n"
        "add_tiny_presets(ARCHITECTURES)\n"
        "resources = ComputeResources(device='cpu', processes=2)\n"
        "config = settings(steps=8, batch_size=4)\n"
        "train(TrackDataset(sys.argv[1]), Path(sys.argv[2]) / 'model', config, resources=resources)\n"
    )
    (tmp_path / "run.py").write_text(script)
    command = [sys.executable, tmp_path / "run.py", example_dataset, tmp_path / "2"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    one = ComputeResources(device="cpu")
    train(example_dataset, tmp_path / "1" / "model", settings(steps=8, batch_size=4), resources=one)
    logs = []
    for processes in ("1", "2"):
        with open(tmp_path / processes / "model" / "training" / "log.csv") as file:
            logs.append([[float(value) for value in row.values()] for row in csv.DictReader(file)])
    np.testing.assert_allclose(logs[0], logs[1], rtol=1e-4, atol=1e-4)
