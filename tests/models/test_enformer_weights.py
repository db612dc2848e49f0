"""Importing Enformer: the weights arrive where they belong, and the folder works like any other."""

from pathlib import Path

import numpy as np
import pyBigWig
import pytest
import torch

from genint.console import Console
from genint.errors import OutputError
from genint.genome.bed import BedRow
from genint.genome.fasta import Genome
from genint.genome.region import Region
from genint.models.enformer_original import PublishedEnformer
from genint.models.enformer_source import read_source
from genint.models.enformer_weights import import_enformer
from genint.models.folder import load_model
from genint.prediction.job import Options, prepare
from genint.prediction.to_folder import predict_job
from tests.conftest import EXAMPLE, Run, write_enformer_source

TRACKS = EXAMPLE / "tracks.tsv"


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_enformer_source(tmp_path_factory.mktemp("enformer") / "source")


def test_every_weight_arrives_under_its_own_name(source: Path, tmp_path: Path) -> None:
    model = import_enformer(str(source), tmp_path / "model", TRACKS, input_bp=3_072)
    theirs, ours = read_source(source).tensors, model.module.state_dict()
    assert isinstance(model.module, PublishedEnformer)
    assert torch.equal(ours["head.weight"], theirs["_heads.human.0.weight"])
    assert torch.equal(ours["stem.weight"].squeeze(2), theirs["stem.0.weight"])
    assert torch.equal(ours["layers.0.attention.to_distance.weight"], theirs["transformer.0.0.fn.1.to_rel_k.weight"])
    assert torch.equal(ours["stages.2.conv.norm.running_var"], theirs["conv_tower.1.0.0.running_var"])
    assert not any(name.startswith("_trunk") for name in theirs)


def test_the_folder_says_where_it_came_from_and_which_genome_it_knows(
    source: Path, tmp_path: Path, genint: Run
) -> None:
    command = ["models", "import", "enformer", source, "--tracks", TRACKS, "--input-bp", 3_072]
    for name, genome in (("fasta", EXAMPLE / "genome.fa"), ("index", EXAMPLE / "genome.fa.fai"), ("none", None)):
        options = [] if genome is None else ["--genome", genome]
        finished = genint(*command, "-o", tmp_path / name, *options)
        assert finished.code == 0, finished.err
        assert finished.out == f"{tmp_path / name}\n"
        model = load_model(tmp_path / name)
        assert (model.assembly.name, len(model.assembly.sizes)) == (("genome", 3) if genome else ("hg38", 0))
    assert model.training["head"] == "human"
    assert str(source) in (tmp_path / "none" / "README.md").read_text()


@pytest.mark.parametrize("known", ["nothing", "this genome", "another genome"])
def test_predict_and_eval_work_on_the_folder_unchanged(
    known: str, source: Path, example_dataset: Path, tmp_path: Path, genint: Run
) -> None:
    (tmp_path / "other.fa.fai").write_text("chr1\t1000\t6\t60\t61\n")
    genome = {"nothing": None, "this genome": EXAMPLE / "genome.fa", "another genome": tmp_path / "other.fa.fai"}[known]
    options = [] if genome is None else ["--genome", genome]
    command = ["models", "import", "enformer", source, "--tracks", TRACKS, "--input-bp", 3_072, *options]
    assert genint(*command, "-o", tmp_path / "model").code == 0
    predict = ["predict", EXAMPLE / "genome.fa", "--chroms", "chr3", "-m", tmp_path / "model", "--dtype", "float32"]
    finished = genint(*predict, "-o", tmp_path / "out")
    assert finished.code == 0, finished.err
    assert ("extrapolation" in finished.err) == (known == "another genome")
    assert len(list((tmp_path / "out").glob("*.bw"))) == 7
    finished = genint("eval", example_dataset, tmp_path / "model", "-o", tmp_path / "scores")
    assert finished.code == 0, finished.err


def test_a_tile_is_what_the_module_predicts_for_its_dna(source: Path, tmp_path: Path) -> None:
    """Tile 2 of chr1 by hand: 2,048 bp of predictions, 512 bp of context on each side."""
    model = import_enformer(str(source), tmp_path / "model", TRACKS, input_bp=3_072)
    with Genome(EXAMPLE / "genome.fa") as genome:
        options, rows = Options(scale="model"), [BedRow("test", Region("chr1", 4_096, 6_144), "tile 2")]
        predict_job(prepare(genome, rows, [model], options=options), tmp_path / "out", console=Console(quiet=True))
        tokens = torch.from_numpy(genome.tokens("chr1", 4_096 - 512, 6_144 + 512))
    with torch.no_grad():
        expected = model.module(tokens[None])[0, :, 0].numpy()
    with pyBigWig.open(str(tmp_path / "out" / model.tracks.file_names()[0])) as bigwig:
        np.testing.assert_allclose([value for _, _, value in bigwig.intervals("chr1")], expected, rtol=1e-6)


def test_a_model_that_is_there_is_not_written_over(source: Path, tmp_path: Path) -> None:
    import_enformer(str(source), tmp_path / "model", TRACKS, input_bp=3_072)
    with pytest.raises(OutputError, match="is there already"):
        import_enformer(str(source), tmp_path / "model", TRACKS, input_bp=3_072)


def test_an_unknown_scaling_is_refused_with_the_choices(source: Path, tmp_path: Path, genint: Run) -> None:
    command = ["models", "import", "enformer", source, "--tracks", TRACKS, "-o", tmp_path / "model"]
    finished = genint(*command, "--gamma", "other")
    assert finished.code == 2
    assert "'other' is not one of 'tensorflow', 'pytorch'" in " ".join(finished.err.replace("│", "").split())
