import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyBigWig
import pytest

from genint.genome.fasta import Genome
from tests.conftest import EXAMPLE, Run
from tests.interpretation.attribution.test_motifs import many_motifs, quick_tomtom, written

GENOME = EXAMPLE / "genome.fa"


@pytest.fixture
def regions(tmp_path: Path) -> Path:
    bed = tmp_path / "regions.bed"
    bed.write_text("chr1\t5000\t5100\tfirst\nchr2\t700\t820\tsecond\n")
    return bed


def test_everything_is_written_and_listed(
    genint: Run, tmp_path: Path, tiny_model: Path, regions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("memelite.tomtom", quick_tomtom)
    out, motifs = tmp_path / "out", written(tmp_path, many_motifs())
    arguments = ["-m", tiny_model, "-t", "ATAC", "--width", "200", "--logos", "--check", "--motifs", motifs]
    finished = genint("attribute", GENOME, regions, "-o", out, *arguments)
    assert finished.code == 0, finished.err
    listed = [Path(line) for line in finished.out.splitlines()]
    assert sorted(listed) == sorted(file for file in out.rglob("*") if file.is_file())
    names = {str(file.relative_to(out)) for file in listed}
    assert {"contributions.bw", "bases.tsv", "regions.tsv", "check.tsv", "motifs.tsv", "run.json"} <= names
    assert set(pd.read_table(out / "motifs.tsv").motif) == {"MA1"}
    assert np.load(out / "modisco" / "one_hot.npz")["arr_0"].shape == (2, 4, 200)
    report = json.loads((out / "run.json").read_text())
    assert report["settings"]["method"] == "screened"
    assert report["settings"]["regions"] == ["chr1:4,951-5,150", "chr2:661-860"]
    with Genome(GENOME) as opened:
        assert report["settings"]["genome"] == opened.identity()
    with pyBigWig.open(str(out / "contributions.bw")) as bigwig:
        assert np.isfinite(bigwig.values("chr1", 4_950, 5_150)).all()


def test_the_method_decides_what_is_computed(genint: Run, tmp_path: Path, tiny_model: Path, regions: Path) -> None:
    exact = {}
    for method in ("mutagenesis", "screened", "gradient", "integrated"):
        options = ["--method", method, "--top", "0.1", "--steps", "4", "-q"]
        finished = genint("attribute", GENOME, regions, "-o", tmp_path / method, "-m", tiny_model, *options)
        assert finished.code == 0, finished.err
        assert finished.err == ""
        exact[method] = pd.read_table(tmp_path / method / "bases.tsv").exact.sum()
    assert exact["mutagenesis"] == 3 * 220
    assert 50 < exact["screened"] < 80
    assert exact["gradient"] == exact["integrated"] == 0


def test_a_second_run_makes_the_same_bytes(genint: Run, tmp_path: Path, tiny_model: Path, regions: Path) -> None:
    for out in ("one", "two"):
        assert genint("attribute", GENOME, regions, "-o", tmp_path / out, "-m", tiny_model, "-p", "1").code == 0
    for name in ("bases.tsv", "contributions.bw", "regions.tsv"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_a_genome_that_is_not_the_model_s_is_noted(genint: Run, tmp_path: Path, tiny_model: Path) -> None:
    other = written(tmp_path, f">chr1\n{'ACGTTGCA' * 500}\n")
    for genome, noted in ((other, True), (GENOME, False)):
        options = ["-m", tiny_model, "--method", "gradient"]
        finished = genint("attribute", genome, "chr1:1001-1010", "-o", tmp_path / genome.stem, *options)
        assert finished.code == 0, finished.err
        assert ("so predictions on it are an extrapolation" in finished.err) == noted


@pytest.mark.filterwarnings("error")
def test_unknown_dna_is_explained_by_zeros_and_without_a_word(
    genint: Run, tmp_path: Path, tiny_model: Path, golden: Callable[[str, str], str]
) -> None:
    fasta = written(tmp_path, f">chr1\n{'N' * 1_000}{'ACGTTGCA' * 200}\n")
    options = ["-m", tiny_model, "--method", "gradient", "--check", "--logos", "-q"]
    finished = genint("attribute", fasta, "chr1:101-104", "-o", tmp_path / "out", *options)
    assert (finished.code, finished.err) == (0, "")
    bases = (tmp_path / "out" / "bases.tsv").read_text()
    assert bases == golden("bases_of_unknown_dna.tsv", bases)
