"""genint models import enformer: weights and their config, tracks and options."""

import json
from collections.abc import Callable
from pathlib import Path

import torch

from tests.conftest import EXAMPLE, write_enformer_source
from tests.wrong_inputs.cases import CASES, Arguments, case


def import_case(name: str, damage: Callable[[Path], object], *words: str, options: Arguments | None = None) -> None:
    def prepare(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
        source = write_enformer_source(folder / "source")
        damage(source)
        command = ["models", "import", "enformer", source, "--tracks", EXAMPLE / "tracks.tsv", "--input-bp", 3_072]
        return [*command, *(options or [])], list(words)

    CASES[f"import: {name}"] = prepare


def changed_source(**changes: object) -> Callable[[Path], object]:
    def damage(source: Path) -> None:
        config = json.loads((source / "config.json").read_text())
        (source / "config.json").write_text(json.dumps(config | changes))

    return damage


def changed_tensors(change: Callable[[dict[str, torch.Tensor]], object]) -> Callable[[Path], object]:
    def damage(source: Path) -> None:
        tensors = torch.load(source / "pytorch_model.bin", weights_only=True)
        change(tensors)
        torch.save(tensors, source / "pytorch_model.bin")

    return damage


def saved_object(content: object) -> Callable[[Path], object]:
    return lambda source: torch.save(content, source / "pytorch_model.bin")


def cut_short(source: Path) -> None:
    weights = source / "pytorch_model.bin"
    weights.write_bytes(weights.read_bytes()[:1000])


def nothing(source: Path) -> None:
    pass


TO_OUT = "transformer.0.0.fn.1.to_out.bias"
import_case("no config", lambda source: (source / "config.json").unlink(), "config.json", "cannot read")
import_case("config is not JSON", lambda source: (source / "config.json").write_text("{"), "config.json")
import_case("config is a list", lambda source: (source / "config.json").write_text("[]"), "not an object")
import_case("another kind of block", changed_source(use_convnext=True), "config.json", "ConvNeXt")
import_case("a width that fits nothing", changed_source(heads=5), "config.json", "heads=5")
import_case("a width that is text", changed_source(dim="wide"), "config.json")
import_case("no weights", lambda source: (source / "pytorch_model.bin").unlink(), "pytorch_model.bin", "neither")
import_case("weights cut short", cut_short, "pytorch_model.bin", "cut short")
import_case("weights that run code", saved_object(Path), "pytorch_model.bin", "runs no code")
import_case("weights that are no table", saved_object([torch.zeros(1)]), "pytorch_model.bin", "not a table of tensors")
import_case("a tensor is gone", changed_tensors(lambda tensors: tensors.pop(TO_OUT)), TO_OUT, "missing")
import_case("a tensor too many", changed_tensors(lambda t: t.update(extra=torch.zeros(1))), "extra", "not part")
import_case("another width", changed_tensors(lambda t: t.update({TO_OUT: torch.zeros(9)})), TO_OUT, "(9,)", "(24,)")
import_case("not finite", changed_tensors(lambda t: t[TO_OUT].fill_(float("nan"))), TO_OUT, "not finite")
import_case("no such head", nothing, "--head rat", "human, mouse", options=["--head", "rat"])
import_case("tracks of another head", nothing, "tracks.tsv", "7 tracks", "has 2", options=["--head", "mouse"])
import_case("DNA that makes no bins", nothing, "3,000 bp", "--input-bp", options=["--input-bp", 3_000])
import_case("less DNA than predictions", nothing, "1,024 bp", "16 bins", options=["--input-bp", 1_024])
import_case("a genome that is not there", nothing, "no.fa", options=["--genome", "no.fa"])
import_case("an index that is none", nothing, "tracks.fai", options=["--genome", "tracks.fai"])


@case
def import_from_nowhere(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
    command: Arguments = ["models", "import", "enformer", folder / "nowhere", "--tracks", EXAMPLE / "tracks.tsv"]
    return command, ["nowhere", "not a folder", "OWNER/NAME"]
