"""Notes go to stderr, so that stdout holds results alone; progress has a rate and the time left."""

import errno
import sys
from collections.abc import Callable
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genint.console import LINE_SECONDS, Console, Pace

Capture = pytest.CaptureFixture[str]


class Clock:
    """Time that passes when a test says so."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("genint.console.time.monotonic", clock)
    return clock


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


class Refusing(StringIO):
    """A stream whose disk is full or whose reader has gone."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self._number = number

    def write(self, text: str) -> int:
        raise OSError(self._number, "refused")


def test_a_full_disk_under_a_log_ends_no_run_but_a_closed_pipe_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Refusing(errno.ENOSPC))
    Console().say("reading genome.fa")
    monkeypatch.setattr(sys, "stderr", Refusing(errno.EPIPE))
    with pytest.raises(BrokenPipeError):
        Console().say("reading genome.fa")


def test_notes_of_a_process_without_stderr_go_nowhere(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    Console().say("reading genome.fa")
    with Console().progress("predicting", 2) as advance:
        advance(2)
    assert capsys.readouterr().out == ""


def test_work_that_is_done_within_half_a_minute_leaves_no_trace_in_a_log(clock: Clock, capsys: Capture) -> None:
    with Console().progress("predicting", 290, "tiles") as advance:
        for _ in range(290):
            clock.now += 0.1
            advance(1)
    captured = capsys.readouterr()
    assert captured.err + captured.out == ""


def test_a_log_gets_a_line_with_rate_and_time_left_every_30_s(clock: Clock, capsys: Capture) -> None:
    with Console().progress("predicting", 737, "tiles") as advance:
        for _ in range(340):
            clock.now += 0.25
            advance(1)
    assert capsys.readouterr().err.splitlines() == [
        "genint: predicting 120 of 737 tiles, 4.0 tiles/s, 2:34 left",
        "genint: predicting 240 of 737 tiles, 4.0 tiles/s, 2:04 left",
    ]


@given(st.lists(st.tuples(st.floats(0, 100), st.integers(0, 50)), max_size=40))
def test_lines_of_a_log_are_at_least_30_s_apart(steps: list[tuple[float, int]]) -> None:
    clock, printed = Clock(), list[float]()
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr("genint.console.time.monotonic", clock)
        monkeypatch.setattr("genint.console._print", lambda message: printed.append(clock.now))
        with Console().progress("predicting", 2_000) as advance:
            for seconds, count in steps:
                clock.now += seconds
                advance(count)
    assert all(later - sooner >= LINE_SECONDS for sooner, later in zip([1_000.0, *printed], printed, strict=False))
    assert len(printed) == 0 or printed[0] >= 1_000 + LINE_SECONDS


def test_quiet_silences_progress_in_a_log(clock: Clock, capsys: Capture) -> None:
    with Console(quiet=True).progress("predicting", 2) as advance:
        clock.now += 100
        advance(1)
    assert capsys.readouterr().err == ""


def test_tiles_that_a_resumed_run_finds_done_do_not_count_as_speed(clock: Clock) -> None:
    pace = Pace(1_000, "tiles")
    for _ in range(500):
        clock.now += 0.0001
        pace.advance(1)
    for _ in range(30):
        clock.now += 1
        pace.advance(1)
    assert str(pace) == "530 of 1,000 tiles, 1.0 tiles/s, 7:50 left"


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0.001, "1,000.0 bins/s, 0:08 left"), (40, "0.025 bins/s, 100:00:00 left"), (2.5, "0.4 bins/s, 6:15:00 left")],
)
def test_a_rate_is_readable_for_fast_and_slow_steps(seconds: float, expected: str, clock: Clock) -> None:
    pace = Pace(9_100, "bins")
    for _ in range(100):
        clock.now += seconds * (10 if seconds < 1 else 1)
        pace.advance(10 if seconds < 1 else 1)
    assert pace.rate() == expected


def test_there_is_no_rate_before_the_first_step(clock: Clock) -> None:
    pace = Pace(5)
    clock.now += 10
    assert str(pace) == "0 of 5"


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Make stderr a terminal of some kind."""

    def become(kind: str) -> None:
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
        monkeypatch.setenv("TERM", kind)

    return become


@pytest.mark.parametrize("quiet", [False, True])
def test_progress_is_a_bar_on_a_terminal_unless_quiet(
    quiet: bool, terminal: Callable[[str], None], capsys: Capture, clock: Clock
) -> None:
    terminal("xterm")
    with Console(quiet=quiet).progress("predicting", 7, "tiles") as advance:
        for _ in range(6):
            clock.now += 2
            advance(1)
    captured = capsys.readouterr()
    assert ("predicting" in captured.err and "6 of 7 tiles, 0.5 tiles/s, 0:02 left" in captured.err) != quiet
    assert captured.out == ""


def test_a_terminal_that_cannot_move_its_cursor_gets_lines(
    terminal: Callable[[str], None], capsys: Capture, clock: Clock
) -> None:
    terminal("dumb")
    with Console().progress("predicting", 7) as advance:
        clock.now += 40
        advance(1)
    assert capsys.readouterr().err == "genint: predicting 1 of 7, 0.025/s, 4:00 left\n"
