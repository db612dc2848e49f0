"""A stand-in of the Hugging Face hub that its own client talks to, in a thread: as much of it as models need.

Files of at least `LARGE` bytes are kept as LFS keeps them. Commits are numbers in 40 hexadecimal digits.
"""

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

LARGE = 10_000
TOKEN = "hf_known"

Files = dict[str, bytes]


class Hub(ThreadingHTTPServer):
    """Repositories by name: their commits, the last being the newest, by commit."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.repositories: dict[str, dict[str, Files]] = {}
        self.private: set[str] = set()
        self.uploaded: dict[str, bytes] = {}  # large files before their commit, by SHA-256
        self.requests: list[str] = []
        self.damage: dict[str, bytes] = {}  # what is sent in place of a file, by its name

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def commit(self, name: str, files: Files) -> str:
        """Add a commit with these files to those of the last one."""
        commits = self.repositories.setdefault(name, {})
        number = f"{len(commits) + 1:040x}"
        commits[number] = (list(commits.values())[-1] if commits else {}) | files
        return number


@contextmanager
def running_hub() -> Iterator[Hub]:
    """A hub that answers until the block ends."""
    hub = Hub()
    thread = threading.Thread(target=hub.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        hub.shutdown()
        hub.server_close()
        thread.join()


def point_client_at(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As HF_ENDPOINT and an unset HF_HUB_OFFLINE do, which the client reads once, when it is imported."""
    from huggingface_hub import constants, file_download

    monkeypatch.setattr(constants, "ENDPOINT", url)
    template = url + "/{repo_id}/resolve/{revision}/{filename}"
    for module in (constants, file_download):  # which has a copy of its own, in some versions
        monkeypatch.setattr(module, "HUGGINGFACE_CO_URL_TEMPLATE", template, raising=False)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)


class _Handler(BaseHTTPRequestHandler):
    server: Hub

    def log_message(self, *_: object) -> None:
        """Nothing on stderr."""

    def do_GET(self) -> None:
        self._route()

    do_HEAD = do_POST = do_PUT = do_GET

    def _route(self) -> None:
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = unquote(urlsplit(self.path).path).strip("/").split("/")
        self.server.requests.append(f"{self.command} {'/'.join(path)}")
        match path:
            case ["api", "models", owner, name, "revision", *revision]:
                self._info(f"{owner}/{name}", "/".join(revision))
            case ["api", "models", owner, name]:
                self._info(f"{owner}/{name}", "main")
            case [owner, name, "resolve", revision, file]:
                self._file(f"{owner}/{name}", revision, file)
            case ["upload", digest]:
                self.server.uploaded[digest] = self.body
                self._send(b"")
            case ["api", "validate-yaml"]:
                self._json({"errors": [], "warnings": []})
            case _ if self.headers.get("Authorization") != f"Bearer {TOKEN}":
                self._json({"error": "Invalid username or password."}, 401)
            case ["api", "repos", "create"]:
                self._create(json.loads(self.body))
            case ["api", "models", _, _, "preupload", _]:
                files = [(file["path"], file["size"] >= LARGE) for file in json.loads(self.body)["files"]]
                modes = [
                    {"path": path, "uploadMode": "lfs" if large else "regular", "shouldIgnore": False}
                    for path, large in files
                ]
                self._json({"files": modes})
            case [_, _, "info", "lfs", "objects", "batch"]:
                objects = json.loads(self.body)["objects"]
                for each in objects:
                    each["actions"] = {"upload": {"href": f"{self.server.url}/upload/{each['oid']}", "header": {}}}
                self._json({"transfer": "basic", "objects": objects})
            case ["api", "models", owner, name, "commit", _]:
                self._commit(f"{owner}/{name}")
            case _:
                self._json({"error": "not part of the stand-in"}, 404)

    def _find(self, name: str, revision: str) -> tuple[str, Files] | None:
        commits = self.server.repositories.get(name, {})
        number = list(commits)[-1] if revision in ("main", "v1") and commits else revision
        return (number, commits[number]) if number in commits else None

    def _info(self, name: str, revision: str) -> None:
        found = self._find(name, revision)
        if found is None:
            code = "RevisionNotFound" if name in self.server.repositories else "RepoNotFound"
            self._json({"error": "Repository not found"}, 404, {"X-Error-Code": code, "X-Error-Message": "not there"})
            return
        siblings: list[dict[str, Any]] = []
        for file, content in found[1].items():
            siblings.append({"rfilename": file, "size": len(content), "blobId": _git_digest(content)})
            if len(content) >= LARGE:
                digest = hashlib.sha256(content).hexdigest()
                siblings[-1]["lfs"] = {"sha256": digest, "size": len(content), "pointerSize": 130}
        self._json({"id": name, "modelId": name, "sha": found[0], "siblings": siblings, "tags": [], "private": False})

    def _file(self, name: str, revision: str, file: str) -> None:
        found = self._find(name, revision)
        if found is None or file not in found[1]:
            self._json({"error": "Entry not found"}, 404, {"X-Error-Code": "EntryNotFound"})
            return
        content = found[1][file]
        digest = hashlib.sha256(content).hexdigest() if len(content) >= LARGE else _git_digest(content)
        content = self.server.damage.get(file, content)
        self._send(content, headers={"ETag": f'"{digest}"', "X-Repo-Commit": found[0]})

    def _create(self, wanted: dict[str, Any]) -> None:
        name = f"{wanted.get('organization') or 'me'}/{wanted['name']}"
        if name in self.server.repositories:
            self._json({"error": "You already created this model repo", "url": f"{self.server.url}/{name}"}, 409)
            return
        self.server.repositories[name] = {}
        if wanted.get("private") or wanted.get("visibility") == "private":
            self.server.private.add(name)
        self._json({"url": f"{self.server.url}/{name}", "name": name, "id": "1"})

    def _commit(self, name: str) -> None:
        files: Files = {}
        for line in map(json.loads, self.body.splitlines()):
            value = line["value"]
            if line["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                files[value["path"]] = self.server.uploaded[value["oid"]]
        number = self.server.commit(name, files)
        url = f"{self.server.url}/{name}/commit/{number}"
        self._json({"success": True, "commitOid": number, "commitUrl": url, "pullRequestUrl": None})

    def _json(self, content: object, status: int = 200, headers: dict[str, str] | None = None) -> None:
        self._send(json.dumps(content).encode(), status, {"Content-Type": "application/json", **(headers or {})})

    def _send(self, content: bytes, status: int = 200, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(content))} | (headers or {})).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


def _git_digest(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
