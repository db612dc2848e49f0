"""How genint gets to people: the bioconda recipe asks for what pyproject.toml asks for, the Dockerfile's steps work."""

import hashlib
import importlib.util
import re
import subprocess
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

import genint

ROOT = Path(__file__).parents[1]
ON_CONDA = {"torch": "pytorch", "matplotlib": "matplotlib-base"}  # where the name is another


def load(path: str) -> ModuleType:
    """A script of packaging/ as a module; the folder's name is that of a library, too."""
    spec = importlib.util.spec_from_file_location(Path(path).stem, ROOT / path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


fill, docker_steps = load("packaging/bioconda/fill.py"), load("packaging/docker_steps.py")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def read_recipe(text: str) -> Any:
    """The recipe as conda would read it, whose templates are filled in as far as is asked for here."""
    (version,) = re.findall(r'set version = "(.+)"', text)
    filled = re.sub(r"{%.+?%}", "", text).replace("{{ version }}", version)
    return yaml.safe_load(re.sub(r"{{.+?}}", "filled", filled))


@pytest.fixture
def recipe() -> Any:
    return read_recipe((ROOT / "packaging" / "bioconda" / "meta.yaml").read_text())


def test_the_recipe_asks_for_what_the_project_asks_for(recipe: Any) -> None:
    asked = [re.split(r"(?=>=)", line) for line in PROJECT["dependencies"]]
    expected = [f"{ON_CONDA.get(name, name)} {version}" for name, version in asked]
    assert recipe["requirements"]["run"] == [f"python {PROJECT['requires-python']}", *expected]
    build = tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]["requires"]
    assert recipe["requirements"]["host"] == [
        f"python {PROJECT['requires-python']}",
        "pip",
        *(line.replace(">=", " >=") for line in build),
    ]


def test_the_recipe_is_of_this_version_and_starts_the_same_program(recipe: Any) -> None:
    assert recipe["package"] == {"name": "genint", "version": genint.__version__}
    assert recipe["build"]["entry_points"] == [f"genint = {PROJECT['scripts']['genint']}"]
    assert recipe["build"]["noarch"] == "python"
    assert (ROOT / recipe["about"]["license_file"]).is_file()
    assert recipe["about"]["license"] == PROJECT["license"]


def test_the_digest_of_a_release_is_filled_in(tmp_path: Path) -> None:
    archive = tmp_path / "genint.tar.gz"
    archive.write_bytes(b"a release")
    filled = fill.fill(archive, "https://example.org/genint.tar.gz")
    assert read_recipe(filled)["source"] == {
        "url": "https://example.org/genint.tar.gz",
        "sha256": hashlib.sha256(b"a release").hexdigest(),
    }
    assert not [blank for blank in (fill.URL, fill.SHA256, "#") if blank in filled]


def test_what_the_dockerfile_copies_is_enough_to_install_from(tmp_path: Path) -> None:
    copied = docker_steps.copy_files(docker_steps.read_steps(ROOT / "Dockerfile"), tmp_path)
    assert {path.name for path in copied} == {"constraints.txt", "pyproject.toml", "README.md", "LICENSE", "genint"}
    assert {PROJECT["readme"], *PROJECT["license-files"]} <= {path.name for path in copied}
    assert (tmp_path / "genint" / "pretrained").is_dir()


def test_a_file_that_is_not_there_and_an_instruction_that_is_not_followed_are_errors(tmp_path: Path) -> None:
    dockerfile = tmp_path / "Dockerfile"
    dockerfile.write_text("FROM python:3\nCOPY nothing.txt ./\n")
    with pytest.raises(FileNotFoundError, match=r"nothing\.txt"):
        docker_steps.copy_files(docker_steps.read_steps(dockerfile), tmp_path)
    dockerfile.write_text("FROM python:3\nADD https://example.org/x /x\n")
    with pytest.raises(ValueError, match="ADD"):
        docker_steps.read_steps(dockerfile)


def test_run_lines_run_with_their_arguments_and_then_the_program(tmp_path: Path) -> None:
    program = tmp_path / "environment" / "bin" / "program"
    program.parent.mkdir(parents=True)
    steps = [
        ("ARG", 'WORD="hello"'),
        ("RUN", f'echo "$WORD" > said && useradd --create-home me && cp "$(which echo)" {program}'),
        ("ENTRYPOINT", '["program"]'),
    ]
    docker_steps.run_lines([steps[0], ("ENV", "ONE=1 TWO=2"), ("RUN", 'echo "$ONE$TWO" > set'), *steps[1:]], tmp_path)
    assert (tmp_path / "set").read_text() == "12\n"
    assert (tmp_path / "said").read_text() == "hello\n"
    with pytest.raises(subprocess.CalledProcessError):
        docker_steps.run_lines([("RUN", "false && true"), *steps[2:]], tmp_path)


def test_the_dockerfile_names_a_python_that_the_project_supports_and_starts_genint() -> None:
    steps = dict(docker_steps.read_steps(ROOT / "Dockerfile"))
    version = re.match(r"python:(\d+)\.(\d+)\.\d+-", steps["FROM"])
    assert version, "the base image is pinned to a release"
    assert (3, 11) <= (int(version[1]), int(version[2])) <= (3, 13)
    assert steps["ENTRYPOINT"] == '["genint"]'
    assert "--constraint constraints.txt ." in steps["RUN"]


def test_the_image_runs_as_any_user() -> None:
    steps = dict(docker_steps.read_steps(ROOT / "Dockerfile"))
    assert steps["ENV"] == "HOME=/tmp USER=genint"
    for page in ("Dockerfile", "docs/installation.md"):
        assert 'docker run --rm --user "$(id -u):$(id -g)" -v "$PWD:/data" genint' in (ROOT / page).read_text()


def test_the_page_on_installation_names_every_extra() -> None:
    named = re.findall(r"^\| `(\w+)` \|", (ROOT / "docs" / "installation.md").read_text(), re.MULTILINE)
    assert sorted(named) == sorted(set(PROJECT["optional-dependencies"]) - {"dev"})
