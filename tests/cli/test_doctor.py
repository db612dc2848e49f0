"""genint doctor: one screen, and exit code 1 with a line for each thing that is wrong."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from genint.prediction import checkup
from genint.prediction.installed import Finding
from tests.conftest import Run


def test_a_machine_that_is_well_fits_on_a_screen(genint: Run) -> None:
    finished = genint("doctor")
    lines = finished.out.splitlines()
    assert (finished.code, finished.err, lines[-1]) == (0, "", "problems    none")
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 110


def test_each_problem_has_a_line_and_the_exit_code_is_1(genint: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = Finding("loading", "failed", None, ("no libgomp. Install it", "no torch. Install it"))
    monkeypatch.setattr(checkup, "check_up", lambda: iter([broken]))
    finished = genint("doctor")
    assert finished.code == 1
    assert finished.out.splitlines() == [
        "loading     failed",
        "problem     no libgomp. Install it",
        "problem     no torch. Install it",
    ]
    finished = genint("doctor", "--json")
    assert finished.code == 1
    assert json.loads(finished.out) == {"loading": None, "problems": list(broken.problems)}


WITHOUT_TORCH = "import sys; sys.modules['torch'] = None; from genint.cli.main import main; main(['doctor'])"


def test_a_pytorch_that_does_not_load_is_a_problem_and_no_traceback() -> None:
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", WITHOUT_TORCH], capture_output=True, text=True, check=False, cwd=root)
    assert (done.returncode, done.stderr) == (1, "")
    assert "loading     failed" in done.stdout
    assert "problem     the libraries cannot be loaded (import of torch" in done.stdout
