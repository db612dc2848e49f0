"""The house: imports run one way, the map in CONTRIBUTING is the tree, and tests mirror the modules."""

import ast
import re
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parent.parent
FLOORS = [
    {"genint", "errors", "arrays", "atomic", "cache", "choices", "text", "console", "provenance"},
    {"genome"},
    {"tracks"},
    {"models"},
    {"output"},
    {"prediction"},
    {"datasets"},
    {"evaluation", "reporting"},
    {"interpretation"},
    {"training"},
    {"cli", "__main__"},
]
# A model predicts and scores variants, and track data are drawn by calls of their own, at which the rest loads.
UPWARDS = {
    ("genint.models.folder", "genint.interpretation.variants.effects"),
    ("genint.models.folder", "genint.interpretation.variants.settings"),
    ("genint.models.folder", "genint.interpretation.attribution.regions"),
    ("genint.models.folder", "genint.interpretation.attribution.attribution"),
    ("genint.models.folder", "genint.interpretation.attention.explain"),
    ("genint.models.folder", "genint.prediction.in_memory"),
    ("genint.models.folder", "genint.prediction.settings"),
    ("genint.tracks.track_data", "genint.reporting.plots"),
}
MODULES = {
    ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): file
    for file in sorted((ROOT / "genint").rglob("*.py"))
}


def floor(module: str) -> int:
    room = module.split(".")[1] if "." in module else "genint"
    return next(number for number, rooms in enumerate(FLOORS) if room in rooms)


def imports(module: str, *, at_load: bool) -> Iterator[str]:
    """Modules of genint that `module` imports: when it is loaded, or ever (for its types, or inside a function)."""
    pending: list[ast.AST] = [ast.parse(MODULES[module].read_text())]
    while pending:
        node = pending.pop()
        skipped = at_load and (
            isinstance(node, ast.FunctionDef)
            or (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test))
        )
        if skipped:
            continue
        pending += ast.iter_child_nodes(node)
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "genint":
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if whole in MODULES else str(node.module)


def test_every_room_has_a_floor() -> None:
    assert {module.split(".")[1] for module in MODULES if "." in module} == set().union(*FLOORS) - {"genint"}


def test_imports_run_from_the_command_line_down_to_the_genome() -> None:
    wrong = {
        (module, imported)
        for module in MODULES
        if module != "genint"  # its names are lazy
        for imported in imports(module, at_load=False)
        if floor(imported) > floor(module)
    }
    assert wrong == UPWARDS


def test_no_two_modules_import_each_other() -> None:
    graph = {module: set(imports(module, at_load=True)) - {module} for module in MODULES}
    assert len(list(TopologicalSorter(graph).static_order())) >= len(MODULES)


def test_the_map_in_contributing_is_the_tree() -> None:
    (drawn,) = re.findall(r"```\ngenint/\n(.+?)```", (ROOT / "CONTRIBUTING.md").read_text(), re.DOTALL)
    mapped, folders = [], [ROOT / "genint"]
    for line in drawn.splitlines():
        depth, name = (len(line) - len(line.lstrip())) // 2, line.split()[0]
        path = folders[depth - 1] / name.rstrip("/")
        folders[depth:] = [path]
        mapped.append(path)
    tree = [file for file in MODULES.values() if file.name not in ("__init__.py", "__main__.py")]
    packages = {file.parent for file in tree} | {ROOT / "genint" / "pretrained"}
    assert sorted(mapped) == sorted({*tree, *packages} - {ROOT / "genint"})


# Tests of what several modules do together, named for that.
TOGETHER = {
    "models": {"test_architecture_from_outside"},
    "training": {"test_fine_tuning"},
    "evaluation": {"test_attention_off"},
    "output/bigwig": {"test_bins", "test_chromosomes", "test_determinism", "test_values"},
}


def test_every_test_module_of_a_room_is_named_for_a_module_of_it() -> None:
    for file in sorted((ROOT / "tests").glob("*/**/test_*.py")):
        room = file.parent.relative_to(ROOT / "tests")
        if room.name in ("golden", "wrong_inputs"):
            continue
        module = ROOT / "genint" / room / file.stem.removeprefix("test_")
        there = module.with_suffix(".py").exists() or module.is_dir()
        assert there or file.stem in TOGETHER.get(str(room), set()), file


def test_every_module_has_a_test_module_of_its_name() -> None:
    missing = []
    for module, file in MODULES.items():
        parts = module.split(".")[1:]
        if file.name == "__init__.py" or len(parts) < 2 or parts[0] == "cli":
            continue
        if parts[:2] == ["output", "bigwig"] and parts[2] in ("blocks", "layout", "zoom"):
            parts = ["output", "bigwig", "values"]  # tested through the files that they make
        if not (ROOT / "tests" / Path(*parts[:-1]) / f"test_{parts[-1]}.py").exists():
            missing.append(module)
    assert not missing
