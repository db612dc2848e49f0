"""Every way to be wrong that we know: exit code 1, one line that names the culprit, and nothing that looks finished."""

import gzip
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from genint.data.basenji import import_basenji
from genint.genome import Assembly
from tests.conftest import EXAMPLE, Run, write_port
from tests.data.records import pack, write_folder

GENOME, BED = EXAMPLE / "genome.fa", EXAMPLE / "regions.bed"
SMALL_FASTA = ">chr1\n" + ("ACGT" * 15 + "\n") * 100

Arguments = list[object]
Case = Callable[[Path, Path], tuple[Arguments, list[str]]]
CASES: dict[str, Case] = {}


def case(function: Case) -> Case:
    """A case prepares its bad input in a folder and gives the command and the words its message must hold."""
    CASES[function.__name__] = function
    return function


def written(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


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


def changed_weights(change: Callable[[dict[str, object]], object]) -> Callable[[Path], object]:
    def damage(folder: Path) -> None:
        from safetensors.torch import load_file, save_file

        weights = load_file(folder / "model.safetensors")
        change(weights)  # type: ignore[arg-type]
        save_file(weights, folder / "model.safetensors")

    return damage


def table_case(name: str, change: Callable[[list[list[str]]], object], *words: str) -> None:
    """A track table for data make with something wrong in it: rows of cells, header first."""

    def prepare(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
        rows = [line.split("\t") for line in (EXAMPLE / "tracks.tsv").read_text().splitlines()]
        shutil.copytree(EXAMPLE / "tracks", folder / "tracks")
        change(rows)
        table = written(folder / "bad.tsv", "".join("\t".join(row) + "\n" for row in rows))
        return ["data", "make", GENOME, table, "--valid", "chr3"], list(words)

    CASES[f"tracks: {name}"] = prepare


def set_cell(row: int, column: str, value: str) -> Callable[[list[list[str]]], object]:
    def change(rows: list[list[str]]) -> None:
        rows[row][rows[0].index(column)] = value

    return change


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
bed_case("words for numbers", "chr1\t1\t2\nchr1\tstart\tend\n", "line 2", "'start'")
bed_case("a negative start", "chr1\t-5\t10\n", "line 1", "'-5'")
bed_case("a decimal", "chr1\t5.0\t10\n", "line 1", "'5.0'")
bed_case("end before start", "chr1\t10\t5\n", "line 1", "start 10", "end 5")
bed_case("an empty row", "chr1\t10\t10\n", "line 1", "half-open")
bed_case("unknown chromosome", "chr1\t1\t2\nchr9\t1\t2\n", "chr9", "chr1, chr2, chr3")
bed_case("other names altogether", "NC_1\t1\t2\n", "NC_1", "--aliases")
bed_case("binary", bytes(range(128, 256)) * 4, "not a text file")
bed_case("gzip cut short", gzip.compress(b"chr1\t1\t2\n" * 5000)[:-20], "cut short", file="bad.bed.gz")

CASES["regions: all past the end"] = lambda folder, model: (
    ["predict", GENOME, written(folder / "past.bed", "chr1\t999999999\t1000000000\n"), "-m", model],
    ["genome.fa", "none of the 1 region"],
)

# -- options of predict

option_case("a region without numbers", ["--region", "chr1:a-b"], "chr1:a-b", "Expected chrom:start-end")
option_case("a region from base 0", ["--region", "chr1:0-5"], "chr1:0-5", "1-based")
option_case("a region backwards", ["--region", "chr1:9-5"], "chr1:9-5")
option_case("a region elsewhere", ["--region", "chr9:1-5"], "chr9")
option_case("chromosomes that are not there", ["--chroms", "chr8,chr9"], "chr8, chr9")
option_case("no such track", ["--tracks", "no_such_track"], "no_such_track", "7 tracks")
option_case("a broken pattern", ["--tracks", "rna(("], "rna((", "regular expression")
option_case("no track file", ["--tracks", "@nowhere.txt"], "nowhere.txt")
option_case("an unknown device", ["--device", "tpu"], "tpu")
option_case("a GPU that is not there", ["--device", "cuda:7"], "cuda:7")
option_case("an unknown dtype", ["--dtype", "float8"], "float8", "float32")
option_case("aliases that are not there", ["--aliases", "nowhere.txt"], "nowhere.txt")
option_case("aliases without names", ["--aliases", str(BED.parent / "README.md")], "chromAlias")
option_case("a blacklist that is not there", ["--blacklist", "nowhere.bed"], "nowhere.bed", "cannot read")
option_case("a blacklist that is no BED", ["--blacklist", str(BED.parent / "tracks.tsv")], "tracks.tsv, line 1")
option_case("no such file in an ensemble", ["--ensemble", "nobody"], "nobody")
option_case("a shift of a bin", ["--shifts", "0,128"], "--shifts 128", "128 bp")
option_case("more overlap than there are bins", ["--overlap", "0.99"], "--overlap 0.99", "16 bins")
option_case("workers on a GPU", ["--device", "cuda", "--workers", "2"], "--device cuda")


@case
def blacklist_of_another_assembly(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
    bed = written(folder / "other.bed", "chrUn_1\t5\t10\n")
    return ["predict", GENOME, BED, "-m", model, "--blacklist", bed], ["other.bed", "none of its 1 row(s)", "--aliases"]


# -- model folder

model_case("no config", lambda folder: (folder / "config.json").unlink(), "config.json")
model_case("config is not JSON", lambda folder: (folder / "config.json").write_text("{"), "config.json")
model_case("format of the future", changed_config(format_version=99), "version 99")
model_case("unknown architecture", changed_config(architecture="oracle"), "oracle")
model_case("unknown config field", changed_config(surprise=1), "surprise")
model_case("numbers that do not fit", changed_config(core_bp=1000), "1000")
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

# -- track table and bigWigs of data make

table_case("no identifier column", set_cell(0, "identifier", "name"), "bad.tsv, line 1", "identifier")
table_case("a name twice", set_cell(2, "identifier", "atac"), "line 3", "atac", "twice")
table_case("a scale that is no number", set_cell(1, "scale", "big"), "line 2", "scale", "'big'")
table_case("a scale of zero", set_cell(1, "scale", "0"), "line 2", "scale", "above 0")
table_case("an unknown statistic", set_cell(1, "sum_stat", "median"), "line 2", "'median'")
table_case(
    "an unknown recipe",
    lambda rows: [row.append("older" if number else "transform") for number, row in enumerate(rows)],
    "line 2",
    "'older'",
)
table_case("an unknown partner", set_cell(1, "strand_pair", "nobody"), "line 2", "'nobody'")
table_case("a short row", lambda rows: rows[1].pop(), "line 2", "column")
table_case("no rows", lambda rows: rows.__delitem__(slice(1, None)), "no tracks")
table_case("a bigWig that is not there", set_cell(1, "file", "tracks/no.bw"), "no.bw")
table_case("no file named", set_cell(1, "file", ""), "atac", "names no file")
table_case("not a bigWig", set_cell(1, "file", "bad.tsv"), "bad.tsv", "bigWig")


@case
def bigwig_of_another_assembly(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
    genome = written(folder / "short.fa", SMALL_FASTA + ">chr2\nACGT\n>chr3\nACGT\n")
    return ["data", "make", genome, EXAMPLE / "tracks.tsv", "--valid", "chr3"], ["not of one assembly", "chr1"]


@case
def split_on_an_unknown_chromosome(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
    return ["data", "make", GENOME, EXAMPLE / "tracks.tsv", "--valid", "chr9"], ["--valid", "chr9"]


@case
def split_with_a_chromosome_in_both(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
    return ["data", "make", GENOME, EXAMPLE / "tracks.tsv", "--valid", "chr3", "--test", "chr3"], ["both", "chr3"]


@case
def split_that_leaves_nothing_to_train_on(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
    return ["data", "make", GENOME, EXAMPLE / "tracks.tsv", "--valid", "chr1,chr2,chr3"], ["no chromosome to train"]


@case
def split_by_shares_that_leave_nothing(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
    return ["data", "make", GENOME, EXAMPLE / "tracks.tsv", "--valid", "0.5", "--test", "0.5"], ["0.5", "train on"]


@case
def split_by_a_bed_without_labels(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
    return ["data", "make", GENOME, EXAMPLE / "tracks.tsv", "--split", EXAMPLE / "exclude.bed"], [
        "exclude.bed, line",
        "fourth column",
    ]


# -- records of the field


def records_case(name: str, damage: Callable[[Path], object], *words: str, options: Arguments = []) -> None:  # noqa: B006
    """A folder of records with something wrong in it, and the arguments of data import basenji."""

    def prepare(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
        records = write_folder(folder / "records", {"train": 3, "valid": 2, "test": 1}).path
        damage(records)
        return ["data", "import", "basenji", records, *(options or ["--assembly", "hg38"])], list(words)

    CASES[f"records: {name}"] = prepare


def changed(file: str, old: str, new: str) -> Callable[[Path], object]:
    return lambda records: (records / file).write_text((records / file).read_text().replace(old, new))


def flipped(file: str) -> Callable[[Path], object]:
    def damage(records: Path) -> None:
        content = bytearray((records / file).read_bytes())
        content[len(content) // 3] ^= 16
        (records / file).write_bytes(content)

    return damage


def first_row(change: Callable[[list[str]], object]) -> Callable[[Path], object]:
    """Change the cells of the first row of sequences.bed."""

    def damage(records: Path) -> None:
        rows = [line.split("\t") for line in (records / "sequences.bed").read_text().splitlines()]
        change(rows[0])
        (records / "sequences.bed").write_text("".join("\t".join(row) + "\n" for row in rows))

    return damage


records_case("a flipped bit", flipped("tfrecords/train-1.tfr"), "train-1.tfr, record")
records_case(
    "cut short",
    lambda records: (records / "tfrecords/valid-0.tfr").write_bytes(
        (records / "tfrecords/valid-0.tfr").read_bytes()[:-9]
    ),
    "valid-0.tfr, record",
    "cut short",
)
records_case(
    "a file missing", lambda records: (records / "tfrecords/train-0.tfr").unlink(), "train-0.tfr", "is missing"
)
records_case("the last file missing", lambda r: (r / "tfrecords/train-1.tfr").unlink(), "train-0.tfr", "3 rows")
records_case("no files", lambda records: shutil.rmtree(records / "tfrecords"), "-0.tfr", "is missing")
records_case(
    "a record too many",
    lambda r: shutil.copy(r / "tfrecords/train-0.tfr", r / "tfrecords/train-2.tfr"),
    "train-2.tfr, record 1",
    "only 3 row",
)
records_case(
    "files of a label without rows",
    lambda records: written(records / "tfrecords/fold9-0.tfr", pack([])),
    "fold9-0.tfr",
    "labelled fold9",
)
records_case("no statistics", lambda r: (r / "statistics.json").unlink(), "statistics.json", "cannot read")
records_case("statistics not JSON", lambda r: (r / "statistics.json").write_text("{"), "statistics.json", "damaged")
records_case("a number missing", changed("statistics.json", "crop_bp", "crop"), "statistics.json", "crop_bp")
records_case("a number in words", changed("statistics.json", "1024", '"1024"'), "seq_length", "'1024'")
records_case("numbers that do not add up", changed("statistics.json", "1024", "1025"), "is not seq_length 1025")
records_case("RNA of five letters", changed("statistics.json", "{", '{"seq_depth": 5, '), "seq_depth is 5")
records_case("another count", changed("statistics.json", '"test_seqs": 1', '"test_seqs": 2'), "sequences.bed", "says 2")
records_case("a track too few", changed("targets.txt", "2\tDN1", "#\n2\tDN1"), "targets.txt, line 4")
records_case("another number of tracks", changed("statistics.json", '"num_targets": 3', '"num_targets": 4'), "4")
records_case("a row of another width", first_row(lambda row: row.__setitem__(2, "99999")), "line 1", "wide")
records_case("no table", lambda records: (records / "targets.txt").unlink(), "targets.txt")
records_case("no such label", lambda r: None, "fold3", "train", options=["--assembly", "hg38", "--valid", "fold3"])
records_case("a label twice", lambda r: None, "both", options=["--assembly", "hg38", "--valid", "test"])
records_case("nothing to train on", changed("sequences.bed", "train", "valid"), "no label to train on")
records_case("no assembly", lambda records: None, "--assembly", options=["--quiet"])
records_case(
    "bins that do not pool", lambda r: None, "--bin-bp 48", "32", options=["--assembly", "hg38", "--bin-bp", "48"]
)
records_case(
    "a row past its chromosome",
    first_row(lambda row: row.__setitem__(slice(1, 3), ["204700", "205468"])),
    "line 1",
    "204,800",
    options=["--genome", GENOME],
)
records_case("other chromosomes", changed("sequences.bed", "chr1", "chr7"), "chr7", options=["--genome", GENOME])


@case
def truncate_to_more_than_there_is(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
    records = write_folder(folder / "records", {"train": 1, "valid": 1, "test": 1}).path
    import_basenji(records, folder / "dataset", assembly=Assembly("hg38", {}))
    return ["data", "truncate", folder / "dataset", "--core-bp", "1600"], ["24 whole bin", "50"]


@case
def truncate_something_else(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
    return ["data", "truncate", model], ["not a finished data set"]


@case
def train_on_something_else(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
    return ["train", model], ["not a finished data set"]


@case
def train_with_an_unknown_architecture(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
    return ["train", model, "--architecture", "oracle"], ["oracle", "interpreter"]


@case
def train_with_an_unknown_setting(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
    return ["train", model, "--config", written(folder / "bad.toml", "speed = 11\n")], ["bad.toml", "speed"]


@case
def train_with_a_setting_of_the_wrong_type(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
    return ["train", model, "--config", written(folder / "bad.toml", 'steps = "many"\n')], ["bad.toml", "steps"]


@case
def train_with_a_config_that_is_not_toml(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
    return ["train", model, "--config", written(folder / "bad.toml", "steps 5\n")], ["bad.toml", "TOML"]


@case
def eval_without_a_data_set(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
    return ["eval", folder, model], ["not a finished data set"]


# -- models import


def import_case(name: str, damage: Callable[[Path], object], *words: str, options: Arguments | None = None) -> None:
    def prepare(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
        source = write_port(folder / "source")
        damage(source)
        command = ["models", "import", "enformer", source, "--tracks", EXAMPLE / "tracks.tsv", "--input-bp", 3_072]
        return [*command, *(options or [])], list(words)

    CASES[f"import: {name}"] = prepare


def changed_port(**changes: object) -> Callable[[Path], object]:
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
import_case("another kind of block", changed_port(use_convnext=True), "config.json", "ConvNeXt")
import_case("a width that fits nothing", changed_port(heads=5), "config.json", "heads=5")
import_case("a width that is text", changed_port(dim="wide"), "config.json")
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
import_case("less DNA than answers", nothing, "1,024 bp", "16 bins", options=["--input-bp", 1_024])
import_case("an unknown scaling", nothing, "gamma='other'", options=["--gamma", "other"])
import_case("a genome that is not there", nothing, "no.fa", options=["--genome", "no.fa"])
import_case("an index that is none", nothing, "tracks.fai", options=["--genome", "tracks.fai"])


@case
def import_from_nowhere(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
    command: Arguments = ["models", "import", "enformer", folder / "nowhere", "--tracks", EXAMPLE / "tracks.tsv"]
    return command, ["nowhere", "not a folder", "OWNER/NAME"]


@pytest.mark.parametrize("name", CASES)
def test_a_wrong_input_gets_one_line_and_leaves_nothing(
    name: str, tmp_path: Path, tiny_model: Path, genint: Run
) -> None:
    inputs, out = tmp_path / "inputs", tmp_path / "out"
    inputs.mkdir()
    arguments, words = CASES[name](inputs, tiny_model)
    finished = genint(*arguments, "-o", out)
    assert finished.code == 1, finished
    message = finished.err.strip().splitlines()[-1]
    assert message.startswith("genint: error: ")
    assert not [word for word in words if word not in message], message
    assert "Traceback" not in finished.err
    assert finished.out == ""
    assert not list(out.rglob("*.bw"))
    assert not list(out.rglob("*.json"))


def test_the_table_is_long_enough() -> None:
    assert len(CASES) >= 40


def test_wrong_usage_exits_with_2(genint: Run, tmp_path: Path) -> None:
    for arguments in (
        ["predict", GENOME],
        ["predict", GENOME, "--whole-genome", "--chroms", "chr1"],
        ["predict", GENOME, BED, "--n-policy", "skip"],
        ["predict", GENOME, BED, "--n-policy", "zero", "--max-n", "0.5"],
        ["predict", GENOME, BED, "--scale", "log"],
        ["predict", GENOME, BED, "--format", "wig"],
        ["predict", GENOME, BED, "--summary", "median"],
        ["predict", GENOME, BED, "--summary", "mean", "--summary-format", "xlsx"],
        ["predict", GENOME, BED, "--summary-format", "parquet"],
        ["predict", GENOME, BED, "--shifts", "a"],
        ["nonsense"],
        ["predict"],
        ["data", "make", GENOME, EXAMPLE / "tracks.tsv", "-o", tmp_path / "out"],
        ["data", "make", GENOME, EXAMPLE / "tracks.tsv", "-o", tmp_path / "out", "--valid", "chr3", "--split", BED],
        ["data", "make", GENOME, EXAMPLE / "tracks.tsv", "-o", tmp_path / "out", "--valid", "chr3", "--test", "0.1"],
        ["data", "import", "basenji", tmp_path, "-o", tmp_path / "out", "--assembly", "x", "--transform", "newest"],
    ):
        finished = genint(*arguments)
        assert finished.code == 2, arguments
        assert "Traceback" not in finished.err
