"""The command line as a whole: fast help, lazy imports, and small commands against golden text."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from genint.models.bundled import BUNDLED, list_models
from genint.models.folder import load_model
from tests.conftest import Run

VERBS = [
    "predict",
    "merge",
    "train",
    "eval",
    "data make",
    "tracks",
    "models list",
    "models show",
    "models convert",
    "models import enformer",
]


def loaded_by(code: str) -> set[str]:
    """Top-level modules that a fresh interpreter has loaded after running `code`."""
    script = f"import sys\n{code}\nprint(sorted(name.split('.')[0] for name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    return set(done.stdout.strip().splitlines()[-1].replace("'", "").strip("[]").split(", "))


HEAVY = {"torch", "lightning", "zarr", "pandas", "matplotlib", "pybigtools"}


def test_importing_genint_loads_nothing_heavy() -> None:
    assert not loaded_by("import genint") & (HEAVY | {"numpy"})


@pytest.mark.parametrize("arguments", [["--help"], ["predict", "--help"], ["--version"]])
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    code = f"from genint.cli.main import main\ntry: main({arguments!r})\nexcept SystemExit: pass"
    assert not loaded_by(code) & HEAVY


def test_public_names_are_there_when_asked_for() -> None:
    import genint

    for name in genint.__all__:
        assert getattr(genint, name) is not None
    with pytest.raises(AttributeError, match="nothing"):
        genint.nothing  # noqa: B018


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_with_an_example(verb: str, genint: Run) -> None:
    finished = genint(*verb.split(), "--help")
    assert finished.code == 0
    assert f"Example: genint {verb}" in " ".join(finished.out.split())


def test_the_list_of_verbs_is_complete(genint: Run) -> None:
    for verb in VERBS:
        assert verb.split()[0] in genint("--help").out


def test_the_version_is_printed(genint: Run) -> None:
    import genint as package

    assert genint("--version").out == f"genint {package.__version__}\n"


def test_ctrl_c_ends_with_130(
    genint: Run, monkeypatch: pytest.MonkeyPatch, tiny_model: Path, example: Path, tmp_path: Path
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("genint.prediction.to_folder.predict_job", interrupted)
    finished = genint("predict", example / "genome.fa", "--chroms", "chr3", "-m", tiny_model, "-o", tmp_path)
    assert finished.code == 130


def test_a_bug_of_ours_keeps_its_traceback(
    genint: Run, monkeypatch: pytest.MonkeyPatch, tiny_model: Path, example: Path
) -> None:
    def bug(*_: object, **__: object) -> None:
        raise ZeroDivisionError("ours")

    monkeypatch.setattr("genint.prediction.to_folder.predict_job", bug)
    with pytest.raises(ZeroDivisionError, match="ours"):
        genint("predict", example / "genome.fa", "--chroms", "chr3", "-m", tiny_model)


def test_tracks_lists_what_predict_would_pick(genint: Run, tiny_model: Path) -> None:
    finished = genint("tracks", tiny_model, "--match", "^rna")
    assert [line.split("\t")[0] for line in finished.out.splitlines()] == ["identifier", "rna_plus", "rna_minus"]
    listed = json.loads(genint("tracks", tiny_model, "--json").out)
    assert len(listed) == 7
    assert listed[0]["assay"] == "ATAC"


def test_models_list_names_bundled_models_and_presets(genint: Run) -> None:
    lines = genint("models", "list").out.splitlines()
    assert "preset\tinterpreter:small" in lines
    assert [line.split("\t")[1] for line in lines if line.startswith("model")] == list_models()
    assert json.loads(genint("models", "list", "--json").out)["models"] == list_models()


@pytest.mark.parametrize("name", ["interpreter:small", "tiny"])
def test_models_show_prints_size_and_geometry(name: str, genint: Run, tiny_model: Path) -> None:
    facts = json.loads(genint("models", "show", tiny_model if name == "tiny" else name, "--json").out)
    assert facts["parameters"] > 0
    assert facts["gflop_per_tile"] > 0
    assert facts["bins_per_tile"] * facts["bin_bp"] == facts["core_bp"]
    text = genint("models", "show", tiny_model if name == "tiny" else name).out
    assert f"parameters\t{facts['parameters']:,}" in text


def test_a_model_in_float16_has_half_the_size_and_the_same_weights_to_three_digits(
    genint: Run, tiny_model: Path, tmp_path: Path
) -> None:
    assert genint("models", "convert", tiny_model, "-o", tmp_path / "half").code == 0
    full, half = load_model(tiny_model), load_model(tmp_path / "half")
    assert half.name == "half"
    for name, weights in full.module.state_dict().items():
        torch.testing.assert_close(half.module.state_dict()[name], weights, rtol=1e-3, atol=1e-6)
    assert {tensor.dtype for tensor in load_file(tmp_path / "half" / "model.safetensors").values()} == {torch.float16}
    assert "is there already" in genint("models", "convert", tiny_model, "-o", tmp_path / "half").err


def test_bundled_models_are_small_enough_to_ship() -> None:
    for folder in BUNDLED.iterdir():
        assert sum(file.stat().st_size for file in folder.iterdir()) < 10_000_000
