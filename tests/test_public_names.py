"""The public names: each is what it says, at the first access and at the second, and type checkers see it."""

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import genint

CLASSES = {name for name in genint._HOMES if name[0].isupper()}
FUNCTIONS = genint._HOMES.keys() - CLASSES


def in_fresh_interpreter(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return done.stdout


def test_every_name_is_what_it_says_at_first_and_second_access() -> None:
    code = "import inspect\n"
    for name in genint._HOMES:
        kind = "isclass" if name in CLASSES else "isfunction"
        for access in ("from genint import {}; found = {}", "import genint; found = genint.{}"):
            code += f"{access.format(name, name)}\nassert inspect.{kind}(found) and found.__name__ == {name!r}, found\n"
    assert in_fresh_interpreter(code + "print('all')") == "all\n"


def test_dir_lists_every_name_before_any_is_used() -> None:
    listed = in_fresh_interpreter("import genint; print(*dir(genint))").split()
    assert set(genint.__all__) <= set(listed)
    assert "annotations" not in listed


def test_the_list_of_public_names_is_written_out_and_is_that_of_their_homes() -> None:
    (listed,) = (
        ast.literal_eval(node.value)
        for node in ast.parse(Path(genint.__file__).read_text()).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
    )
    assert set(listed) == {*genint._HOMES, "__version__"}
    assert len(listed) == len(set(listed))
    assert not [name for name in listed if name.startswith("_") and name != "__version__"]


def test_type_checkers_see_the_same_names_from_the_same_places() -> None:
    tree = ast.parse(Path(genint.__file__).read_text())
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    seen = {
        (alias.asname, node.module)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.asname == alias.name
    }
    assert seen == set(genint._HOMES.items())


def test_every_public_name_has_a_docstring_and_annotations() -> None:
    for name in FUNCTIONS:
        function = getattr(genint, name)
        assert inspect.getdoc(function), name
        signature = inspect.signature(function)
        bare = [p.name for p in signature.parameters.values() if p.annotation is inspect.Parameter.empty]
        assert not bare, f"{name}: {bare}"
        assert signature.return_annotation is not inspect.Signature.empty, name
    for name in CLASSES:
        assert inspect.getdoc(getattr(genint, name)), name


def test_another_name_is_refused() -> None:
    with pytest.raises(AttributeError, match="nothing"):
        genint.nothing  # noqa: B018


USERS_SCRIPT = """
import genint
from genint import load_model, predict_regions

model = load_model()
tracks = model.predict("ACGT" * 500)
reveal_type(model)
reveal_type(tracks)
reveal_type(tracks.values)
reveal_type(tracks.to_pandas())
reveal_type(tracks.select("ATAC"))
reveal_type(genint.read_bed("regions.bed").to_pandas())
for region in predict_regions("genome.fa", "regions.bed", model):
    reveal_type(region)
reveal_type(genint.predict_to_folder("genome.fa", "regions.bed", model, "out")["files"])
reveal_type(genint.evaluate(model, "dataset").to_pandas())
reveal_type(genint.train("dataset", "my-model", steps=10))
"""


# Libraries whose types do not show in these results are left out, as to read them takes most of a minute.
MYPY = """
[mypy]
strict = true
[mypy-genint.*]
follow_imports = silent
[mypy-torch.*,lightning.*,matplotlib.*,zarr.*,safetensors.*,pyfaidx.*,pybigtools.*,rich.*,typer.*,deflate.*]
follow_imports = skip
ignore_missing_imports = true
"""


def test_a_type_checker_knows_every_type_in_a_user_s_script(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(USERS_SCRIPT)
    (tmp_path / "mypy.ini").write_text(MYPY)
    command = [sys.executable, "-m", "mypy", "--no-incremental", f"--config-file={tmp_path / 'mypy.ini'}"]
    root = Path(genint.__file__).parents[1]
    done = subprocess.run([*command, tmp_path / "script.py"], capture_output=True, text=True, check=False, cwd=root)
    assert done.returncode == 0, done.stdout
    revealed = [line.split('"', 1)[1].rstrip('"') for line in done.stdout.splitlines() if "Revealed type" in line]
    assert len(revealed) == USERS_SCRIPT.count("reveal_type")
    shape = "tuple[Any, ...]"  # numpy's own word for an array of any shape
    assert not [kind for kind in revealed if "Any" in kind.replace(shape, "")], revealed
