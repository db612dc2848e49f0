"""What `docker build` would do with the Dockerfile, without Docker: in a fresh folder with an environment of its own.

    python packaging/docker_steps.py FOLDER        # COPY, every RUN line, then: ENTRYPOINT doctor
    python packaging/docker_steps.py FOLDER --copy # COPY alone

What is not done: the base image (this Python stands in for its own) and USER (`useradd` does nothing here).
"""

import os
import re
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
KNOWN = {"FROM", "ARG", "WORKDIR", "COPY", "RUN", "ENV", "USER", "ENTRYPOINT"}


def read_steps(dockerfile: Path) -> list[tuple[str, str]]:
    """Instructions and what stands behind them, continued lines joined. ValueError for one that is not known here."""
    text = re.sub(r"^#.*\n", "", dockerfile.read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    steps = [(line.split()[0], line.split(maxsplit=1)[1].strip()) for line in text.splitlines() if line.strip()]
    if unknown := {word for word, _ in steps} - KNOWN:
        raise ValueError(f"{dockerfile}: {', '.join(sorted(unknown))} is not followed here")
    return steps


def copy_files(steps: list[tuple[str, str]], folder: Path) -> list[Path]:
    """What COPY puts into the image, now in `folder`. FileNotFoundError for what is not in the repository."""
    return [path for word, rest in steps if word == "COPY" for path in _copy(rest.split(), folder)]


def _copy(words: list[str], folder: Path) -> Iterator[Path]:
    *sources, target = words
    for source in sources:
        into = folder / target / Path(source).name if target.endswith("/") else folder / target
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, into, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / source, into)
        yield into


def run_lines(steps: list[tuple[str, str]], folder: Path) -> None:
    """Run every RUN line in `folder` with ARG and ENV set, and at last the program's check-up from elsewhere.

    Programs are looked for in `environment` in the folder first.
    """
    home = folder / "environment"
    useradd = home / "bin" / "useradd"
    useradd.write_text("#!/bin/sh\n")
    useradd.chmod(0o755)
    arguments = dict(rest.replace('"', "").split("=", 1) for word, rest in steps if word == "ARG")
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    environment = {**kept, **arguments, "PATH": f"{home / 'bin'}:{os.environ['PATH']}"}
    for word, rest in steps:
        if word == "RUN":
            subprocess.run(["sh", "-ec", rest], cwd=folder, env=environment, check=True)
        elif word == "ENV":
            environment |= dict(pair.split("=", 1) for pair in rest.split())
    (entry,) = (re.findall(r'"(.+?)"', rest) for word, rest in steps if word == "ENTRYPOINT")
    subprocess.run([*entry, "doctor"], cwd=home, env=environment, check=True)


if __name__ == "__main__":
    new, found = Path(sys.argv[1]).resolve(), read_steps(ROOT / "Dockerfile")
    new.mkdir()
    copy_files(found, new)
    if "--copy" not in sys.argv:
        venv.create(new / "environment", with_pip=True)
        run_lines(found, new)
