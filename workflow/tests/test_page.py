"""docs/workflow.md says what is so: its configuration is valid, its rules and profiles are Snakemake's."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from snakemake.utils import validate

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "workflow.md").read_text()
SCHEMA = ROOT / "workflow" / "schemas" / "config.schema.yaml"
CONFIG, SITE = re.findall(r"```yaml\n(.+?)```", PAGE, re.DOTALL)
(RULES,) = re.findall(r"```python\n(.+?)```", PAGE, re.DOTALL)


def plan(folder: Path, *arguments: str) -> str:
    """What Snakemake would do there."""
    command = [sys.executable, "-m", "snakemake", "-n", "-p", *arguments]
    finished = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr
    return finished.stdout + finished.stderr


def test_its_configuration_is_valid_and_its_table_has_every_key() -> None:
    validate(yaml.safe_load(CONFIG), str(SCHEMA))
    for key in yaml.safe_load(SCHEMA.read_text())["properties"]:
        assert f"| `{key}` |" in PAGE


def test_its_two_rules_are_a_workflow(tmp_path: Path) -> None:
    (tmp_path / "Snakefile").write_text(RULES)
    told = plan(tmp_path)
    assert re.search(r"^predict +3$", told, re.MULTILINE)
    assert "genint merge parts/chr1 parts/chr2 parts/chr3 -o merged" in told


@pytest.mark.parametrize("profile", ["slurm", "of the page"])
def test_a_profile_is_understood(profile: str, tmp_path: Path) -> None:
    site = ROOT / "workflow" / "profiles" / profile
    if profile == "of the page":
        site = tmp_path
        (site / "config.yaml").write_text(SITE)
    told = plan(ROOT, "--workflow-profile", str(site), "results/plans/example/yeast.json")
    assert re.search(r"^plan +1$", told, re.MULTILINE)
