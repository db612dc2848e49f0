"""Models by name and by path."""

import subprocess
import sys
from pathlib import Path

import pytest

from genint.errors import InputError
from genint.models.bundled import BUNDLED, DEFAULT_MODEL, find_model, list_models


def test_the_default_model_is_bundled() -> None:
    assert DEFAULT_MODEL in list_models()
    assert find_model(DEFAULT_MODEL) == BUNDLED / DEFAULT_MODEL


def test_a_bundled_model_comes_before_a_folder_of_its_name_which_is_named_by_its_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_model(DEFAULT_MODEL) == find_model(Path(DEFAULT_MODEL)) == BUNDLED / DEFAULT_MODEL
    assert capsys.readouterr().err == ""
    (tmp_path / DEFAULT_MODEL).mkdir()
    assert find_model(DEFAULT_MODEL) == BUNDLED / DEFAULT_MODEL
    assert f"warning: {DEFAULT_MODEL} is the bundled model, not the folder of that name" in capsys.readouterr().err
    for given in (f"./{DEFAULT_MODEL}", f"{DEFAULT_MODEL}/", Path(DEFAULT_MODEL)):
        assert find_model(given).resolve() == tmp_path / DEFAULT_MODEL
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nowhere", rf"nowhere: no such model folder, and not one of the bundled models \(.*{DEFAULT_MODEL}"),
        ("model.pt", "model.pt: is a file. Expected a model folder with config.json"),
    ],
)
def test_what_is_no_model_is_refused(name: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "model.pt").write_bytes(b"")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=message):
        find_model(name)


def test_finding_a_model_needs_no_torch() -> None:
    script = "import sys, genint.models.bundled; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", script], check=True)
