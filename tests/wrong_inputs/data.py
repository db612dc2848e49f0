"""genint data: track tables and bigWigs, splits, records of the field, cropping."""

import shutil
from collections.abc import Callable
from pathlib import Path

from genint.datasets.basenji import import_basenji
from genint.genome.fasta import Assembly
from tests.conftest import EXAMPLE
from tests.datasets.records import pack, write_folder
from tests.wrong_inputs.cases import CASES, GENOME, SMALL_FASTA, Arguments, case, written


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


# -- track table and bigWigs of data make

table_case("no identifier column", set_cell(0, "identifier", "name"), "bad.tsv, line 1", "identifier")
table_case("a name twice", set_cell(2, "identifier", "atac"), "line 3", "atac", "twice")
table_case("a scale that is no number", set_cell(1, "scale", "big"), "line 2", "scale", "'big'")
table_case("a scale of zero", set_cell(1, "scale", "0"), "line 2", "scale is 0", "other than 0")
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
def track_table_in_utf_16(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
    table = written(folder / "bad.tsv", (EXAMPLE / "tracks.tsv").read_text().encode("utf-16"))
    return ["data", "make", GENOME, table, "--valid", "chr3"], ["bad.tsv, line 1", "not UTF-8 text", "track table"]


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
def split_by_a_fraction_beside_a_chromosome(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
    return ["data", "make", GENOME, EXAMPLE / "tracks.tsv", "--valid", "chr3", "--test", "0.1"], ["both as fractions"]


@case
def split_by_a_bed_without_labels(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
    return ["data", "make", GENOME, EXAMPLE / "tracks.tsv", "--split", EXAMPLE / "exclude.bed"], [
        "exclude.bed, line",
        "fourth column",
    ]


# -- relatives


def relatives_case(name: str, table: str, *words: str, fasta: str = SMALL_FASTA) -> None:
    """A table of relatives with something wrong in it or in the FASTA that it names, for data make and predict."""

    def prepare(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
        written(folder / "relative.fa", fasta)
        relatives = written(folder / "relatives.tsv", table)
        return ["data", "make", GENOME, EXAMPLE / "tracks.tsv", "--valid", "chr3", "--relatives", relatives], list(
            words
        )

    CASES[f"relatives: {name}"] = prepare


LISTED = "name\tfile\nsk1\trelative.fa\n"
relatives_case("no file column", "name\tfasta\nsk1\trelative.fa\n", "relatives.tsv, line 1", "file")
relatives_case("a name twice", LISTED + "sk1\trelative.fa\n", "relatives.tsv, line 3", "sk1", "twice")
relatives_case("a FASTA that is not there", LISTED.replace("relative.fa", "no.fa"), "no.fa: cannot read")
relatives_case("other chromosomes", LISTED, "relative.fa", "chr2, chr3", "genint data align")
relatives_case("no difference", LISTED, "relative.fa", "none of its bases differs", fasta=GENOME.read_text())
relatives_case(
    "another length", LISTED, "relative.fa: chr3 is", fasta=GENOME.read_text().rstrip("\n").rpartition("\n")[0]
)


@case
def alignment_of_another_genome(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
    relative = written(folder / "strain.fa", SMALL_FASTA)
    paf = written(folder / "strain.paf", "chr1\t6000\t0\t9\t+\tchr1\t5\t0\t9\t9\t9\t60\tcg:Z:9M\n")
    return ["data", "align", GENOME, relative, "--alignment", paf], ["strain.paf, line 1", "chr1 is 5 bp", "204,800 bp"]


@case
def alignment_without_cigars(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
    relative = written(folder / "strain.fa", SMALL_FASTA)
    paf = written(folder / "strain.paf", "chr1\t6000\t0\t9\t+\tchr1\t204800\t0\t9\t9\t9\t60\n")
    return ["data", "align", GENOME, relative, "--alignment", paf], ["strain.paf, line 1", "cg:Z:", "minimap2"]


@case
def alignment_that_is_none(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
    relative = written(folder / "strain.fa", SMALL_FASTA)
    return ["data", "align", GENOME, relative, "--alignment", relative], ["strain.fa, line 1", "PAF", "UCSC chain"]


@case
def relative_that_is_no_fasta(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
    return ["data", "align", GENOME, EXAMPLE / "tracks.tsv"], ["tracks.tsv, line 1", "FASTA"]


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
def crop_to_more_than_there_is(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
    records = write_folder(folder / "records", {"train": 1, "valid": 1, "test": 1}).path
    import_basenji(records, folder / "dataset", assembly=Assembly("hg38", {}))
    return ["data", "crop", folder / "dataset", "--core-bp", "1600"], ["24 full bin", "50"]


@case
def crop_something_else(folder: Path, model: Path) -> tuple[Arguments, list[str]]:
    return ["data", "crop", model], ["not a finished data set"]
