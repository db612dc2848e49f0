"""A run of the tiny model that reports are made of."""

import shutil
from pathlib import Path

import pytest

from genint.cli.main import main
from genint.prediction.to_folder import predict_to_folder
from tests.conftest import EXAMPLE


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> Path:
    """Two regions, on the example's genome, with the example's tracks."""
    folder = tmp_path_factory.mktemp("finished") / "run"
    predict_to_folder(EXAMPLE / "genome.fa", ["chr3:1-4000", "chr2:8001-9000"], tiny_model, folder, dtype="float32")
    return folder


@pytest.fixture(scope="session")
def all_results(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path, finished_run: Path) -> Path:
    """A folder with the run, and what the other commands make with the same model."""
    folder = tmp_path_factory.mktemp("all") / "results"
    shutil.copytree(finished_run, folder / "run")
    where: list[object] = [EXAMPLE / "genome.fa", "-m", tiny_model, "--threads", 1, "-q", "--tracks", "atac", "-o"]
    for verb, place, out, *options in (
        ("attribute", "chr3:1001-1040", "why", "--method", "gradient", "--logos"),
        ("attention", "chr3:1001-1300", "attention"),
        ("variants", EXAMPLE / "variants.vcf", "variants.tsv"),
        ("variants", EXAMPLE / "variants.vcf", "alleles", "--tracks-of", "several"),
    ):
        common = [word for word in where if verb != "attention" or word not in ("--tracks", "atac")]
        with pytest.raises(SystemExit) as stopped:
            main([str(word) for word in (verb, *common, folder / out, *options, place)])
        assert not stopped.value.code, verb
    return folder
