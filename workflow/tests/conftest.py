"""What the tests of the workflow have seen goes to the end of pytest's output: CI's log shows it."""

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for report in terminalreporter.getreports("passed"):
        for name, seen in report.user_properties if report.when == "call" else []:
            if name == "workflow":
                terminalreporter.write_line(f"workflow: {seen}")
