"""The README is true: it names every verb and file there is. And pages hang together."""

import operator
import re
import shlex
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest

from tests.api_reference import write_api
from tests.pages import ROOT, commands
from tests.reference import all_commands, write_reference
from tests.test_structure import MODULES

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


@pytest.mark.parametrize(("page", "write"), [("commands.md", write_reference), ("api.md", write_api)])
def test_the_reference_is_what_the_code_says(
    page: str, write: Callable[[], str], request: pytest.FixtureRequest
) -> None:
    path = ROOT / "docs" / page
    if request.config.getoption("--update-golden"):
        path.write_text(write())
    assert path.read_text() == write()


def test_every_function_that_the_algorithms_name_exists() -> None:
    named = re.findall(r"`(genint(?:\.\w+)+)`", (ROOT / "docs" / "algorithms.md").read_text())
    assert len(named) > 40
    for name in named:
        module, parts = name, []
        while module not in MODULES:
            module, _, part = module.rpartition(".")
            parts.insert(0, part)
        assert operator.attrgetter(".".join(parts))(import_module(module)), name


def test_every_complaint_has_an_answer_with_tests_that_exist() -> None:
    page = (ROOT / "docs" / "faq.md").read_text()
    answers = re.split(r"^## (\d+)\. ", page, flags=re.MULTILINE)[1:]
    assert [int(number) for number in answers[::2]] == list(range(1, 26))
    for answer in answers[1::2]:
        tests = re.findall(r"`(tests/\S+\.py)::(\w+)`", answer)
        assert tests, answer
        assert [test for file, test in tests if f"def {test}(" not in (ROOT / file).read_text()] == []
