"""Which libraries are installed, beside what genint's metadata ask for: the first findings of a check-up."""

import time
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import PackageNotFoundError, metadata, requires, version
from typing import Any, NamedTuple

from packaging.requirements import Requirement

from genint.errors import InputError

_FOR_DEVELOPERS = "dev"


class Finding(NamedTuple):
    """What one part of a check-up finds: a line about its topic, the same as JSON, and what is wrong, with its cure."""

    topic: str
    line: str
    facts: Any
    problems: tuple[str, ...] = ()


def find_libraries() -> Finding:
    """Versions of what genint needs. A problem for each that is missing or does not fit."""
    try:
        needed = list(_requirements(""))
    except PackageNotFoundError:
        return Finding("libraries", "unknown", {}, ("genint is not installed for this Python. Run pip install .",))
    versions = {requirement.name: _version(requirement.name) for requirement in needed}
    problems = [problem for requirement in needed if (problem := _misfit(requirement))]
    return Finding("libraries", _list(versions), versions, tuple(problems))


def find_extras() -> Finding:
    """Versions of what the optional extras bring. One that is missing is no problem, one that is too old is."""
    try:
        extras = [extra for extra in metadata("genint").get_all("Provides-Extra") or [] if extra != _FOR_DEVELOPERS]
    except PackageNotFoundError:
        extras = []
    needed = {extra: list(_requirements(extra)) for extra in extras}
    versions = {extra: {each.name: _version(each.name) for each in needed[extra]} for extra in extras}
    lines = [f"{extra}: {_list(versions[extra])}" for extra in extras]
    there = [each for extra in extras for each in needed[extra] if _version(each.name)]
    problems = tuple(problem for requirement in there if (problem := _misfit(requirement)))
    return Finding("extras", "; ".join(lines) or "none", versions, problems)


def check_extra(library: str, asked_by: str, extra: str) -> None:
    """InputError unless a library of an extra can be loaded: to be called before anything is computed for it."""
    try:
        import_module(library)
    except ImportError:
        raise InputError(f"{asked_by}: needs {library}. Run pip install 'genint[{extra}]'") from None


def find_broken_imports() -> Finding:
    """Whether what predictions need can be imported: a library may lack a part of its own, or of the system's."""
    started = time.monotonic()
    try:
        import_module("genint.prediction.device_checkup")
    except (ImportError, OSError) as error:
        problem = f"the libraries cannot be loaded ({' '.join(str(error).split())}). Install that library again"
        return Finding("loading", "failed", None, (problem,))
    seconds = time.monotonic() - started
    return Finding("loading", f"what predictions need took {seconds:.1f} s", seconds)


def _requirements(extra: str) -> Iterator[Requirement]:
    """What genint needs always (extra ""), or only for an extra."""
    for line in requires("genint") or []:
        requirement = Requirement(line)
        always = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        wanted = requirement.marker is None or requirement.marker.evaluate({"extra": extra})
        if wanted and (always == (extra == "")):
            yield requirement


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _misfit(requirement: Requirement) -> str | None:
    """What is wrong with an installed library, and the cure; None if nothing is."""
    name, found, cure = requirement.name, _version(requirement.name), f"Run pip install '{requirement.name}"
    if found is None:
        return f"{name} is missing. {cure}{requirement.specifier}'"
    if not requirement.specifier.contains(found, prereleases=True):
        return f"{name} {found} is installed, genint needs {requirement.specifier}. {cure}{requirement.specifier}'"
    return None


def _list(versions: dict[str, str | None]) -> str:
    return ", ".join(f"{name} {found or 'missing'}" for name, found in versions.items())
