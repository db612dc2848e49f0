"""Libraries beside what is needed: those of this installation fit, others are named with a cure."""

import sys
from email.message import Message
from importlib.metadata import PackageNotFoundError

import pytest

from genint.errors import InputError
from genint.prediction import installed
from genint.prediction.installed import check_extra, find_broken_imports, find_extras, find_libraries


@pytest.fixture
def versions(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What is installed, by name: an installation of two libraries and an extra, to be changed."""
    there = {"torch": "2.13.0+cpu", "numpy": "2.4.6", "mappy": "2.31"}

    def version(name: str) -> str:
        if name not in there:
            raise PackageNotFoundError(name)
        return there[name]

    needed = ["torch>=2.6", "numpy>=1.26", 'mappy>=2.24; extra == "align"', 'pytest>=8; extra == "dev"']
    monkeypatch.setattr(installed, "requires", lambda name: needed)
    monkeypatch.setattr(installed, "version", version)
    asked = Message()
    for extra in ("align", "dev"):
        asked["Provides-Extra"] = extra
    monkeypatch.setattr(installed, "metadata", lambda name: asked)
    return there


def test_this_installation_has_what_it_needs() -> None:
    found = find_libraries()
    assert found.problems == ()
    assert {"torch", "numpy", "pybigtools"} <= set(found.facts)
    assert f"torch {found.facts['torch']}" in found.line
    assert find_broken_imports().problems == ()


def test_a_build_of_a_version_fits(versions: dict[str, str]) -> None:
    del versions["mappy"]
    assert find_libraries() == ("libraries", "torch 2.13.0+cpu, numpy 2.4.6", versions, ())


@pytest.mark.parametrize(
    ("name", "version", "words"),
    [
        ("numpy", None, "numpy is missing. Run pip install 'numpy>=1.26'"),
        ("torch", "1.13", "torch 1.13 is installed, genint needs >=2.6. Run pip install 'torch>=2.6'"),
    ],
)
def test_a_library_that_does_not_fit_is_named_with_a_cure(
    name: str, version: str | None, words: str, versions: dict[str, str]
) -> None:
    versions.pop(name)
    if version:
        versions[name] = version
    assert find_libraries().problems == (words,)


def test_an_extra_may_be_missing_but_not_too_old(versions: dict[str, str]) -> None:
    assert find_extras() == ("extras", "align: mappy 2.31", {"align": {"mappy": "2.31"}}, ())
    versions["mappy"] = "2.1"
    assert "mappy 2.1 is installed" in find_extras().problems[0]
    del versions["mappy"]
    assert find_extras() == ("extras", "align: mappy missing", {"align": {"mappy": None}}, ())


def test_a_library_that_cannot_be_loaded_is_one_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(name: str) -> None:
        raise OSError("libgomp.so.1: cannot open\nshared object file")

    monkeypatch.setattr(installed, "import_module", fail)
    (problem,) = find_broken_imports().problems
    assert "libgomp.so.1: cannot open shared object file" in problem


def test_a_genint_that_is_not_installed_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(installed, "requires", missing)
    monkeypatch.setattr(installed, "metadata", missing)
    assert "pip install ." in find_libraries().problems[0]
    assert find_extras().line == "none"


def test_a_missing_library_of_an_extra_is_named_with_its_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    check_extra("numpy", "`motifs`", "explain")
    monkeypatch.setitem(sys.modules, "memelite", None)
    with pytest.raises(InputError, match=r"`motifs`: needs memelite. Run pip install 'genint\[explain\]'"):
        check_extra("memelite", "`motifs`", "explain")
