"""Pulling models: once from a stand-in of the hub, by its real client, and from the cache without a network after."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from genint.console import Console
from genint.errors import InputError, OutputError
from genint.models.bundled import find_model
from genint.models.folder import load_model
from genint.models.hub_cache import FILES, find_pulled, list_pulled, pull
from tests.conftest import EXAMPLE, Run, file_size_limit
from tests.models.hub_server import Hub, point_client_at, running_hub

client = pytest.importorskip("huggingface_hub")

QUIET = Console(quiet=True)
ADDRESS = "hf://me/tiny"


def files_of(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in FILES}


@pytest.fixture
def hub(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with running_hub() as running:
        point_client_at(running.url, monkeypatch)
        running.commit("me/tiny", files_of(tiny_model))
        yield running


@pytest.fixture
def unplugged(hub: Hub) -> Hub:
    """A hub that has been pulled from and answers no more."""
    pull(ADDRESS, console=QUIET)
    hub.server_close()
    hub.requests.clear()
    return hub


def test_a_pulled_model_is_the_one_on_the_hub_and_is_pulled_once(hub: Hub, tiny_model: Path) -> None:
    folder = pull(ADDRESS, console=QUIET)
    assert files_of(folder) == files_of(tiny_model)
    assert load_model(ADDRESS).digest == load_model(tiny_model).digest
    hub.requests.clear()
    assert pull(ADDRESS, console=QUIET) == folder
    assert hub.requests == ["GET api/models/me/tiny/revision/main"]
    assert list_pulled() == [ADDRESS]


def test_a_branch_moves_on_when_it_is_pulled_again_and_a_commit_never(hub: Hub) -> None:
    first = pull(ADDRESS, console=QUIET)
    commit = hub.commit("me/tiny", {"README.md": b"# another card\n"})
    assert find_pulled(ADDRESS) == first
    second = pull(f"{ADDRESS}@v1", console=QUIET)
    assert second.name == commit
    assert (second / "README.md").read_text() == "# another card\n"
    assert find_pulled(ADDRESS) == first
    assert pull(f"{ADDRESS}@{first.name}", console=QUIET) == first
    assert pull(ADDRESS, console=QUIET) == second


def test_without_a_network_the_address_is_a_model(unplugged: Hub, tmp_path: Path, genint: Run) -> None:
    for model in (ADDRESS, Path(ADDRESS)):
        assert find_model(model) == find_pulled(ADDRESS)
    predict = ["predict", EXAMPLE / "genome.fa", "--chroms", "chr3", "-m", ADDRESS, "-o", tmp_path / "out"]
    finished = genint(*predict)
    assert finished.code == 0, finished.err
    assert genint("models", "list").out.count(f"pulled\t{ADDRESS}\n") == 1
    assert unplugged.requests == []


def test_the_client_s_environment_is_heeded_by_the_command(tiny_model: Path, tmp_path: Path) -> None:
    """HF_ENDPOINT, then HF_HUB_OFFLINE: in processes of their own, as the client reads them when it is imported."""
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path), "HF_HOME": str(tmp_path / "hf"), "HF_TOKEN": ""}
    script = "from genint.cli.main import main; main(['models', 'pull', 'hf://me/tiny'])"

    def run(**changes: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", script]
        return subprocess.run(command, env=environment | changes, capture_output=True, text=True)

    with running_hub() as hub:
        hub.commit("me/tiny", files_of(tiny_model))
        missing = run(HF_ENDPOINT=hub.url, HF_HUB_OFFLINE="1")
        assert (missing.returncode, hub.requests) == (1, [])
        assert "HF_HUB_OFFLINE is set" in missing.stderr
        pulled = run(HF_ENDPOINT=hub.url)
        assert pulled.returncode == 0, pulled.stderr
        hub.requests.clear()
        again = run(HF_ENDPOINT=hub.url, HF_HUB_OFFLINE="1")
        assert (again.stdout, hub.requests) == (pulled.stdout, [])
    assert files_of(Path(pulled.stdout.strip())) == files_of(tiny_model)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_a_file_that_arrives_changed_is_refused_and_nothing_is_kept(name: str, hub: Hub, tiny_model: Path) -> None:
    content = (tiny_model / name).read_bytes()
    hub.damage[name] = content[:-1] + bytes([content[-1] ^ 1])
    with pytest.raises(InputError, match=rf"{name} has the digest \w+, the hub says \w+"):
        pull(ADDRESS, console=QUIET)
    assert not list(Path(os.environ["XDG_CACHE_HOME"]).rglob("*.json"))
    assert list_pulled() == []


def test_a_file_that_is_changed_in_the_cache_is_refused(unplugged: Hub) -> None:
    folder = find_pulled(ADDRESS)
    (folder / "tracks.tsv").write_text("identifier\nanother\n")
    with pytest.raises(InputError, match=r"tracks\.tsv: is missing or has changed since it was pulled\. Pull it again"):
        load_model(ADDRESS)


def damage(folder: Path, name: str) -> None:
    if name == "pulled.json":
        (folder / name).write_text("{}")
    else:
        (folder / name).unlink()


@pytest.mark.parametrize("name", ["model.safetensors", "pulled.json"])
@pytest.mark.parametrize("by_commit", [True, False])
def test_a_damaged_model_is_named_and_pulled_again(hub: Hub, tiny_model: Path, name: str, by_commit: bool) -> None:
    folder = pull(ADDRESS, console=QUIET)
    address = f"{ADDRESS}@{folder.name}" if by_commit else ADDRESS
    damage(folder, name)
    with pytest.raises(InputError, match=rf"{name}: is missing or has changed .* genint models pull {address}$"):
        find_pulled(address)
    assert pull(address, console=QUIET) == folder
    assert files_of(find_pulled(address)) == files_of(tiny_model)


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("hf://me/tiny@v2", "cannot be pulled .*Look at the address; a private model needs HF_TOKEN"),
        ("hf://me/nothing", "cannot be pulled"),
        ("hf://me/weights", "has no config.json, so it is not a model of genint.* genint models import"),
        ("me/tiny", "is not hf://OWNER/NAME"),
        ("hf://tiny", "is not hf://OWNER/NAME"),
        ("hf://../..", "is not hf://OWNER/NAME"),
        ("hf://me/tiny@..", "is not hf://OWNER/NAME"),
    ],
)
def test_what_cannot_be_pulled_is_said_in_one_line(address: str, message: str, hub: Hub) -> None:
    hub.commit("me/weights", {"pytorch_model.bin": b"weights"})
    with pytest.raises(InputError, match=rf"^{address}: {message}"):
        pull(address, console=QUIET)


def test_a_hub_that_is_not_there_and_a_model_that_was_not_pulled_are_named(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    point_client_at("http://127.0.0.1:9", monkeypatch)
    unanswered = r"^hf://me/tiny: cannot be pulled \(no answer from http://127\.0\.0\.1:9\)\. Look at the network"
    with pytest.raises(InputError, match=unanswered):
        pull(ADDRESS, console=QUIET)
    with pytest.raises(InputError, match=r"is not here yet\. Pull it first: genint models pull hf://me/tiny"):
        load_model(ADDRESS)


def test_a_full_disk_is_named_and_leaves_nothing(hub: Hub) -> None:
    with file_size_limit(5_000), pytest.raises((OutputError, InputError), match=r"hf://me/tiny|cannot write"):
        pull(ADDRESS, console=QUIET)
    assert list_pulled() == []


def test_without_a_home_there_is_no_place(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genint.models.hub_cache.user_cache", lambda: None)
    assert list_pulled() == []
    with pytest.raises(OutputError, match="Set XDG_CACHE_HOME"):
        pull(ADDRESS, console=QUIET)
