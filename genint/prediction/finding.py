"""What one part of `genint doctor` finds."""

from typing import Any, NamedTuple


class Finding(NamedTuple):
    """A topic, a line about it for people, the same as JSON, and what is wrong, each with its cure."""

    topic: str
    line: str
    facts: Any
    problems: tuple[str, ...] = ()
