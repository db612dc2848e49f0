"""docs/python.md and the notebook run as they stand, in a copy of the example data."""

import re
import shutil
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from tests.conftest import EXAMPLE

DOCS = EXAMPLE.parent / "docs"


@pytest.fixture
def in_example_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "example_data"
    shutil.copytree(EXAMPLE, folder)
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.usefixtures("in_example_data")
@pytest.mark.parametrize(
    "page", [DOCS / "python.md", DOCS / "swin1d_block.md", DOCS.parent / "README.md"], ids=lambda path: path.name
)
def test_every_block_of_python_on_a_page_runs(page: Path) -> None:
    blocks = re.findall(r"```python\n(.+?)```", page.read_text(), re.DOTALL)
    assert blocks
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, page, "exec"), names)


@pytest.mark.parametrize("notebook", sorted(DOCS.glob("*.ipynb")), ids=lambda path: path.name)
def test_every_cell_of_a_notebook_runs(notebook: Path, in_example_data: Path) -> None:
    content = nbformat.read(notebook, as_version=4)  # type: ignore[no-untyped-call]
    NotebookClient(content, timeout=300, resources={"metadata": {"path": str(in_example_data)}}).execute()
    outputs = [output for cell in content.cells for output in cell.get("outputs", [])]
    assert sum("image/png" in output.get("data", {}) for output in outputs) >= 3
