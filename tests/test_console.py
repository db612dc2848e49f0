"""Notes go to stderr, so that stdout holds results alone."""

import sys

import pytest

from genint.console import Console

Capture = pytest.CaptureFixture[str]


def test_notes_and_warnings_go_to_stderr(capsys: Capture) -> None:
    console = Console()
    console.say("reading genome.fa")
    console.warn("it has no chromosome chrM")
    captured = capsys.readouterr()
    assert captured.err == "genint: reading genome.fa\ngenint: warning: it has no chromosome chrM\n"
    assert captured.out == ""


def test_quiet_silences_notes_but_not_warnings(capsys: Capture) -> None:
    console = Console(quiet=True)
    console.say("reading genome.fa")
    console.warn("it has no chromosome chrM")
    assert capsys.readouterr().err == "genint: warning: it has no chromosome chrM\n"


def test_progress_leaves_no_trace_in_a_log_file(capsys: Capture) -> None:
    with Console().progress("predicting", 2) as advance:
        advance(1)
        advance(1)
    captured = capsys.readouterr()
    assert captured.err + captured.out == ""


@pytest.mark.parametrize("quiet", [False, True])
def test_progress_is_a_bar_on_a_terminal_unless_quiet(
    quiet: bool, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with Console(quiet=quiet).progress("predicting", 7) as advance:
        advance(3)
        advance(4)
    captured = capsys.readouterr()
    assert ("predicting" in captured.err and "7/7" in captured.err) != quiet
    assert captured.out == ""
