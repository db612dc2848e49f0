"""The bundled model predicts what it predicted when it was bundled. A change here is a change of numbers: say so."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyBigWig
import pytest
import torch

from genint.console import Console
from genint.genome.bed import read_bed
from genint.genome.fasta import Genome
from genint.models.bundled import DEFAULT_MODEL, find_model
from genint.models.folder import load_model
from genint.prediction.job import Options, prepare
from genint.prediction.to_folder import predict_job
from tests.conftest import EXAMPLE, Run

Golden = Callable[[str, str], str]


def bigwig_text(path: Path, every: int = 1) -> str:
    """Every so-manieth interval of a bigWig as `chrom start end value`."""
    with pyBigWig.open(str(path)) as bigwig:
        rows = [(chrom, *interval) for chrom in bigwig.chroms() for interval in bigwig.intervals(chrom) or ()]
    return "".join(f"{chrom}\t{start}\t{end}\t{value:.6g}\n" for chrom, start, end, value in rows[::every])


@pytest.fixture(scope="module")
def predictions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example regions in float32: the README's first command."""
    out = tmp_path_factory.mktemp("bundled") / "out"
    with Genome(EXAMPLE / "genome.fa") as genome:
        job = prepare(genome, read_bed(EXAMPLE / "regions.bed"), [load_model(DEFAULT_MODEL)])
        predict_job(job, out, console=Console(quiet=True))
    return out


@pytest.mark.parametrize("track", ["atac_nfr", "cage_slic_plus", "rna_pool_minus"])
def test_predictions_are_those_of_the_golden_file(track: str, predictions: Path, golden: Golden) -> None:
    actual = bigwig_text(predictions / f"{track}.bw", every=16)
    expected = golden(f"{track}.tsv", actual)
    places, values = zip(*(line.rsplit("\t", 1) for line in actual.splitlines()), strict=True)
    golden_places, golden_values = zip(*(line.rsplit("\t", 1) for line in expected.splitlines()), strict=True)
    assert places == golden_places
    # Processors differ in the order of sums; the transform's inverse magnifies that in tracks of large counts.
    np.testing.assert_allclose(np.array(values, float), np.array(golden_values, float), rtol=2e-3, atol=1e-6)


def test_the_fate_of_every_example_row_is_that_of_the_golden_file(predictions: Path, golden: Golden) -> None:
    actual = (predictions / "regions.tsv").read_text()
    assert actual == golden("regions.tsv", actual)


def test_bfloat16_is_close_to_float32(predictions: Path, tmp_path: Path) -> None:
    model, rows = load_model(DEFAULT_MODEL), read_bed(EXAMPLE / "regions.bed")
    with Genome(EXAMPLE / "genome.fa") as genome:
        job = prepare(genome, rows, [model], options=Options(dtype=torch.bfloat16))
        predict_job(job, tmp_path, console=Console(quiet=True))
    for name in model.tracks.file_names():
        full, half = (
            np.array([float(line.rsplit("\t", 1)[1]) for line in bigwig_text(folder / name).splitlines()])
            for folder in (predictions, tmp_path)
        )
        assert np.corrcoef(np.log1p(full), np.log1p(half))[0, 1] > 0.995, name


def test_batch_size_does_not_change_the_bundled_model_s_float32_predictions(predictions: Path, tmp_path: Path) -> None:
    model = load_model(DEFAULT_MODEL)
    rows = read_bed(EXAMPLE / "regions.bed")[:3]
    for size in (1, 8):
        with Genome(EXAMPLE / "genome.fa") as genome:
            options = Options(batch_size=size)
            job = prepare(genome, rows, [model], options=options)
            predict_job(job, tmp_path / str(size), console=Console(quiet=True))
    for name in model.tracks.file_names():
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "8" / name).read_bytes()


def test_the_bundled_model_is_a_1d_swin_of_yeast_with_a_card(genint: Run) -> None:
    model = load_model(DEFAULT_MODEL)
    assert model.architecture == "interpreter"
    assert model.assembly.name == "sacCer3"
    card = (find_model(DEFAULT_MODEL) / "README.md").read_text()
    for word in ("chrII", "chrXIII", "chrVIII", "chrXVI", "SRR1822137", "GSE142524", "Seed", "genint train"):
        assert word in card
    assert len(genint("tracks").out.splitlines()) == 21
