"""The command line as a whole: fast help, lazy imports, and small commands against golden text."""

import errno
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Literal, get_args, get_origin, get_type_hints

import pytest
import torch
from safetensors.torch import load_file

import genint as genint_package
from genint.cli.main import _option_names, make_app
from genint.models.bundled import BUNDLED, list_models
from genint.models.folder import load_model
from tests.conftest import EXAMPLE, Run
from tests.reference import all_commands

REQUIRED = {  # arguments that a command does not do without
    "predict": ["genome.fa"],
    "eval": ["dataset"],
    "train": ["dataset", "-o", "out"],
    "data import basenji": ["records", "-o", "out"],
    "models convert": ["model", "-o", "out"],
    "models import enformer": ["source", "--tracks", "t.tsv", "-o", "out"],
}

COMMANDS = all_commands()


def loaded_by(code: str) -> set[str]:
    """Top-level modules that a fresh interpreter has loaded after running `code`."""
    script = f"import sys\n{code}\nprint(sorted(name.split('.')[0] for name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    return set(done.stdout.strip().splitlines()[-1].replace("'", "").strip("[]").split(", "))


HEAVY = {"torch", "lightning", "zarr", "pandas", "matplotlib", "pybigtools"}


def test_importing_genint_loads_nothing_heavy() -> None:
    assert not loaded_by("import genint") & (HEAVY | {"numpy"})


@pytest.mark.parametrize("words", ["--version", "--help", *(f"{name} --help" for name in COMMANDS)])
def test_help_loads_nothing_heavy(words: str) -> None:
    code = f"from genint.cli.main import main\ntry: main({words.split()!r})\nexcept SystemExit: pass"
    assert not loaded_by(code) & HEAVY


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_an_example_of_its_own(name: str, genint: Run) -> None:
    finished = genint(*name.split(), "--help")
    assert finished.code == 0
    assert f"Example: genint {name}" in " ".join(finished.out.split())


@pytest.mark.parametrize("name", COMMANDS)
def test_the_example_of_a_command_is_one_that_it_understands(name: str) -> None:
    (example,) = re.findall(r"Example: genint (.+)", COMMANDS[name].help)
    words = shlex.split(example)[len(name.split()) :]
    COMMANDS[name].make_context(name, words)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_of_a_command_says_what_it_does(name: str) -> None:
    for parameter in COMMANDS[name].params:
        assert parameter.help.endswith("."), parameter.name


def test_options_that_are_written_alike_read_alike() -> None:
    """Unless what they do differs: those are listed."""
    own = {"--out", "--tracks", "--device", "--dtype", "--batch-size", "--valid", "--test", "--genome", "--bin-bp"}
    own |= {"--seed", "--split", "--architecture", "--preset", "--steps", "--width", "--method"}
    texts: dict[str, set[str]] = {}
    for command in COMMANDS.values():
        for parameter in command.params:
            for option in {*parameter.opts} - own:
                if option.startswith("--"):
                    texts.setdefault(option, set()).add(parameter.help)
    assert {option: found for option, found in texts.items() if len(found) > 1} == {}


def test_the_words_of_a_choice_are_in_help_and_no_other_is_taken(genint: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "300")  # no choice is broken into lines
    chosen = [
        (name, max(parameter.opts, key=len), get_args(choice))
        for name, command in COMMANDS.items()
        for parameter in command.params
        if get_origin(choice := get_type_hints(command.callback).get(parameter.name)) is Literal
    ]
    assert len(chosen) >= 4
    for name, option, words in chosen:
        assert f"<{'|'.join(words)}>" in genint(*name.split(), "--help").out.replace("\n", "")
        refused = genint(*name.split(), *REQUIRED.get(name, []), option, "nonsense")
        assert refused.code == 2
        assert all(repr(word) in refused.err for word in words), refused.err


def complete(line: str) -> list[str]:
    """What a shell with completion offers at the end of `line`."""
    words = {"_GENINT_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(len(line.split(" ")) - 1)}
    script = "import sys\nfrom genint.cli.main import main\nsys.argv = ['genint']\nmain()"
    done = subprocess.run(
        [sys.executable, "-c", script], env={**os.environ, **words}, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("genint pred", ["predict"]),
        ("genint data v", ["verify"]),
        ("genint predict genome.fa --summary-", ["--summary-statistic"]),
        ("genint predict genome.fa --scale m", ["model"]),
    ],
)
def test_a_shell_completes_commands_options_and_choices(line: str, expected: list[str]) -> None:
    assert complete(line) == expected


def test_a_message_names_the_option_of_the_command_in_use(genint: Run, tmp_path: Path) -> None:
    names = _option_names(make_app(), ["data", "make"])
    assert (names["bin_bp"], names["out"], names["batch_size"]) == ("--bin-bp", "--out", "--batch-size")
    assert _option_names(make_app(), ["merge"])["folders"] == "DIR"
    assert _option_names(make_app(), ["predict"])["tracks"] == "--tracks"


@pytest.mark.parametrize(
    ("words", "place"),
    [
        (["-o", "there"], "there"),
        (["--out", "there"], "there"),
        (["--out=there"], "there"),
    ],
)
def test_a_full_disk_names_where_the_command_writes(
    words: list[str], place: str, genint: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("genint.datasets.build.make_dataset", full)
    finished = genint("data", "make", EXAMPLE / "genome.fa", EXAMPLE / "tracks.tsv", "--valid", "chr3", *words)
    assert finished.code == 1
    assert finished.err.splitlines()[-1] == f"genint: error: {place}: No space left on device. Free space"


def test_the_version_is_printed(genint: Run) -> None:
    assert genint("--version").out == f"genint {genint_package.__version__}\n"


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
