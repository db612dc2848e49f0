"""The code blocks of the pages, and how a page runs: in order, in one folder with a copy of the example data."""

import re
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import EXAMPLE, Run

ROOT = EXAMPLE.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
# Why a block is not run here. A page says one of these in a comment before it: <!-- not run: network -->
REASONS = {
    "network": "downloads or uploads",
    "GPU": "needs GPUs, or several machines",
    "human data": "needs the human genome, weights or records, which are too large to be here",
    "half a minute": "tests/interpretation runs it with a smaller model",
    "other data": "needs data that is not here",
    "benchmark": "measures for minutes; tests/test_benchmarks.py checks the scripts",
    "other program": "needs a program, or a collection of motifs, that genint does not bring",
    "workflow": "a part of a Snakemake file; workflow/tests runs the whole",
    "README": "the same command runs on README.md",
}
_BLOCK = re.compile(
    r"(?:^<!-- (?P<note>[^>]+) -->\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)


@dataclass(frozen=True)
class Block:
    """A fenced block. `note` is what a comment before it says: why it is not run, or which file it is."""

    language: str
    text: str
    note: str

    @property
    def file(self) -> str:
        return self.note.removeprefix("file: ") if self.note.startswith("file: ") else ""

    @property
    def reason(self) -> str:
        return self.note.removeprefix("not run: ") if self.note.startswith("not run: ") else ""

    @property
    def commands(self) -> list[str]:
        """What stands behind the prompts of a console; a backslash goes on in the next line."""
        if self.language != "console":
            return []
        return re.findall(r"^\$ (.+)$", self.text.replace("\\\n", ""), re.MULTILINE)


def blocks(page: Path) -> list[Block]:
    found = _BLOCK.finditer(page.read_text())
    return [Block(each["language"], each["text"], each["note"] or "") for each in found]


def commands(page: Path) -> list[str]:
    """Every genint command that a page runs."""
    shown = [command for block in blocks(page) if not block.reason for command in block.commands]
    return [command for command in shown if command.startswith("genint ")]


def without_fences(page: Path) -> str:
    return _BLOCK.sub("", page.read_text())


def run_page(page: Path, genint: Run) -> Iterator[str]:
    """Run every block that is not marked, in the current folder; give what failed."""
    names: dict[str, object] = {}
    for block in blocks(page):
        if block.reason:
            continue
        if block.file:
            Path(block.file).write_text(block.text)
        for command in block.commands:
            yield from _run(shorten(command), genint)
        if block.language == "python":
            exec(compile(shorten(block.text), str(page), "exec"), names)


def shorten(text: str) -> str:
    """A training of one step of one window in place of a real one."""
    fewer = re.sub(r"(--steps |\bsteps=)[\d_]+", r"\g<1>1", text)
    return f"{fewer} --batch-size 1" if fewer.startswith(("genint train", "genint pretrain")) else fewer


def _run(command: str, genint: Run) -> Iterator[str]:
    if command.startswith("genint "):
        finished = genint(*shlex.split(command)[1:])
        if finished.code:
            yield f"{command}\n{finished.err}"
    elif command != "cd example_data":  # where the pages run
        done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
        if done.returncode:
            yield f"{command}\n{done.stderr}"
