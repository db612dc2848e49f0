"""Addresses on the Hugging Face hub, and its client."""

import sys

import pytest

from genint.errors import InputError
from genint.models.hugging_face import HubAddress, explain, first_line, hub_client, hub_errors, read_address


@pytest.mark.parametrize(
    ("text", "repository", "revision"),
    [
        ("hf://me/my-model", "me/my-model", "main"),
        ("hf://me/my.model_2@v1.0", "me/my.model_2", "v1.0"),
        ("hf://me/m@feature/x", "me/m", "feature/x"),
    ],
)
def test_an_address_is_a_repository_and_a_revision(text: str, repository: str, revision: str) -> None:
    address = HubAddress.read(text)
    assert (address.repository, address.revision, str(address)) == (repository, revision, text)


@pytest.mark.parametrize(
    "text", ["", "me/m", "hf://m", "hf://me/m/n", "hf://me/m@", "hf://../m", "hf://me/..@v", "hf://me/m n"]
)
def test_other_text_is_no_address(text: str) -> None:
    with pytest.raises(InputError, match="is not hf://OWNER/NAME"):
        read_address(text)


def test_without_the_client_there_is_advice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(
        InputError, match=r"^x needs the package huggingface-hub\. Copy it, or pip install 'genint\[hub\]'$"
    ):
        hub_client("x", "Copy it")


def test_the_client_s_errors_are_known() -> None:
    pytest.importorskip("huggingface_hub")
    kinds = hub_errors(hub_client("x", "y"))
    from huggingface_hub import errors

    for kind in (errors.RepositoryNotFoundError, errors.LocalEntryNotFoundError, errors.OfflineModeIsEnabled):
        assert issubclass(kind, kinds)


def test_what_was_answered_or_refused_here_is_told_from_no_answer() -> None:
    client = pytest.importorskip("huggingface_hub")
    hub, errors = hub_client("x", "y"), client.errors
    for unanswered in (errors.LocalEntryNotFoundError("where?"), TimeoutError(), ConnectionError("a\nb")):
        assert explain(hub, unanswered, "Do so") == (
            f"(no answer from {hub.constants.ENDPOINT}). Look at the network, or at HF_ENDPOINT"
        )
    told = [errors.OfflineModeIsEnabled("off"), errors.HFValidationError("bad"), OSError(28, "full"), RuntimeError("x")]
    for error in told:
        assert explain(hub, error, "Do so") == f"({error}). Do so"


def test_a_story_is_cut_to_its_first_line() -> None:
    assert first_line(ValueError("\none\ntwo")) == "one"
    assert first_line(ValueError()) == "ValueError"
