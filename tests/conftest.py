"""Fixtures that several test modules share. They give paths, so that each test opens its own things."""

import json
import resource
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from hypothesis import settings

from genint.cli.main import main
from genint.datasets.build import make_dataset
from genint.datasets.splits import Split
from genint.genome.fasta import Genome
from genint.models.enformer_names import source_names
from genint.models.enformer_original import PublishedEnformer
from genint.models.enformer_weights import published_config
from genint.models.folder import Model, save_model
from genint.models.interpreter import InterpreterConfig
from genint.models.published import Source
from genint.models.registry import build
from genint.models.swin1d import BlockConfig, LayerConfig
from genint.tracks.table import read_tracks
from tests.datasets.made_up import write_relatives

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


@pytest.fixture(autouse=True)
def _threads_as_they_were() -> Iterator[None]:
    """More threads, left behind by one test, would slow all that follow."""
    yield
    left = torch.get_num_threads()
    torch.set_num_threads(1)
    assert left == 1


@pytest.fixture(autouse=True)
def _no_amx(monkeypatch: pytest.MonkeyPatch) -> None:
    """Expected predictions are in float32, which is not what a CPU with AMX computes in by default."""
    monkeypatch.setattr("torch.cpu._is_amx_tile_supported", lambda: False)


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


def tiny_config(
    *, block: Mapping[str, Any] | None = None, final: Mapping[str, Any] | None = None, **changes: Any
) -> InterpreterConfig:
    """A Genomic Interpreter of 7 narrow blocks that predicts a tile of 2,048 bp in a millisecond.

    `block` and `final` change numbers of every block and of the one final layer.
    """
    of_block: dict[str, Any] = {"channels": 4, "window": 4, "heads": 1, "head_width": 2, "hidden": 4}
    of_block |= {"feed_forward": "conv", "conv_width": 3, "merge": "conv"}
    of_final: dict[str, Any] = {"heads": 1, "head_width": 4, "hidden": 8, "feed_forward": "conv", "conv_width": 3}
    numbers: dict[str, Any] = {
        "core_bp": 2_048,
        "context_bp": 128,
        "stem_width": 5,
        "blocks": 7 * (BlockConfig(**{**of_block, **(block or {})}),),
        "bin_channels": 4,
        "final": (LayerConfig(**{**of_final, **(final or {})}),),
    }
    return InterpreterConfig(**{**numbers, **changes})


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder with random weights for the example data's tracks and genome."""
    folder = tmp_path_factory.mktemp("models") / "tiny"
    torch.manual_seed(1)
    tracks = read_tracks(EXAMPLE / "tracks.tsv")
    with Genome(EXAMPLE / "genome.fa") as genome:
        module = build("interpreter", tiny_config(), len(tracks))
        save_model(folder, module, tracks, genome.assembly, architecture="interpreter")
    return folder


def save_copy(folder: Path, model: Model, **changes: Any) -> Path:
    """Write a loaded model to a folder, with some of what it is made of changed: name, module, tracks, assembly."""
    parts = {"name": model.name, "module": model.module, "tracks": model.tracks, "assembly": model.assembly} | changes
    save_model(folder, architecture=model.architecture, training=model.training, **parts)
    return folder


def write_enformer_source(folder: Path, **numbers: object) -> Path:
    """A SOURCE of `genint models import enformer`: a tiny Enformer at random weights, as enformer-pytorch saves one.

    Its human head has the 7 tracks of the example data, its mouse head 2. It predicts 16 bins of 128 bp.
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
    source = Source(config, {}, folder / "pytorch_model.bin")
    ours = published_config(source, gamma="tensorflow", input_bp=3_072)
    tensors = {}
    for head, tracks in (("human", 7), ("mouse", 2)):
        weights = PublishedEnformer(ours, tracks).state_dict()
        tensors.update({theirs: weights[name] for name, theirs in source_names(weights, ours, head).items()})
    tensors["stem.0.weight"] = tensors["stem.0.weight"].squeeze(2)  # enformer-pytorch's convolutions have one dimension
    tensors["_trunk.1.0.weight"] = tensors["stem.0.weight"]  # and it keeps its layers a second time
    torch.save(tensors, folder / "pytorch_model.bin")
    return folder


@pytest.fixture(scope="session")
def related_dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with the DNA of two relatives, whose files and table are in `relatives` beside it."""
    folder = tmp_path_factory.mktemp("related")
    table = write_relatives(folder / "relatives", EXAMPLE / "genome.fa")
    split, exclude = Split(valid=["chr3"], test=["chr2"]), [EXAMPLE / "exclude.bed"]
    with Genome(EXAMPLE / "genome.fa") as genome:
        make_dataset(genome, EXAMPLE / "tracks.tsv", folder / "dataset", split=split, exclude=exclude, relatives=table)
    return folder / "dataset"


@pytest.fixture(scope="session")
def example_dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data set of the example bigWigs: chr3 validates, chr2 tests."""
    folder = tmp_path_factory.mktemp("data") / "dataset"
    split, exclude = Split(valid=["chr3"], test=["chr2"]), [EXAMPLE / "exclude.bed"]
    with Genome(EXAMPLE / "genome.fa") as genome:
        make_dataset(genome, EXAMPLE / "tracks.tsv", folder, split=split, exclude=exclude)
    return folder
