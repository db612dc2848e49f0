"""Notes and progress on stderr, so that stdout holds results alone."""

import os
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

LINE_SECONDS = 30  # between two lines of progress in a log
_RATE_SECONDS = 20  # what a rate is measured over: shorter, so that the steps a resumed run skips do not count
_SAMPLE_SECONDS = 0.5


class Console:
    """Notes as lines; progress as a bar on a terminal and as a line every 30 s elsewhere. `quiet` silences both."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet

    def say(self, message: str) -> None:
        """Print one line of information."""
        if not self._quiet:
            _print(message)

    def warn(self, message: str) -> None:
        """Print one line that even --quiet lets through."""
        _print(f"warning: {message}")

    @contextmanager
    def progress(self, label: str, total: int, unit: str = "") -> Iterator[Callable[[int], None]]:
        """Show how many of `total` steps are done, their rate and the time left, while the block runs.

        The block calls what it is given with the number of steps just done. `unit` names them: `tiles`. A log gets no
        line from a block that is done within 30 s.
        """
        if self._quiet:
            yield lambda steps: None
        elif sys.stderr and sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
            with _bar(label, total, unit) as advance:
                yield advance
        else:
            yield _Lines(label, Pace(total, unit)).advance


class Pace:
    """Counts steps and reports them: `120 of 737 tiles, 4.1 tiles/s, 2:30 left`."""

    def __init__(self, total: int, unit: str = "") -> None:
        self._total, self._unit = total, unit
        self._done, self._started = 0, time.monotonic()
        self._samples = deque([(self._started, 0)])  # (when, steps done by then), the oldest first

    def advance(self, steps: int) -> None:
        """Count `steps` more."""
        self._done += steps
        now = time.monotonic()
        if now - self._started < _SAMPLE_SECONDS:  # with what a resumed run found done
            self._samples[0] = (now, self._done)
        elif now - self._samples[-1][0] >= _SAMPLE_SECONDS:
            self._samples.append((now, self._done))
        while len(self._samples) > 2 and self._samples[1][0] <= now - _RATE_SECONDS:
            self._samples.popleft()

    def counts(self) -> str:
        """`120 of 737 tiles`."""
        return f"{self._done:,} of {self._total:,} {self._unit}".rstrip()

    def rate(self) -> str:
        """`4.1 tiles/s, 2:30 left`; empty before there is anything to measure."""
        (then, before), now = self._samples[0], time.monotonic()
        if self._done == before or now == then:
            return ""
        per_second = (self._done - before) / (now - then)
        rate = f"{per_second:,.1f}" if per_second >= 1 else f"{per_second:.2g}"
        return f"{rate} {self._unit}".rstrip() + f"/s, {_clock((self._total - self._done) / per_second)} left"

    def __str__(self) -> str:
        return ", ".join(filter(None, (self.counts(), self.rate())))


class _Lines:
    """Progress in a log: a line at most every LINE_SECONDS."""

    def __init__(self, label: str, pace: Pace) -> None:
        self._label, self._pace, self._printed = label, pace, time.monotonic()

    def advance(self, steps: int) -> None:
        self._pace.advance(steps)
        now = time.monotonic()
        if now - self._printed >= LINE_SECONDS:
            self._printed = now
            _print(f"{self._label} {self._pace}")


@contextmanager
def _bar(label: str, total: int, unit: str) -> Iterator[Callable[[int], None]]:
    from rich.console import Console as RichConsole
    from rich.progress import BarColumn, Progress, TextColumn

    pace = Pace(total, unit)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[pace]}"))
    with Progress(*columns, console=RichConsole(stderr=True)) as bar:
        task = bar.add_task(label, total=total, pace=str(pace))

        def advance(steps: int) -> None:
            pace.advance(steps)
            bar.update(task, advance=steps, pace=str(pace))

        yield advance


def _print(message: str) -> None:
    """A note that a full disk refuses is no reason to end a run; a closed pipe is, as for any tool."""
    try:
        if sys.stderr:  # None where it was closed
            print(f"genint: {message}", file=sys.stderr, flush=True)
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            raise


def _clock(seconds: float) -> str:
    """`2:30`, and `1:02:30` from an hour on."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
