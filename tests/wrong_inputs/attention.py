"""genint attention: regions, models, folders."""

from pathlib import Path

from genint.models.folder import load_model
from genint.models.registry import build
from tests.conftest import save_copy, tiny_config
from tests.wrong_inputs.cases import GENOME, Arguments, case, written


@case
def attention_a_region_longer_than_a_window(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
    return ["attention", GENOME, "chr1:1-9000", "-m", model], ["chr1:1-9,000", "2,048 bp", "shorter"]


@case
def attention_a_region_past_its_chromosome_s_end(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
    words = ["error: REGION chr3:40,001-40,100", "35,073 bp", "lies there"]
    return ["attention", GENOME, "chr3:40,001-40,100", "-m", model], words


@case
def attention_what_is_no_region(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
    return ["attention", GENOME, "chr3:a-b", "-m", model], ["error: REGION chr3:a-b", "chrom:start-end"]


@case
def attention_flow_between_what_is_not_predicted(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
    given = ["attention", GENOME, "chr1:1-9", "-m", model, "--flow-between", "chr1:3001-3002", "chr1:1-9"]
    return given, ["--flow-between chr1:3,001-3,002", "chr1:1-9", "predicts chr1:1-2,048", "within"]


@case
def attention_a_model_without_attention(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
    given = load_model(model)
    bare = build("interpreter", tiny_config(block={"heads": 0}, final={"heads": 0}), len(given.tracks))
    save_copy(folder / "bare", given, name="bare", module=bare)
    return ["attention", GENOME, "chr1:1-9", "-m", folder / "bare"], ["--model bare", "no layer has attention"]


@case
def attention_an_out_that_is_a_file(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
    written(folder.parent / "out", "")
    return ["attention", GENOME, "chr1:1-9", "-m", model], ["out", "is there already", "--out"]
