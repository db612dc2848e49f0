"""genint predict: genomes, regions, options and model folders."""

import gzip
import json
import shutil
from collections.abc import Callable
from pathlib import Path

from tests.wrong_inputs.cases import BED, CASES, GENOME, SMALL_FASTA, Arguments, case, written


def fasta_case(name: str, content: str | bytes, *words: str, file: str = "bad.fa") -> None:
    def prepare(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
        genome = written(folder / file, content)
        return ["predict", genome, "--whole-genome", "-m", model], [file, *words]

    CASES[f"genome: {name}"] = prepare


def bed_case(name: str, content: str | bytes, *words: str, file: str = "bad.bed") -> None:
    def prepare(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
        return ["predict", GENOME, written(folder / file, content), "-m", model], [file, *words]

    CASES[f"regions: {name}"] = prepare


def option_case(name: str, options: Arguments, *words: str) -> None:
    CASES[f"option: {name}"] = lambda folder, model: (["predict", GENOME, BED, "-m", model, *options], list(words))


def model_case(name: str, damage: Callable[[Path], object], *words: str) -> None:
    def prepare(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
        damaged = folder / "damaged"
        shutil.copytree(model, damaged)
        damage(damaged)
        return ["predict", GENOME, BED, "-m", damaged], ["damaged", *words]

    CASES[f"model: {name}"] = prepare


def changed_config(**changes: object) -> Callable[[Path], object]:
    def damage(folder: Path) -> None:
        header = json.loads((folder / "config.json").read_text())
        for name, value in changes.items():
            place = header["config"] if name in header["config"] or name == "surprise" else header
            place[name] = value
        (folder / "config.json").write_text(json.dumps(header))

    return damage


def changed_block(**changes: object) -> Callable[[Path], object]:
    def damage(folder: Path) -> None:
        header = json.loads((folder / "config.json").read_text())
        header["config"]["blocks"][1].update(changes)
        (folder / "config.json").write_text(json.dumps(header))

    return damage


def changed_weights(change: Callable[[dict[str, object]], object]) -> Callable[[Path], object]:
    def damage(folder: Path) -> None:
        from safetensors.torch import load_file, save_file

        weights = load_file(folder / "model.safetensors")
        change(weights)  # type: ignore[arg-type]
        save_file(weights, folder / "model.safetensors")

    return damage


# -- genome

CASES["genome: missing"] = lambda folder, model: (
    ["predict", folder / "no.fa", BED, "-m", model],
    ["no.fa", "cannot read"],
)
CASES["genome: a folder"] = lambda folder, model: (["predict", folder, BED, "-m", model], ["cannot read"])
fasta_case("empty", "", "is empty")
fasta_case("not FASTA", "chr1\t5\t10\n", "Expected a FASTA")
fasta_case("no bases", ">chr1\n>chr2\n", "no bases")
fasta_case("a name twice", SMALL_FASTA * 2, "twice", "chr1")
fasta_case("ragged lines", ">chr1\nACGT\nACGTACGT\nAC\nACGT\n", "not a well-formed FASTA", "line 3")
fasta_case("trailing blanks", SMALL_FASTA.replace("T\n", "T \n"), "line 2", "white space")
fasta_case("a tab inside a line", ">chr1\nACGT\nAC\tT\n", "line 3", "white space")
fasta_case("GenBank's numbers", ">chr1\n   1 acgtacgtac gtacgtacgt\n", "line 2", "numbers", "GenBank")
fasta_case("protein", ">p\nMKVLAAGIVGLPEF\n", "line 2", "E, F, I, L, P", "protein")
fasta_case("an end mark", SMALL_FASTA.rstrip() + "*\n", "line 101", "'*'")
fasta_case("gaps", ">chr1\nAC--GT\n", "line 2", "gaps")
fasta_case("a byte order mark inside", SMALL_FASTA + "\ufeff" + SMALL_FASTA, "line 102", "byte order mark")
fasta_case("binary", b">\xff\xfe\x00\x01\x02" * 50, "not text")
fasta_case("plain gzip", gzip.compress(SMALL_FASTA.encode()), "plain gzip", "bgzip", file="bad.fa.gz")
fasta_case("gzip under a plain name", gzip.compress(SMALL_FASTA.encode()), "gzip")
fasta_case("plain under a gzip name", SMALL_FASTA, "named like a gzip", file="bad.fa.gz")

# -- regions

CASES["regions: missing"] = lambda folder, model: (
    ["predict", GENOME, folder / "no.bed", "-m", model],
    ["no.bed", "cannot read"],
)
CASES["regions: a folder"] = lambda folder, model: (["predict", GENOME, folder, "-m", model], ["cannot read"])
bed_case("empty", "", "no regions")
bed_case("comments alone", "# nothing\ntrack name=x\n", "no regions")
bed_case("two columns", "chr1\t5\n", "line 1", "2 column")
bed_case("words for numbers", "chr1\t1\t2\nchr1\tfive\tsix\n", "line 2", "'five'")
bed_case("a header in the middle", "chr1\t1\t2\nchrom\tstart\tend\n", "line 2", "header row after other rows")
bed_case("columns in another order", "name\tchrom\tstart\tend\n", "line 1", "header", "'chrom'")
bed_case("VCF of numeric IDs", "chr1\t100\t5000\tA\tG\t50\tPASS\t.\n", "line 1", "VCF", "bcftools")
bed_case("VCF whose IDs look like ends", "chr1\t100\t101\tA\tG\t50\tPASS\tX\n", "line 1", "VCF")
bed_case("names in quotes", '"chr1"\t1\t2\n', "line 1", "quotes")
bed_case("VCF, gzipped", gzip.compress(b"##fileformat=VCFv4.2\n"), "line 1", "VCF", file="bad.vcf.gz")
bed_case("GFF", "chr1\tsgd\tgene\t5\t9\t.\t+\t.\tID=a\n", "line 1", "GFF")
bed_case("an interval_list", "@HD\tVN:1.6\nchr1\t5\t9\t+\tx\n", "line 1", "interval_list")
bed_case("an interval_list without its header", "chr1\t5\t9\t+\tx\n", "line 1", "interval_list", "1-based")
bed_case("chromosome lengths", "chr1\t204800\n", "line 1", "chromosome lengths", "--whole-genome")
bed_case("1-based places", "chr1:5-9\n", "line 1", "1-based", "--region")
bed_case("UTF-16", "chr1\t1\t2\n".encode("utf-16"), "line 1", "UTF-16")
bed_case("a negative start", "chr1\t-5\t10\n", "line 1", "'-5'")
bed_case("a decimal", "chr1\t5.0\t10\n", "line 1", "'5.0'")
bed_case("end before start", "chr1\t10\t5\n", "line 1", "start 10", "end 5")
bed_case("empty rows alone", "chr1\t10\t10\n", "line 1", "half-open")
bed_case("unknown chromosomes", "chr8\t1\t2\nchr9\t1\t2\n", "chr8, chr9", "chr1, chr2, chr3")
bed_case("other names altogether", "NC_1\t1\t2\n", "NC_1", "--aliases")
bed_case("binary", bytes(range(128, 256)) * 4, "is not UTF-8 text")
bed_case("gzip cut short", gzip.compress(b"chr1\t1\t2\n" * 5000)[:-20], "cut short", file="bad.bed.gz")

CASES["regions: all past the end"] = lambda folder, model: (
    ["predict", GENOME, written(folder / "past.bed", "chr1\t999999999\t1000000000\n"), "-m", model],
    ["genome.fa", "none of the 1 region"],
)

# -- options of predict

option_case("a region without numbers", ["--region", "chr1:a-b"], "chr1:a-b", "Expected chrom:start-end")
option_case("a region from base 0", ["--region", "chr1:0-5"], "chr1:0-5", "1-based")
option_case("a region backwards", ["--region", "chr1:9-5"], "chr1:9-5")
option_case("a region longer than numbers", ["--region", f"chr1:1-{'9' * 5_000}"], "chr1:1-999", "18 digits")
option_case("a region elsewhere", ["--region", "chr9:1-5"], "chr9")
option_case("chromosomes that are not there", ["--chroms", "chr8,chr9"], "chr8, chr9")
option_case("no such track", ["--tracks", "no_such_track"], "no_such_track", "7 tracks")
option_case("a broken pattern", ["--tracks", "rna(("], "rna((", "regular expression")
option_case("no track file", ["--tracks", "@nowhere.txt"], "nowhere.txt")
option_case("an unknown device", ["--device", "tpu"], "tpu")
option_case("a GPU that is not there", ["--device", "cuda:7"], "cuda:7")
option_case("aliases that are not there", ["--aliases", "nowhere.txt"], "nowhere.txt")
option_case("aliases without names", ["--aliases", str(BED.parent / "README.md")], "chromAlias")
option_case("a blacklist that is not there", ["--blacklist", "nowhere.bed"], "nowhere.bed", "cannot read")
option_case("a blacklist that is no BED", ["--blacklist", str(BED.parent / "tracks.tsv")], "tracks.tsv, line 1")
option_case("no such file in an ensemble", ["--ensemble", "nobody"], "nobody")
option_case("a shift of a bin", ["--shifts", "0,128"], "--shifts 128", "128 bp")
option_case("more overlap than there are bins", ["--overlap", "0.99"], "--overlap 0.99", "16 bins")
option_case("a summary in no known format", ["--summary", "s.xlsx"], "--summary s.xlsx", ".tsv nor .parquet")
option_case("a summary elsewhere", ["--summary", "tables/s.tsv"], "--summary tables/s.tsv", "--out")
option_case(
    "a summary in place of another table", ["--summary", "regions.tsv"], "--summary regions.tsv", "another file"
)


@case
def blacklist_of_another_assembly(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
    bed = written(folder / "other.bed", "chrUn_1\t5\t10\n")
    return ["predict", GENOME, BED, "-m", model, "--blacklist", bed], ["other.bed", "none of its 1 row(s)", "--aliases"]


@case
def a_chromosome_that_no_array_can_be_named_after(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
    genome = written(folder / "hla.fa", f">HLA/A\n{'ACGT' * 50}\n")
    arguments = ["predict", genome, "--whole-genome", "-m", model, "--format", "zarr"]
    return arguments, ["--format zarr: HLA/A", "Choose bigwig"]


# -- model folder

model_case("no config", lambda folder: (folder / "config.json").unlink(), "config.json")
model_case("config is not JSON", lambda folder: (folder / "config.json").write_text("{"), "config.json")
model_case("format of the future", changed_config(format_version=99), "version 99")
model_case("format of the past", changed_config(format_version=1), "version 1", "reads version 2")
model_case("unknown architecture", changed_config(architecture="oracle"), "oracle")
model_case("unknown config field", changed_config(surprise=1), "surprise")
model_case("numbers that do not fit", changed_config(core_bp=1000), "1000")
model_case("no config field", changed_config(config={}), "config has missing field(s) stem_width, blocks")
model_case("a config that is a list", changed_config(config=[]), "config is [], expected an object")
model_case("a number that is text", changed_config(stem_width="5"), "config.stem_width is '5', expected int")
model_case("blocks that are a number", changed_config(blocks=7), "config.blocks is 7, expected a list")
model_case("an unknown field of a block", changed_block(surprise=1), "config.blocks[1] has unknown field(s) surprise")
model_case("an unknown choice of a block", changed_block(merge="mean"), "config.blocks[1].merge", "linear, conv")
model_case("a block's number that does not fit", changed_block(heads=-1), "config.blocks[1]: heads=-1", "at least 0")
model_case("a window that does not fit", changed_block(window=34), "blocks[1].window=34 must divide the 1152 tokens")
model_case("no assembly", changed_config(assembly={}), "assembly")
model_case("no track table", lambda folder: (folder / "tracks.tsv").unlink(), "tracks.tsv")
model_case("no weights", lambda folder: (folder / "model.safetensors").unlink(), "model.safetensors", "missing")
model_case("weights cut short", lambda folder: (folder / "model.safetensors").write_bytes(b"\x10" * 40), "cut short")
model_case("a tensor is gone", changed_weights(lambda weights: weights.pop("head.bias")), "head.bias", "missing")
model_case(
    "a tensor of another shape",
    changed_weights(lambda w: w.update({"head.bias": w["head.bias"][:3]})),
    "head.bias",
    "(3,)",
)  # type: ignore[index]
model_case("weights that are not finite", changed_weights(lambda w: w["head.bias"].fill_(float("nan"))), "not finite")  # type: ignore[attr-defined]
CASES["model: none of that name"] = lambda folder, model: (
    ["predict", GENOME, BED, "-m", "no-such-model"],
    ["no-such-model"],
)
CASES["model: a pickle"] = lambda folder, model: (
    ["predict", GENOME, BED, "-m", written(folder / "model.pt", b"\x80\x04.")],
    ["model.pt", "never opened"],
)
