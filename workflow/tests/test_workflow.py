"""The workflow runs on the example data with its own configuration; a job that is killed resumes."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from genint.cli.main import main

ROOT = Path(__file__).parents[2]
Snakemake = Callable[..., str]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with the workflow, its configuration and the example data, as in a clone."""
    for name in ("workflow", "config", "example_data"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("tests"))
    return tmp_path


@pytest.fixture
def snakemake(project: Path) -> Snakemake:
    """snakemake("--lint"): what it prints, once it has ended well. Its genint dies once."""
    path = [str(ROOT / "workflow" / "tests" / "mortal"), str(Path(sys.executable).parent), os.environ["PATH"]]

    def run(*arguments: str) -> str:
        finished = subprocess.run(
            [sys.executable, "-m", "snakemake", *arguments],
            cwd=project,
            env=os.environ | {"PATH": os.pathsep.join(path), "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert finished.returncode == 0, finished.stdout
        return finished.stdout

    return run


def bigwigs(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.glob("*.bw")}


def test_a_killed_job_resumes_inside_its_chromosome_and_the_merged_bytes_are_a_single_run_s(
    project: Path, snakemake: Snakemake, record_property: Callable[[str, object], None]
) -> None:
    told = snakemake("--cores", "2")
    assert (project / "died").exists()
    assert "Trying to restart job" in told
    (killed,) = [log for log in project.glob("logs/predict/*.log") if "resuming" in log.read_text()]
    (resumed,) = re.findall(r"resuming: 3 of 8 tile\(s\) are there", killed.read_text())
    limits = re.findall(r"localrule predict:(?:.*\n)*?.*runtime=(\d+), mem_mb=(\d+)", told)
    first = [(int(runtime), int(mem_mb)) for runtime, mem_mb in limits]
    assert len(first) == 4
    assert any((2 * runtime, 2 * mem_mb) in first for runtime, mem_mb in first), "the second attempt may take twice"

    with pytest.raises(SystemExit) as stop:
        main(
            [
                "predict",
                *(f"{ROOT}/example_data/{name}" for name in ("genome.fa", "regions.bed")),
                "-o",
                f"{project}/one",
            ]
        )
    assert stop.value.code == 0
    one, merged = bigwigs(project / "one"), bigwigs(project / "results/predictions/example/yeast")
    assert len(one) == 20
    assert merged == one
    assert (project / "results/hubs/example/hub.txt").exists()
    assert "Nothing to be done" in snakemake("-n")
    again = snakemake("-n", "--config", "options={tracks: ATAC}")
    assert re.search(r"^predict +3$", again, re.MULTILINE), "other options are predicted anew"
    record_property(
        "workflow",
        f"{killed.stem} was killed (SIGKILL) and restarted; {resumed}; {len(one)} merged bigWigs equal one run's",
    )


def test_what_changed_in_a_file_is_predicted_anew(project: Path, snakemake: Snakemake) -> None:
    regions, blacklist = project / "regions.bed", project / "blacklist.bed"
    regions.write_text("chr2\t1000\t1300\n")
    blacklist.write_text("chr2\t50000\t50100\n")
    config = {
        "samples": {"one": {"genome": "example_data/genome.fa", "regions": "regions.bed"}},
        "models": {"a": "genomic-interpreter-yeast"},
        "options": {"tracks": "atac_nfr", "blacklist": "blacklist.bed"},
    }
    (project / "config" / "config.yaml").write_text(yaml.safe_dump(config))
    merged = "results/predictions/one/a"
    snakemake("--cores", "2", merged)

    blacklist.write_text("chr2\t1024\t1152\n")
    assert re.search(r"^predict +1$", snakemake("-n", merged), re.MULTILINE)
    regions.write_text("chr2\t1000\t1300\nchr2\t4000\t4100\n")
    snakemake("--cores", "2", merged)
    rows = [line.split("\t") for line in (project / merged / "regions.tsv").read_text().splitlines()]
    assert [(row[2], row[5]) for row in rows[1:]] == [("1000", "partly blacklisted"), ("4000", "predicted")]


def test_a_name_that_yaml_reads_as_a_number_is_refused(project: Path) -> None:
    file = project / "config" / "config.yaml"
    file.write_text(file.read_text().replace("  example:", "  1:"))
    run = [sys.executable, "-m", "snakemake", "-n"]
    finished = subprocess.run(run, cwd=project, capture_output=True, text=True, check=False)
    assert finished.returncode != 0
    assert "config/config.yaml: the name 1 is a int. Quote it: '1'" in finished.stdout
    assert "Traceback" not in finished.stdout


def test_snakemake_s_linter_finds_nothing(snakemake: Snakemake) -> None:
    assert "your workflow is in a good condition" in snakemake("--lint")


def test_every_sample_meets_every_model_with_the_options_quoted(project: Path, snakemake: Snakemake) -> None:
    config = {
        "samples": {"one": {"genome": "example_data/genome.fa"}, "two": {"genome": "example_data/genome.fa"}},
        "models": {"a": "genomic-interpreter-yeast", "b": "hf://me/model@v1"},
        "options": {"tracks": "ATAC|CAGE", "rc": True},
        "device": "cuda",
    }
    (project / "config" / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    told = snakemake("-n", "-p", "results/plans/two/b.json", "results/hubs/one")
    assert (
        "genint predict example_data/genome.fa --whole-genome --model hf://me/model@v1 "
        "--device cuda --tracks 'ATAC|CAGE' --rc --threads 2 --dry-run --json > results/plans/two/b.json"
    ) in told
    assert "gpu=1" in told
    assert "genint hub results/predictions/one/a results/predictions/one/b -o results/hubs/one" in told
