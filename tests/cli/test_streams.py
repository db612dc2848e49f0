"""Standard streams that are closed, full or know only ASCII: the work is done, and stdout holds results alone."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from genint.cli.streams import print_json
from tests.conftest import EXAMPLE

COMMANDS = {
    "predict": ["predict", "genome.fa", "--chroms", "chr3", "-m", "modèle", "--tracks", "atac", "-o", "prédit"],
    "eval": ["eval", "../dataset", "modèle", "--split", "valid"],
    "tracks": ["tracks", "modèle"],
    "data make": ["data", "make", "genome.fa", "tracks.tsv", "--valid", "chr3", "-o", "données"],
    "models list": ["models", "list"],
}
Execute = Callable[..., "subprocess.CompletedProcess[bytes]"]


@pytest.fixture
def execute(tmp_path: Path, tiny_model: Path, example_dataset: Path) -> Execute:
    """Run a command in a shell, in a folder whose names are not ASCII; `redirect` says where its streams go."""
    folder = tmp_path / "Größe"
    shutil.copytree(EXAMPLE, folder)
    shutil.copytree(tiny_model, folder / "modèle")
    table = folder / "modèle" / "tracks.tsv"
    table.write_text(table.read_text().replace("ATAC:", "ATAC:Überstand "))
    (tmp_path / "dataset").symlink_to(example_dataset)

    def run(name: str, redirect: str = "", **environment: str) -> "subprocess.CompletedProcess[bytes]":
        command = f'exec "$@" {redirect}'
        argv = ["sh", "-c", command, "sh", sys.executable, "-m", "genint", *COMMANDS[name]]
        env = {**os.environ, "OMP_NUM_THREADS": "1", **environment}
        root = str(EXAMPLE.parent)
        return subprocess.run(argv, cwd=folder, env={**env, "PYTHONPATH": root}, capture_output=True, check=False)

    return run


@pytest.mark.parametrize("name", COMMANDS)
def test_with_stderr_closed_stdout_still_holds_results_alone(name: str, execute: Execute) -> None:
    done = execute(name, "2>&-")
    assert done.returncode == 0
    assert done.stdout
    assert b"genint:" not in done.stdout
    assert b"reading" not in done.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_with_stdout_closed_the_work_is_done(name: str, execute: Execute) -> None:
    done = execute(name, ">&-")
    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in done.stderr


def test_with_all_streams_closed_files_hold_nothing_but_their_contents(execute: Execute, tmp_path: Path) -> None:
    assert execute("predict", "<&- >&- 2>&-").returncode == 0
    assert execute("predict").returncode == 0  # what a finished run holds is checked against its report
    assert json.loads((tmp_path / "Größe" / "prédit" / "run.json").read_text())["files"]


@pytest.mark.parametrize("name", COMMANDS)
def test_a_terminal_that_knows_ascii_alone_gets_question_marks(name: str, execute: Execute) -> None:
    done = execute(name, PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
    done.stdout.decode("ascii")
    assert (b"?" in done.stdout) == (name in ("predict", "tracks", "data make"))


@pytest.mark.parametrize("name", ["predict", "tracks"])
def test_in_the_c_locale_paths_keep_their_bytes(name: str, execute: Execute) -> None:
    done = execute(name, LC_ALL="C", PYTHONCOERCECLOCALE="0", PYTHONUTF8="0")
    assert done.returncode == 0, done.stderr
    if name == "predict":
        assert done.stdout.decode().splitlines()[0] == "prédit/atac.bw"
    else:
        assert b"ATAC:?berstand" in done.stdout


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no full device")
def test_a_full_disk_under_stdout_is_one_line(execute: Execute) -> None:
    done = execute("tracks", "> /dev/full")
    assert (done.returncode, done.stderr.decode().count("\n")) == (1, 1)
    assert done.stderr.startswith(b"genint: error: standard output: No space left on device. Free space")


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_that_leaves_early_ends_the_command_in_silence(unbuffered: str, tiny_model: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    env = {**os.environ, "PYTHONUNBUFFERED": unbuffered, "PYTHONPATH": str(EXAMPLE.parent)}
    argv = [sys.executable, "-m", "genint", "tracks", tiny_model]
    done = subprocess.run(argv, env=env, stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (128 + signal.SIGPIPE, b"")


def test_nan_is_not_printed_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"pearson": 0.5})
    assert json.loads(capsys.readouterr().out) == {"pearson": 0.5}
    values: list[Any] = [float("nan"), float("inf")]
    for value in values:
        with pytest.raises(ValueError, match="not JSON compliant"):
            print_json({"pearson": value})
