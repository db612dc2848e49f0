"""The README is true: its commands run, in order, on the example data, and name every verb and file there is."""

import re
import shlex
import shutil
from pathlib import Path

import pytest

from tests.conftest import EXAMPLE, Run

ROOT = EXAMPLE.parent
README = (ROOT / "README.md").read_text()
COMMANDS = re.findall(r"^\$ (genint .+)$", README, re.MULTILINE)


def test_the_readme_shows_the_verbs() -> None:
    shown = {shlex.split(command)[1] for command in COMMANDS}
    assert shown == {"predict", "merge", "tracks", "data", "train", "eval", "models"}


@pytest.mark.timeout(600)
def test_every_command_in_the_readme_runs(tmp_path: Path, genint: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "example_data"
    shutil.copytree(EXAMPLE, folder)
    monkeypatch.chdir(folder)
    for command in COMMANDS:
        finished = genint(*shlex.split(command)[1:])
        assert finished.code == 0, f"{command}\n{finished.err}"


def test_the_two_commands_that_set_everything_up_are_there() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for chore in ("demo", "test"):
        assert f"    make {chore}\n" in README
        assert f"\n{chore}: " in makefile
    assert "genint predict example_data/genome.fa example_data/regions.bed" in makefile


@pytest.mark.parametrize("page", [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))])
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
        assert (page.parent / target).exists(), target


def test_no_page_speaks_of_a_place_on_somebody_s_disk() -> None:
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *ROOT.glob("genint/pretrained/*/README.md")]:
        assert not re.search(r"(?<![\w.])/(home|root|work|tmp|Users)/", page.read_text()), page
