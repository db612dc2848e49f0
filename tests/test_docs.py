"""The README is true: it names every verb and file there is. And pages hang together."""

import re
import shlex
from pathlib import Path

import pytest

from tests.pages import ROOT, commands
from tests.reference import all_commands, write_reference

README = (ROOT / "README.md").read_text()


COMMANDS = commands(ROOT / "README.md")


def test_the_readme_names_every_command_and_shows_every_verb() -> None:
    assert {name.split()[0] for name in all_commands()} == {shlex.split(command)[1] for command in COMMANDS}
    assert not [name for name in all_commands() if f"genint {name}" not in README]


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


def test_every_option_of_predict_is_explained() -> None:
    explained = README + (ROOT / "docs" / "predict.md").read_text()
    options = [name for each in all_commands()["predict"].params for name in each.opts if name.startswith("--")]
    assert len(options) > 25
    assert not [name for name in options if name != "--help" and not re.search(rf"{name}\b(?!-)", explained)]


def test_the_reference_lists_every_command_and_option_as_it_is(request: pytest.FixtureRequest) -> None:
    page = ROOT / "docs" / "commands.md"
    if request.config.getoption("--update-golden"):
        page.write_text(write_reference())
    assert page.read_text() == write_reference()
