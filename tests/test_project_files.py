"""What stands beside the code says the same as the code."""

import ast
from pathlib import Path

import pytest
import yaml

import genint

ROOT = Path(__file__).parents[1]


def test_the_citation_is_of_this_version_and_of_the_paper() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == genint.__version__
    assert {"cff-version", "message", "title", "authors"} <= set(citation)
    assert citation["preferred-citation"]["url"].endswith("2306.05143")


def test_the_changelog_begins_with_this_version_which_has_notes() -> None:
    headings = [line for line in (ROOT / "CHANGELOG.md").read_text().splitlines() if line.startswith("## ")]
    assert headings[0].split()[1] == genint.__version__
    minor = genint.__version__.rsplit(".", 1)[0]
    notes = (ROOT / "docs" / f"release_{minor}.0.md").read_text()
    assert notes.startswith(f"# genint {minor}.0\n")


@pytest.mark.parametrize("command", ["pull", "import", "push"])
def test_the_security_page_names_every_command_that_uses_a_network(command: str) -> None:
    assert f"`genint models {command}" in (ROOT / "SECURITY.md").read_text()


def test_the_hub_s_client_alone_reaches_a_network_and_where_the_security_page_says() -> None:
    calls = {
        (file.name, node.func.attr)
        for file in (ROOT / "genint").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr
        in ("snapshot_download", "hf_hub_download", "HfApi", "urlopen", "urlretrieve", "create_commit")
    }
    assert {name for name, _ in calls} == {"hub_cache.py", "hub_upload.py", "published.py"}  # pull, push, import


def test_hooks_before_a_commit_use_the_pinned_ruff() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    pinned = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if line.startswith("ruff==")]
    assert [hook["additional_dependencies"] for hook in hooks] == [pinned, pinned]


def test_nothing_is_unpickled_but_arrays_as_the_security_page_says() -> None:
    calls = [
        (file.name, ast.unparse(node))
        for file in (ROOT / "genint").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in ("torch.load", "pickle.load", "pickle.loads", "eval")
    ]
    assert calls, "checkpoints are read somewhere"
    assert [call for call in calls if "weights_only=True" not in call[1]] == []
