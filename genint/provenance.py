"""Who made a result, and where: for the files that lie beside it."""

import platform
import shlex
import sys
from importlib.metadata import version
from pathlib import Path
from typing import TypedDict


class Provenance(TypedDict, total=False):
    """Who made a result, and where."""

    command: str
    versions: dict[str, str]
    platform: str


def command_line() -> str:
    """The command of this process as it was typed, or the script that called genint."""
    program = "genint" if Path(sys.argv[0]).name in ("genint", "__main__.py") else sys.argv[0]
    return shlex.join([program, *sys.argv[1:]])


def provenance() -> Provenance:
    """Who made a result, and where: the command line of this process, versions, and the platform."""
    packages = ("genint", "torch", "numpy", "pyfaidx", "pybigtools", "deflate")
    return {
        "command": command_line(),
        "versions": {"python": platform.python_version(), **{name: version(name) for name in packages}},
        "platform": f"{platform.system()} {platform.machine()}",
    }
