"""A run of the tiny model that reports are made of."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from genint.cli.main import main
from genint.output.bigwig import BigWigWriter
from genint.prediction.to_folder import predict_to_folder
from tests.conftest import EXAMPLE

SIZES = {"chr1": 204_800, "chr2": 60_003, "chr3": 35_073}  # of the example's genome


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
    where = [EXAMPLE / "genome.fa", "-m", tiny_model, "--threads", 1, "-q", "--tracks", "atac", "-o"]
    for verb, place, out, *options in (
        ("attribute", "chr3:1001-1040", "why", "--method", "gradient", "--logos"),
        ("variants", EXAMPLE / "variants.vcf", "variants.tsv"),
        ("variants", EXAMPLE / "variants.vcf", "alleles", "--tracks-of", "several"),
    ):
        with pytest.raises(SystemExit) as stopped:
            main([str(word) for word in (verb, *where, folder / out, *options, place)])
        assert not stopped.value.code, verb
    write_attention(folder / "attention", folder / "why")
    return folder


def write_attention(folder: Path, attribution: Path) -> None:
    """What reports read of the folder of `genint attention`, without its seconds of drawing."""
    (folder / "received").mkdir(parents=True)
    (folder / "run.json").write_text('{"settings": {"region": "chr3:1,001-1,300"}}')
    (folder / "worth.tsv").write_text("layer\thead\tchange\n1\t1\t0.02\n")
    shutil.copy(next(attribution.glob("logos/*.png")), folder / "layers.png")
    for layer in (1, 2):
        with BigWigWriter(folder / "received" / f"{layer:02}_block.bw", SIZES, bin_bp=8) as writer:
            writer.add("chr3", 125, np.linspace(0, layer, 40, dtype=np.float32))
