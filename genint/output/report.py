"""run.json: what it says of the run that made the files beside it, and how the plans of two runs differ."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from genint.provenance import Provenance

RUN_FILE = "run.json"

Plan = Mapping[str, Any]  # what decides a run's results, as JSON: two runs with equal plans make equal files


class RunReport(Provenance, total=False):
    """What run.json holds: `files` and their sizes in bytes, `regions`: how many rows have each status, `bins` with a
    value, `tiles` predicted, `seconds` taken; and what made them: the `plan`, the folders `merged`, provenance.
    """

    plan: dict[str, Any]
    files: dict[str, int]
    regions: dict[str, int]
    bins: int
    tiles: int
    seconds: float
    merged: list[dict[str, Any]]


def read_json(path: Path) -> Any:
    """What a JSON file holds; None for one that is missing or none."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None


def read_report(out: Path) -> RunReport:
    """What run.json in `out` says of the run that made what lies there; "plan" and "files" are there, perhaps empty."""
    report = read_json(out / RUN_FILE)
    report = report if isinstance(report, dict) else {}
    parts = {name: report.get(name) for name in ("plan", "files")}
    return cast(RunReport, report | {name: part if isinstance(part, dict) else {} for name, part in parts.items()})


def list_files(out: Path) -> dict[str, int]:
    """Name and present size of every file in `out` that run.json lists."""
    files = [out / name for name in read_report(out)["files"] if Path(name).name == name]
    return {file.name: file.stat().st_size for file in files if file.is_file()}


def changed_file(out: Path, report: Mapping[str, Any]) -> Path | None:
    """A file that `report` lists and that is missing in `out` or has another size; None if all are as they were."""
    sizes = list_files(out)
    return next((out / name for name, size in report["files"].items() if sizes.get(name) != size), None)


def difference(theirs: Plan | None, ours: Plan) -> str:
    """What the plans of two runs do not have in common, for people."""
    if not theirs:
        return "nothing records which"
    old, new = dict(_flatten(theirs)), dict(_flatten(ours))
    names = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    changes = [_describe_change(name, old.get(name), new.get(name)) for name in names[:3]]
    return "; ".join([*changes, *(["more"] if len(names) > 3 else [])])


def _describe_change(name: str, old: object, new: object) -> str:
    if isinstance(old, list) and isinstance(new, list):
        gone, come = [item for item in old if item not in new], [item for item in new if item not in old]
        if gone or come:
            found = {"without": gone, "with": come}
            return f"{name} is {' and '.join(f'{word} {_shorten(items)}' for word, items in found.items() if items)}"
    return f"{name} was {_shorten(old)}, is {_shorten(new)}"


def _flatten(plan: object, name: str = "") -> Iterator[tuple[str, object]]:
    if isinstance(plan, Mapping):
        for key, value in plan.items():
            yield from _flatten(value, f"{name}.{key}" if name else key)
    elif isinstance(plan, list) and any(isinstance(value, Mapping) for value in plan):
        for number, value in enumerate(plan, start=1):
            yield from _flatten(value, f"{name} {number}")
    else:
        yield name, plan


def _shorten(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
