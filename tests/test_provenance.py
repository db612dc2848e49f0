"""A result says what made it."""

import json
import sys

import pytest

from genint.provenance import provenance


def test_a_result_says_what_made_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for program, command in (
        ("/usr/bin/genint", "genint predict 'my genome.fa'"),
        ("/x/genint/__main__.py", "genint predict 'my genome.fa'"),
        ("mine.py", "mine.py predict 'my genome.fa'"),
    ):
        monkeypatch.setattr(sys, "argv", [program, "predict", "my genome.fa"])
        assert provenance()["command"] == command
    assert set(provenance()["versions"]) >= {"python", "genint", "torch", "numpy", "deflate"}
    json.dumps(provenance())
