"""Pushing models to a stand-in of the hub, by its real client; their cards have the header that the hub reads."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from genint.console import Console
from genint.errors import InputError, OutputError
from genint.models.bundled import find_model
from genint.models.config_file import read_header
from genint.models.folder import load_model
from genint.models.hub_cache import pull
from genint.models.hub_upload import hub_card, push
from tests.conftest import Run
from tests.models.hub_server import TOKEN, Hub, point_client_at, running_hub

client = pytest.importorskip("huggingface_hub")
YAML = "---\nlicense: mit\ntags:\n- mine\n---\n\n# a card\n"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with running_hub() as running:
        point_client_at(running.url, monkeypatch)
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        yield running


def test_what_is_pushed_can_be_pulled(hub: Hub, tiny_model: Path, genint: Run) -> None:
    finished = genint("models", "push", tiny_model, "hf://me/tiny", "--license", "mit", "--private")
    assert finished.code == 0, finished.err
    (commit,) = hub.repositories["me/tiny"]
    assert finished.out == f"hf://me/tiny@{commit}\n"
    assert hub.private == {"me/tiny"}
    folder = pull(finished.out.strip(), console=Console(quiet=True))
    assert load_model(folder).digest == load_model(tiny_model).digest
    card = client.ModelCard((folder / "README.md").read_text())
    assert (card.data.license, card.data.library_name) == ("mit", "genint")
    assert {"genomics", "interpreter", "genome"} <= set(card.data.tags)
    assert card.text.strip() == (tiny_model / "README.md").read_text().strip()


def test_a_second_push_is_a_second_commit(hub: Hub, tiny_model: Path, tmp_path: Path) -> None:
    push(tiny_model, "hf://me/tiny")
    folder = tmp_path / "changed"
    shutil.copytree(tiny_model, folder)
    (folder / "README.md").write_text("# a new card\n")
    push(folder, "hf://me/tiny")
    first, second = hub.repositories["me/tiny"].values()
    assert first["model.safetensors"] == second["model.safetensors"]
    assert b"# a new card" in second["README.md"]


def test_the_card_of_a_trained_model_has_its_score() -> None:
    folder = find_model("genomic-interpreter-yeast")
    text = hub_card((folder / "README.md").read_text(), read_header(folder), "mit", client)
    card = client.ModelCard(text)
    (result,) = card.data.eval_results
    assert (result.metric_type, result.metric_value) == ("pearsonr", 0.7617)
    assert card.data.model_name == "genomic-interpreter-yeast"
    assert "sacCer3" in card.data.tags


def test_a_header_that_is_there_stays_but_for_the_licence(tiny_model: Path) -> None:
    header = read_header(tiny_model)
    kept = client.ModelCard(hub_card(YAML, header, None, client))
    assert kept.data.to_dict() == {"license": "mit", "tags": ["mine"]}
    changed = client.ModelCard(hub_card(YAML, header, "cc-by-4.0", client))
    assert changed.data.to_dict() == {"license": "cc-by-4.0", "tags": ["mine"]}
    assert changed.text.strip() == "# a card"


def test_a_hub_that_does_not_know_you_says_how_to_log_in(
    hub: Hub, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_unknown")
    with pytest.raises(OutputError, match=r"^hf://me/tiny: cannot be pushed \(.*401.*\)\. Set HF_TOKEN"):
        push(tiny_model, "hf://me/tiny")
    assert not hub.repositories


def test_what_is_no_model_is_not_pushed(hub: Hub, tiny_model: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny_model, tmp_path / "half")
    (tmp_path / "half" / "model.safetensors").unlink()
    with pytest.raises(InputError, match=r"half: has no model\.safetensors"):
        push(tmp_path / "half", "hf://me/tiny")
    with pytest.raises(InputError, match="is not a model folder"):
        push(tmp_path, "hf://me/tiny")
    with pytest.raises(InputError, match="is not hf://OWNER/NAME"):
        push(tiny_model, "tiny")
    assert not hub.repositories


def test_without_a_network_nothing_is_said_of_tokens(
    hub: Hub, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    point_client_at("http://127.0.0.1:9", monkeypatch)
    unanswered = (
        r"^hf://me/tiny: cannot be pushed \(no answer from http://127\.0\.0\.1:9\)\. Look at the network, or at HF_"
    )
    with pytest.raises(OutputError, match=unanswered):
        push(tiny_model, "hf://me/tiny")
