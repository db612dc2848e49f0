"""config/config.yaml is checked before anything runs, and knows the options of genint predict."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from snakemake.utils import validate
from snakemake_interface_common.exceptions import WorkflowError

from tests.reference import all_commands

ROOT = Path(__file__).parents[2]
SCHEMA = ROOT / "workflow" / "schemas" / "config.schema.yaml"
# What the workflow says itself, and what would undo a resumed run.
OWN = {"aliases", "chroms", "device", "dry-run", "format", "hub", "json", "model", "out", "overwrite", "quiet"}
OWN |= {"region", "resume", "summary", "summary-statistic", "threads", "whole-genome"}


@pytest.fixture
def config() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((ROOT / "config" / "config.yaml").read_text())
    return read


def test_what_is_left_out_has_a_default(config: dict[str, Any]) -> None:
    least = {name: config[name] for name in ("samples", "models")}
    validate(least, str(SCHEMA))
    validate(config, str(SCHEMA))
    assert least.keys() == config.keys()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"samples": {}}, "should be non-empty|does not have enough properties"),
        ({"samples": {"a/b": {"genome": "g.fa"}}}, "'a/b' does not match"),
        ({"samples": {"a": {"genome": "g.fa", "bed": "g.bed"}}}, "'bed' was unexpected"),
        ({"samples": {"a": {"regions": "g.bed"}}}, "'genome' is a required property"),
        ({"models": {"a": 3}}, "3 is not of type 'string'"),
        ({"options": {"out": "elsewhere"}}, "'out' was unexpected"),
        ({"options": {"rc": False}}, "True was expected"),
        ({"device": "gpu"}, "'gpu' is not one of"),
        ({"email": "me"}, "'me' does not match"),
        ({"threads": 0}, "0 is less than the minimum"),
        ({"partitions": 3}, "'partitions' was unexpected"),
    ],
)
def test_what_cannot_be_is_named(config: dict[str, Any], change: dict[str, Any], message: str) -> None:
    with pytest.raises(WorkflowError, match=message):
        validate(config | change, str(SCHEMA))


def test_every_option_of_predict_is_the_workflow_s_or_may_be_given() -> None:
    names = {name for each in all_commands()["predict"].params for name in each.opts if name.startswith("--")}
    given = set(yaml.safe_load(SCHEMA.read_text())["properties"]["options"]["properties"])
    assert not given & OWN
    assert {f"--{name}" for name in given | OWN} == names - {"--help"}
