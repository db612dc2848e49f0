"""Model folders from the Hugging Face hub, kept in the user's cache: pulled once, then used without a network.

CACHE/models/OWNER/NAME/
  commits/COMMIT/       a model folder, and pulled.json: where from, and the SHA-256 of every file
  revisions/REVISION    the commit that a branch or tag was when it was pulled last
"""

import hashlib
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from genint.atomic import replacing
from genint.cache import user_cache
from genint.console import Console
from genint.errors import InputError, OutputError, cannot_write
from genint.models.hugging_face import HubAddress, explain, hub_client, hub_errors, read_address

NEEDED = ("config.json", "model.safetensors")
FILES = (*NEEDED, "tracks.tsv", "README.md")
_RECORD = "pulled.json"
_ADVICE = "Look at the address; a private model needs HF_TOKEN"


def pull(address: str, *, console: Console | None = None) -> Path:
    """Download a model folder from the hub, unless that commit is there as it was, and return where it is.

    Every file's digest is compared with the hub's. With HF_HUB_OFFLINE set, only what is there is looked at. Raises
    InputError for an address that is none, for what cannot be had or is no model of genint, and for a digest that
    differs; OutputError where the cache cannot be written.
    """
    wanted = read_address(address)
    hub = hub_client(f"{address}: downloading", "Copy the model folder by other means")
    if _commit(wanted) == wanted.revision and _is_whole(_folder(wanted, wanted.revision)):
        return _folder(wanted, wanted.revision)
    if hub.constants.HF_HUB_OFFLINE:
        if _commit(wanted):
            return find_pulled(address)
        raise InputError(f"{address}: is not here, and HF_HUB_OFFLINE is set. Unset it where there is a network")
    try:
        said = hub.HfApi().model_info(wanted.repository, revision=wanted.revision, files_metadata=True)
    except hub_errors(hub) as error:
        raise InputError(f"{address}: cannot be pulled {explain(hub, error, _ADVICE)}") from None
    offered = {file.rfilename: file for file in said.siblings if file.rfilename in FILES}
    for name in NEEDED:
        if name not in offered:
            raise InputError(
                f"{address}: has no {name}, so it is not a model of genint. "
                "Published weights of other models are for genint models import"
            )
    folder = _folder(wanted, said.sha)
    try:
        if not _is_whole(folder):
            _download(hub, wanted, said.sha, offered, folder, console or Console())
        _remember(wanted, said.sha)
    except OSError as error:
        raise cannot_write(folder, error) from None
    return folder


def find_pulled(address: str) -> Path:
    """Where a pulled model is, its files compared with their digests. InputError for one that is not there as it was.

    Neither the network nor the hub's client is used.
    """
    wanted = read_address(address)
    commit = _commit(wanted)
    if commit is None or not (_folder(wanted, commit) / _RECORD).is_file():
        raise InputError(f"{address}: is not here yet. Pull it first: genint models pull {address}")
    folder = _folder(wanted, commit)
    try:
        damaged = _find_damage(folder)
    except OSError as error:
        raise InputError(f"{folder}: cannot be read ({error}). Remove it and pull {address} again") from None
    if damaged:
        raise InputError(
            f"{damaged}: is missing or has changed since it was pulled. Pull it again: genint models pull {address}"
        )
    return folder


def _find_damage(folder: Path) -> Path | None:
    """A file of a pulled model that is not there as it was; None where all are."""
    record = folder / _RECORD
    try:
        digests = json.loads(record.read_bytes())["sha256"].items()
    except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError):
        return record
    return next((folder / name for name, digest in digests if _digest(folder / name) != digest), None)


def _is_whole(folder: Path) -> bool:
    try:
        return _find_damage(folder) is None
    except OSError:
        return False


def list_pulled() -> list[str]:
    """Addresses of the pulled models, as find_pulled takes them."""
    cache = user_cache()
    files = sorted(cache.glob("models/*/*/revisions/*")) if cache else []
    found = [HubAddress("/".join(file.parts[-4:-2]), unquote(file.name)) for file in files if file.name[0] != "."]
    return [str(address) for address in found]


def _download(hub: Any, wanted: HubAddress, commit: str, offered: dict[str, Any], out: Path, console: Console) -> None:
    """The files of a commit into the folder `out`, in place of damaged ones, each compared with the hub's digest."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".pull-") as beside, replacing(out) as new:
        new.mkdir()
        for name, file in offered.items():
            console.say(f"{wanted}: {name}, {file.size:,} bytes")
            try:
                got = Path(hub.hf_hub_download(wanted.repository, name, revision=commit, local_dir=beside))
            except hub_errors(hub) as error:
                raise InputError(f"{wanted}: {name} cannot be pulled {explain(hub, error, _ADVICE)}") from None
            _compare(f"{wanted}: {name}", got, file)
            got.replace(new / name)
        record = {"address": str(wanted), "commit": commit, "sha256": {name: _sha256(new / name) for name in offered}}
        (new / _RECORD).write_text(json.dumps(record, indent=1) + "\n")
        if out.is_dir():  # damaged
            shutil.rmtree(out)


def _compare(what: str, got: Path, file: Any) -> None:
    """InputError unless a file has the digest that the hub gives for it: SHA-256 of a large one, else git's SHA-1."""
    if file.lfs:
        expected, found = file.lfs["sha256"], _sha256(got)
    else:
        content = got.read_bytes()
        expected, found = file.blob_id, hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
    if expected != found:
        raise InputError(f"{what} has the digest {found}, the hub says {expected}. Pull it again")


def _digest(file: Path) -> str | None:
    """Its SHA-256, None of a file that is not there."""
    return _sha256(file) if file.is_file() else None


def _sha256(file: Path) -> str:
    with open(file, "rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _home(wanted: HubAddress) -> Path:
    cache = user_cache()
    if cache is None:
        raise OutputError("pulled models have no place, as there is no home folder. Set XDG_CACHE_HOME")
    return cache / "models" / wanted.repository


def _folder(wanted: HubAddress, commit: str) -> Path:
    return _home(wanted) / "commits" / commit


def _commit(wanted: HubAddress) -> str | None:
    """The commit that an address means here; None if it was not pulled."""
    home = _home(wanted)
    if (_folder(wanted, wanted.revision) / _RECORD).is_file():
        return wanted.revision
    file = home / "revisions" / quote(wanted.revision, safe="")
    return file.read_text().strip() if file.is_file() else None


def _remember(wanted: HubAddress, commit: str) -> None:
    file = _home(wanted) / "revisions" / quote(wanted.revision, safe="")
    file.parent.mkdir(exist_ok=True)
    with replacing(file) as new:
        new.write_text(commit + "\n")
