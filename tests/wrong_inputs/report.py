"""genint report: folders, regions, measured bigWigs."""

import shutil
from pathlib import Path

from genint.prediction.to_folder import predict_to_folder
from tests.conftest import EXAMPLE
from tests.wrong_inputs.cases import CASES, GENOME, SMALL_FASTA, Arguments, case, written


def report_case(name: str, options: Arguments, *words: str) -> None:
    def prepare(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
        run = folder / "run"
        predict_to_folder(GENOME, ["chr3:1-400"], model, run)
        return ["report", run, *options], list(words)

    CASES[f"report: {name}"] = prepare


ATAC = EXAMPLE / "tracks" / "atac.bw"
report_case("a region without predictions", ["-r", "chr1:1-900"], "nothing is predicted there", "chr3:1-400")
report_case("a region that is none", ["-r", "chr3:x"], "chr3:x", "not a region")
report_case("a chromosome that is not there", ["-r", "chr9"], "chr9", "chr1, chr2, chr3", "there")
report_case(
    "a region past the end", ["-r", "chr1:300001-300100"], "REGIONS", "chr1:300001-300100", "hold no base", "chr3:1-400"
)
report_case("no such track", ["-t", "H3K27ac"], "--tracks H3K27ac")
report_case("measured for no track", ["--observed", f"dnase={ATAC}"], "--observed dnase=", "atac, cage_plus")
report_case("two measured for one track", ["--observed", f"atac={ATAC}"] * 2, "--observed atac=", "already")
report_case("measured and not there", ["--observed", "atac=nowhere.bw"], "nowhere.bw", "expected a bigWig")
report_case("measured and no bigWig", ["--observed", f"atac={GENOME}"], "genome.fa", "expected a bigWig")
report_case("a table that is none", ["--observed", EXAMPLE / "regions.bed"], "regions.bed", "column named identifier")


@case
def report_of_a_folder_without_results(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
    return ["report", model], [str(model), "holds nothing that genint predict"]


@case
def report_of_no_folder(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
    return ["report", folder / "nowhere"], ["nowhere", "is no folder"]


@case
def report_of_bedgraphs(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
    predict_to_folder(GENOME, ["chr3:1-400"], model, folder / "run", format="bedgraph")
    return ["report", folder / "run"], ["bedgraph", "--format bigwig"]


@case
def report_of_a_changed_run(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
    predict_to_folder(GENOME, ["chr3:1-400"], model, folder / "run")
    (folder / "run" / "atac.bw").unlink()
    return ["report", folder / "run"], ["atac.bw", "changed or removed"]


@case
def report_of_two_runs(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
    predict_to_folder(GENOME, ["chr3:1-400"], model, folder / "all" / "one")
    shutil.copytree(folder / "all" / "one", folder / "all" / "two")
    return ["report", folder / "all"], ["2 runs", "one, two"]


@case
def report_with_another_genome(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
    predict_to_folder(GENOME, ["chr3:1-400"], model, folder / "run")
    return ["report", folder / "run", "-g", written(folder / "b.fa", SMALL_FASTA)], ["--genome", "b.fa", "chromosomes"]
