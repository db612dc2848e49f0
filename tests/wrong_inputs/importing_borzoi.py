"""genint models import borzoi: weights and their config, tracks and options."""

import json
from collections.abc import Callable
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from tests.conftest import EXAMPLE
from tests.models.borzoi_reference import write_source
from tests.wrong_inputs.cases import CASES, Arguments


def import_case(name: str, damage: Callable[[Path], object], *words: str, options: Arguments | None = None) -> None:
    def prepare(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
        source = write_source(folder / "source")
        damage(source)
        command = ["models", "import", "borzoi", source, "--tracks", EXAMPLE / "tracks.tsv", "--input-bp", 4_096]
        return [*command, *(options or [])], list(words)

    CASES["import: " + name.replace("_", " ")] = prepare


def changed_config(**changes: object) -> Callable[[Path], object]:
    def damage(source: Path) -> None:
        config = json.loads((source / "config.json").read_text())
        (source / "config.json").write_text(json.dumps(config | changes))

    return damage


def changed_tensors(**changes: torch.Tensor | None) -> Callable[[Path], object]:
    def damage(source: Path) -> None:
        tensors = load_file(source / "model.safetensors") | changes
        save_file({name: x for name, x in tensors.items() if x is not None}, source / "model.safetensors")

    return damage


def nothing(source: Path) -> None:
    """The source as it is; the options are wrong."""


CONFIG = ("config.json", "does not describe a Borzoi")
import_case("borzoi_of_prime", changed_config(model_type="prime"), "config.json", "'prime'", "Expected 'borzoi'")
import_case("borzoi_of_other_depth", changed_config(depth=2), "transformer.1.0", "is missing", "Borzoi")
import_case("borzoi_of_less_depth", changed_config(depth=0), "transformer.0.0", "is not part of the Borzoi")
import_case("borzoi_that_is_flashzoi", changed_config(flashed=True), *CONFIG, "rotary_width")
import_case("borzoi_of_another_dim", changed_config(dim=32), *CONFIG, "dim is 32, unet1.1.conv_layer has 24")
import_case("borzoi_of_other_keys", changed_config(attn_dim_key=4), "rel_content_bias", "(1, 2, 1, 5)", "(2, 1, 4)")
import_case("borzoi_of_other_values", changed_config(attn_dim_value=4), *CONFIG, "attn_dim_value")
import_case("borzoi_that_keeps_more_than_it_reads", changed_config(bins_to_return=500), *CONFIG, "--input-bp")
import_case("borzoi_that_keeps_text", changed_config(bins_to_return="all"), *CONFIG)
import_case(
    "borzoi_without_a_block", changed_tensors(**{"res_tower.4.conv_layer.bias": None}), "res_tower.4.conv_layer.bias"
)
import_case(
    "borzoi_with_a_wrong_shape",
    changed_tensors(**{"separable0.conv_layer.0.weight": torch.zeros(24, 1, 5)}),
    "separable0.conv_layer.0.weight",
    "(24, 1, 5)",
)
import_case("borzoi_with_more", changed_tensors(extra=torch.zeros(2)), "extra", "is not part of the Borzoi")
import_case("borzoi_of_no_such_head", nothing, "--head rat", "human, mouse", "Choose", options=["--head", "rat"])
import_case(
    "borzoi_with_another_heads_tracks", nothing, "7 tracks", "has 2", "targets_mouse.txt", options=["--head", "mouse"]
)
import_case("borzoi_of_odd_input", nothing, *CONFIG, "4,095 bp", "--input-bp", options=["--input-bp", 4_095])
