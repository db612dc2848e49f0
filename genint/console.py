"""What genint says while it works: progress and notes on stderr, so that stdout holds results alone."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Console:
    """Notes as plain lines, progress as a bar. `quiet` silences both; a bar appears on a terminal alone."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet

    def say(self, message: str) -> None:
        """Print one line of information."""
        if not self._quiet:
            print(f"genint: {message}", file=sys.stderr, flush=True)

    def warn(self, message: str) -> None:
        """Print one line that even --quiet lets through."""
        print(f"genint: warning: {message}", file=sys.stderr, flush=True)

    @contextmanager
    def progress(self, label: str, total: int) -> Iterator[Callable[[int], None]]:
        """Show a bar of `total` steps while the block runs; it calls what it is given with the steps just done."""
        if self._quiet or not sys.stderr.isatty():
            yield lambda steps: None
            return
        from rich.console import Console as RichConsole
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=RichConsole(stderr=True)) as bar:
            task = bar.add_task(label, total=total)
            yield lambda steps: bar.advance(task, steps)
