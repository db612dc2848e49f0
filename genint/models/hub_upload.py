"""A model folder on the Hugging Face hub, with a card that the hub can read."""

from pathlib import Path
from typing import Any

from genint.errors import InputError, OutputError
from genint.models.bundled import find_model
from genint.models.config_file import read_header
from genint.models.hub_cache import FILES, NEEDED
from genint.models.hugging_face import explain, hub_client, hub_errors, read_address


def push(model: str | Path, address: str, *, licence: str | None = None, private: bool = False) -> str:
    """Upload a model folder in one commit, to a repository that is made if it is not there; gives the commit's address.

    README.md gets the header of `hub_card`. Who may write is between the hub and its client (HF_TOKEN, `hf auth
    login`). Raises InputError for what is no model folder or no address, OutputError for what the hub refuses.
    """
    folder, wanted = find_model(model), read_address(address)
    hub = hub_client(f"{address}: uploading", "Upload the model folder by other means")
    header = read_header(folder)
    for name in NEEDED:
        if not (folder / name).is_file():
            raise InputError(f"{folder}: has no {name}. Copy the model folder again")
    content: dict[str, Path | bytes] = {name: folder / name for name in FILES if (folder / name).is_file()}
    card = folder / "README.md"
    text = card.read_text(encoding="utf-8") if card.is_file() else f"# {header.get('name') or folder.name}\n"
    content["README.md"] = hub_card(text, header, licence, hub).encode()
    operations = [hub.CommitOperationAdd(path_in_repo=name, path_or_fileobj=what) for name, what in content.items()]
    api = hub.HfApi()
    try:
        api.create_repo(wanted.repository, private=private, exist_ok=True)
        message = f"Upload {header.get('name') or folder.name}"
        done = api.create_commit(wanted.repository, operations, revision=wanted.revision, commit_message=message)
    except hub_errors(hub) as error:
        advice = "Set HF_TOKEN to a token that may write there, or log in: hf auth login"
        raise OutputError(f"{address}: cannot be pushed {explain(hub, error, advice)}") from None
    return f"hf://{wanted.repository}@{done.oid}"


def hub_card(text: str, header: dict[str, Any], licence: str | None, hub: Any) -> str:
    """A model card with the YAML header that the hub reads (huggingface.co/docs/hub/model-cards).

    A header that is there stays, but for the licence where one is given. A new one has the library, what the model is
    about and, if it was trained by genint, its best mean Pearson over tracks in validation.
    """
    if text.startswith("---\n"):
        card = hub.ModelCard(text)
        data, body = card.data, card.text
    else:
        tags = ["biology", "genomics", "dna", header["architecture"], header["assembly"]["name"]]
        data, body = hub.ModelCardData(library_name="genint", tags=tags, **_score(header, hub)), text
    if licence:
        data.license = licence
    return f"---\n{data.to_yaml()}\n---\n\n{body.lstrip()}"


def _score(header: dict[str, Any], hub: Any) -> dict[str, Any]:
    score = header.get("training", {}).get("val_pearson")
    if score is None:
        return {}
    result = hub.EvalResult(
        task_type="other",
        task_name="Genomic tracks from DNA",
        dataset_type=header["assembly"]["name"],
        dataset_name=f"Validation chromosomes of {header['assembly']['name']}",
        metric_type="pearsonr",
        metric_name="Mean Pearson over tracks",
        metric_value=round(score, 4),
    )
    return {"model_name": header.get("name") or "model", "eval_results": [result], "metrics": ["pearsonr"]}
