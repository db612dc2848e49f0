"""What can go wrong by the user's hand. Everything else is our bug and keeps its traceback.

UserError               one line, exit 1
├── InputError          a file or value the user gave cannot be used
└── OutputError         a result cannot be written (permission, full disk, something in the way)
"""

import errno
import re
from collections.abc import Mapping


class UserError(Exception):
    """A mistake the user can fix. The message is one line: file, place, what was found, what to do.

    Parameters of the function that was called stand in backticks, as `batch_size`; the command line puts its own
    options in their place (`for_command_line`).
    """

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.split()))

    def for_command_line(self, options: Mapping[str, str]) -> str:
        """The message with options, by parameter name, in place of what stands in backticks: --batch-size."""
        return re.sub(r"`(\w+)`", lambda match: options.get(match[1], match[0]), str(self))


class InputError(UserError):
    """A file or value the user gave cannot be used."""


class OutputError(UserError):
    """A result cannot be written where the user wants it."""


def advice(error: OSError) -> str:
    """What may help against a refusal of the system."""
    return "Free space" if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG) else "Look at that place"


def cannot_write(path: object, error: OSError) -> OutputError:
    """What the system refused where a result was to be written."""
    return OutputError(f"{path}: cannot write ({error.strerror or error}). {advice(error)}, or choose another `out`")
