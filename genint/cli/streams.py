"""Standard output and standard error as they may be: closed, full, or of a terminal that knows few characters."""

import codecs
import json
import os
import sys
from contextlib import suppress


def prepare_streams() -> None:
    """Let everything be printed somewhere: what a stream cannot show is replaced, what goes to a closed one is lost.

    A closed descriptor is given to the null device, or the next file to be opened would get its number and with it
    whatever is printed there.
    """
    codecs.register_error("genint", _replace)
    for number in range(3):
        with suppress(OSError):
            os.fstat(number)
            continue
        os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # takes the lowest number that is free: this one
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115  open as long as the process
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="genint")


def print_json(value: object) -> None:
    """Print `value` as JSON on stdout. ValueError for NaN and infinity, which JSON does not know."""
    print(json.dumps(value, indent=1, allow_nan=False))


def _replace(error: UnicodeError) -> tuple[str | bytes, int]:
    """Bytes of a file name that are no text stay as they are, so that a path leads somewhere; the rest becomes `?`."""
    try:
        return codecs.lookup_error("surrogateescape")(error)
    except UnicodeError:
        return codecs.lookup_error("replace")(error)
