"""genint doctor: is this machine well."""

import textwrap

import typer

from genint.cli import options
from genint.cli.streams import print_json

_INDENT = 12


def doctor(json_output: options.Json = False) -> None:
    """Show what genint runs on: versions, devices, number format, threads and why, disk, caches; and predict a known
    sequence with the bundled model.

    A line for each thing that is wrong, and what helps; then the exit code is 1.

    Example: genint doctor
    """
    from genint.prediction.checkup import check_up

    facts: dict[str, object] = {}
    problems: list[str] = []
    for finding in check_up():
        facts[finding.topic] = finding.facts
        problems += finding.problems
        if not json_output:
            _print(finding.topic, finding.line)
    if json_output:
        print_json({**facts, "problems": problems})
    else:
        for problem in problems or ["none"]:
            _print("problem" if problems else "problems", problem)
    if problems:
        raise typer.Exit(1)


def _print(topic: str, line: str) -> None:
    print(textwrap.fill(f"{topic:{_INDENT}}{line}", 110, subsequent_indent=_INDENT * " ", break_on_hyphens=False))
