"""Fixtures that several test modules share. They give paths, so that each test opens its own things."""

import json
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
import torch
from hypothesis import settings

from genint.cli.main import main
from genint.datasets.build import make_dataset
from genint.datasets.splits import Split
from genint.genome.fasta import Genome
from genint.models.enformer_original import PublishedEnformer
from genint.models.enformer_weights import Port, port_names, published_config
from genint.models.folder import Model, save_model
from genint.models.interpreter import InterpreterConfig
from genint.models.registry import build
from genint.tracks.table import read_tracks

torch.set_num_threads(1)  # the models of the tests are so small that threads would only wait for each other

settings.register_profile("genint", derandomize=True, deadline=None, print_blob=False)
settings.load_profile("genint")

GOLDEN = Path(__file__).parent / "golden"
EXAMPLE = Path(__file__).parent.parent / "example_data"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite tests/golden from what the code does now")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], str]:
    """golden(name, actual) gives the expected text, or rewrites it when pytest runs with --update-golden."""

    def expected(name: str, actual: str) -> str:
        if request.config.getoption("--update-golden"):
            (GOLDEN / name).write_text(actual)
        return (GOLDEN / name).read_text()

    return expected


class Finished(NamedTuple):
    """What a command left behind in the terminal."""

    code: int
    out: str
    err: str


Run = Callable[..., Finished]


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture
def example() -> Path:
    return EXAMPLE


@pytest.fixture
def genint(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command line in this process: genint("predict", genome, bed, "-o", out)."""

    def run(*arguments: object) -> Finished:
        capsys.readouterr()
        try:
            main([str(argument) for argument in arguments])
            code = 0
        except SystemExit as stop:
            code = int(stop.code or 0)
        return Finished(code, *capsys.readouterr())

    return run


@contextmanager
def file_size_limit(size: int) -> Iterator[None]:
    """A disk on which no file can grow beyond `size` bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def tiny_config(**changes: object) -> InterpreterConfig:
    """A Genomic Interpreter of 7 narrow blocks that predicts a tile of 2,048 bp in a millisecond."""
    numbers: dict[str, object] = {
        "core_bp": 2_048,
        "context_bp": 128,
        "stem_width": 5,
        "channels": (4,) * 8,
        "windows": (4,) * 7,
        "heads": (1,) * 7,
        "head_widths": (2,) * 7,
        "hidden": (4,) * 7,
        "feed_forward": "conv",
        "conv_width": 3,
        "merge": "conv",
        "positions": "rotary",
        "growth": 0.0,
        "final_layers": 1,
        "final_heads": 1,
        "final_head_width": 4,
        "final_hidden": 8,
        "final_dilations": (1,),
        "final_growth": 0.0,
        "dropout": 0.0,
    }
    return InterpreterConfig(**{**numbers, **changes})  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder with random weights for the example data's tracks and genome."""
    folder = tmp_path_factory.mktemp("models") / "tiny"
    torch.manual_seed(1)
    tracks, config = read_tracks(EXAMPLE / "tracks.tsv"), tiny_config()
    with Genome(EXAMPLE / "genome.fa") as genome:
        module = build("interpreter", config, len(tracks))
        save_model(folder, Model("tiny", "interpreter", config, module, tracks, genome.assembly, "", {}), "# tiny\n")
    return folder


def write_port(folder: Path, **numbers: object) -> Path:
    """A SOURCE of `genint models import enformer`: a tiny Enformer at random weights, as the PyTorch port saves one.

    Its human head has the 7 tracks of the example data, its mouse head 2. It answers 16 bins of 128 bp.
    """
    config: dict[str, object] = {
        "dim": 24,
        "depth": 1,
        "heads": 2,
        "output_heads": {"human": 7, "mouse": 2},
        "target_length": 16,
        "attn_dim_key": 4,
        "dropout_rate": 0.4,
        "num_downsamples": 7,
        "dim_divisible_by": 4,
    }
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(config | numbers))
    torch.manual_seed(2)
    ours = published_config(Port(config, {}, folder / "pytorch_model.bin"), gamma="tensorflow", input_bp=3_072)
    tensors = {}
    for head, tracks in (("human", 7), ("mouse", 2)):
        weights = PublishedEnformer(ours, tracks).state_dict()
        tensors.update({theirs: weights[name] for name, theirs in port_names(weights, ours, head).items()})
    tensors["stem.0.weight"] = tensors["stem.0.weight"].squeeze(2)  # the port's convolutions have one dimension
    tensors["_trunk.1.0.weight"] = tensors["stem.0.weight"]  # and it keeps its layers a second time
    torch.save(tensors, folder / "pytorch_model.bin")
    return folder


@pytest.fixture(scope="session")
def example_dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data set of the example bigWigs: chr3 validates, chr2 tests."""
    folder = tmp_path_factory.mktemp("data") / "dataset"
    split, exclude = Split(valid=["chr3"], test=["chr2"]), [EXAMPLE / "exclude.bed"]
    with Genome(EXAMPLE / "genome.fa") as genome:
        make_dataset(genome, EXAMPLE / "tracks.tsv", folder, split=split, exclude=exclude)
    return folder
