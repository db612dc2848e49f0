"""Every command and block of code on every page runs, or says why not."""

import shlex
import shutil
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from tests.conftest import EXAMPLE, Run
from tests.pages import PAGES, REASONS, ROOT, blocks, commands, run_page, shorten, without_fences
from tests.reference import all_commands

LANGUAGES = {"console", "python", "text", "toml", "yaml"}
GENERATED = {"commands.md"}  # its blocks are usages


@pytest.fixture
def in_example_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "example_data"
    shutil.copytree(EXAMPLE, folder)
    monkeypatch.chdir(folder)
    return folder


def runs(page: Path) -> bool:
    return any(not block.reason and (block.commands or block.language == "python") for block in blocks(page))


@pytest.mark.timeout(600)
@pytest.mark.usefixtures("in_example_data")
@pytest.mark.parametrize("page", list(filter(runs, PAGES)), ids=lambda path: path.name)
def test_everything_on_a_page_runs(page: Path, genint: Run) -> None:
    assert list(run_page(page, genint)) == []


def test_a_page_that_fails_is_found(tmp_path: Path, genint: Run) -> None:
    page = tmp_path / "page.md"
    page.write_text("```console\n$ genint tracks\n$ genint tracks --match nothing\n$ false\n```\n")
    assert [failed.split("\n")[0] for failed in run_page(page, genint)] == ["genint tracks --match nothing", "false"]
    page.write_text("```python\nassert 1 == 2\n```\n")
    with pytest.raises(AssertionError):
        list(run_page(page, genint))


def test_training_is_shortened_and_nothing_else() -> None:
    assert shorten("genint train d -o m --steps 3000") == "genint train d -o m --steps 1 --batch-size 1"
    assert shorten("train(steps=5_000, seed=7)") == "train(steps=1, seed=7)"
    assert shorten("genint predict g.fa -o p --batch-size 4") == "genint predict g.fa -o p --batch-size 4"


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_what_does_not_run_says_why(page: Path) -> None:
    for block in blocks(page):
        assert not block.reason or block.reason in REASONS, f"{block.reason}: not one of {', '.join(REASONS)}"
        if block.reason == "README":
            assert set(block.commands) <= set(commands(PAGES[0]))
        assert block.language in LANGUAGES or page.name in GENERATED, f"{block.language!r}: {block.text}"


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_no_code_hides_outside_of_fences(page: Path) -> None:
    hidden = [line for line in without_fences(page).splitlines() if line.startswith(("    ", "$ "))]
    assert [line for line in hidden if not line.startswith("    make ")] == []


def test_every_option_shown_exists_even_where_the_command_is_not_run() -> None:
    known = all_commands()
    shown = [command for page in PAGES for block in blocks(page) for command in block.commands]
    checked = 0
    for words in (shlex.split(command) for command in shown if command.startswith("genint ")):
        verb = words[1] if words[1] in known else " ".join(words[1:3])
        if verb not in known:
            verb = " ".join(words[1:4])
        options = {name for each in known[verb].params for name in [*each.opts, *each.secondary_opts]}
        assert [word for word in words if word.startswith("--") and word not in options] == [], words
        checked += 1
    assert checked > 50


@pytest.mark.parametrize("notebook", sorted((ROOT / "docs").glob("*.ipynb")), ids=lambda path: path.name)
def test_every_cell_of_a_notebook_runs(notebook: Path, in_example_data: Path) -> None:
    content = nbformat.read(notebook, as_version=4)  # type: ignore[no-untyped-call]
    NotebookClient(content, timeout=300, resources={"metadata": {"path": str(in_example_data)}}).execute()
    outputs = [output for cell in content.cells for output in cell.get("outputs", [])]
    assert sum("image/png" in output.get("data", {}) for output in outputs) >= 3
