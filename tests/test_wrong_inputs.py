"""Every way to be wrong that we know: exit code 1, one line that names the culprit, and nothing that looks finished.

The ways are rows of a table, in tests/wrong_inputs/, a file per command.
"""

from pathlib import Path

import pytest

from tests.conftest import EXAMPLE, Run
from tests.wrong_inputs import (  # noqa: F401  each adds its rows
    attention,
    attribute,
    data,
    importing,
    importing_borzoi,
    learning,
    predict,
    report,
)
from tests.wrong_inputs.cases import BED, CASES, GENOME


@pytest.mark.parametrize("name", CASES)
def test_a_wrong_input_gets_one_line_and_leaves_nothing(
    name: str, tmp_path: Path, tiny_model: Path, genint: Run
) -> None:
    inputs, out = tmp_path / "inputs", tmp_path / "out"
    inputs.mkdir()
    arguments, words = CASES[name](inputs, tiny_model)
    finished = genint(*arguments, "-o", out)
    assert finished.code == 1, finished
    message = finished.err.strip().splitlines()[-1]
    assert message.startswith("genint: error: ")
    assert not [word for word in words if word not in message], message
    assert "Traceback" not in finished.err
    assert finished.out == ""
    assert not list(out.rglob("*.bw"))
    assert not list(out.rglob("*.json"))


def test_wrong_usage_exits_with_2(genint: Run, tmp_path: Path) -> None:
    for arguments in (
        ["predict", GENOME],
        ["predict", GENOME, "--whole-genome", "--chroms", "chr1"],
        ["predict", GENOME, BED, "--max-n", "1.5"],
        ["predict", GENOME, BED, "--dtype", "float8"],
        ["predict", GENOME, BED, "--scale", "log"],
        ["predict", GENOME, BED, "--format", "wig"],
        ["predict", GENOME, BED, "--summary", "s.tsv", "--summary-statistic", "median"],
        ["predict", GENOME, BED, "--summary-statistic", "max"],
        ["predict", GENOME, BED, "--shifts", "a"],
        ["nonsense"],
        ["predict"],
        ["doctor", "everything"],
        ["doctor", "--device", "cpu"],
        ["data", "make", GENOME, EXAMPLE / "tracks.tsv", "-o", tmp_path / "out"],
        ["data", "make", GENOME, EXAMPLE / "tracks.tsv", "-o", tmp_path / "out", "--valid", "chr3", "--split", BED],
        ["data", "import", "basenji", tmp_path, "-o", tmp_path / "out", "--assembly", "x", "--transform", "newest"],
    ):
        finished = genint(*arguments)
        assert finished.code == 2, arguments
        assert "Traceback" not in finished.err
