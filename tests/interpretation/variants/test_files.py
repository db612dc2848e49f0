"""Files of scores: the same numbers in each format."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from genint.errors import InputError, OutputError
from genint.interpretation.variants.files import gene_file, info_name, is_gene_table, variant_format
from genint.interpretation.variants.run import variants_to_file
from genint.tracks.table import TrackTable
from tests.interpretation.variants.motif_counter import counter_model
from tests.pages import ROOT, blocks

EVERY_STATUS = Path(__file__).parent / "every_status.vcf"
TEXT = dict.fromkeys(("chrom", "id", "ref", "alt", "status", "scored_as"), "str")

Write = Callable[..., Path]


@pytest.fixture
def write(example: Path, tmp_path: Path) -> Write:
    def run(name: str, vcf: Path = EVERY_STATUS) -> Path:
        variants_to_file(example / "genome.fa", vcf, counter_model(), tmp_path / name, device="cpu", rc=True)
        return tmp_path / name

    return run


def test_parquet_holds_what_the_text_does(write: Write) -> None:
    text = pd.read_csv(
        write("a.tsv"), sep="\t", comment="#", dtype=TEXT, keep_default_na=False, na_values={"places": [""]}
    )
    table = pd.read_parquet(write("a.parquet"))
    assert list(table.columns) == list(text.columns)
    assert table["line"].tolist() == text["line"].tolist()
    assert table["status"].tolist() == text["status"].tolist()
    assert table["plus.SUM"].fillna(99).tolist() == pd.to_numeric(text["plus.SUM"]).fillna(99).tolist()


def test_the_page_s_lines_read_every_cell_of_the_text_as_it_is(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = ['q"uote', '"open', "'", "ha#sh", "#first", "NA", "nan", "None", "007", "1e5", " x ", "\x0b\u2028", ".", ""]
    rows = "".join(f"chr1\t53635\t{name}\tC\t{alt}\n" for name, alt in zip(ids, "G*" * len(ids), strict=False))
    (tmp_path / "odd.vcf").write_text(EVERY_STATUS.read_text() + rows)
    lines = write("scores.tsv", tmp_path / "odd.vcf").read_text().split("\n")
    monkeypatch.chdir(tmp_path)
    (reading,) = (block.text for block in blocks(ROOT / "docs" / "variants.md") if "read_csv" in block.text)
    names: dict[str, pd.DataFrame] = {}
    exec(reading, names)
    scores = names["scores"]
    columns, *cells = (line.split("\t") for line in lines if line and not line.startswith("#"))
    assert list(scores.columns) == columns
    texts = [name for name in columns if name in TEXT]
    assert scores[texts].fillna("").to_numpy().tolist() == [
        [dict(zip(columns, row, strict=True))[name] for name in texts] for row in cells
    ]
    for name in set(columns) - set(texts):
        expected = pd.to_numeric(pd.Series([row[columns.index(name)] for row in cells]))
        assert scores[name].fillna(-99).tolist() == expected.fillna(-99).tolist()


def test_a_vcf_has_a_value_for_every_alternative_in_info(write: Write) -> None:
    lines = write("a.vcf").read_text().splitlines()
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    before = [line.split("\t") for line in EVERY_STATUS.read_text().splitlines() if not line.startswith("#")]
    kept = [cells for cells in before if len(cells) > 4 and (cells[2] != "malformed" or cells[4] == "C?")]
    assert [row[:7] for row in rows] == [cells[:7] for cells in kept]
    for row in rows:
        info = dict(word.split("=", 1) for word in row[7].split(";"))
        assert info["DP"] == "7"
        assert info["GENINT_status"] == row[2]
        assert len(info["GENINT_plus.SUM"].split(",")) == len(row[4].split(","))
    assert len([line for line in lines if line.startswith("##genint_malformed=line ")]) == len(before) - len(rows)
    declared = {line.split("ID=")[1].split(",")[0] for line in lines if line.startswith("##INFO=<ID=GENINT")}
    assert declared == set(info) - {"DP"}


def test_a_vcf_of_five_columns_gets_the_other_three(write: Write, tmp_path: Path) -> None:
    (tmp_path / "five.vcf").write_text("##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\nchr1\t60000\t.\tA\t<DEL>\n")
    header, row = write("a.vcf", tmp_path / "five.vcf").read_text().splitlines()[-2:]
    assert header == "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"
    assert row.startswith("chr1\t60000\t.\tA\t<DEL>\t.\t.\tGENINT_status=alt_symbolic;")


def test_a_vcf_that_was_scored_before_is_annotated_anew_and_no_more(write: Write, tmp_path: Path) -> None:
    once = write("a.vcf")
    before = once.read_text()
    other = tmp_path / "other.vcf"
    other.write_text(
        before.replace("ID=GENINT_plus.SUM,", "ID=GENINT_old.SUM,")
        .replace("GENINT_plus.SUM=", "GENINT_old.SUM=")
        .replace("##genint=genint", "##genint=of another run, genint")
    )
    assert write("b.vcf", other).read_text() == write("c.vcf", once).read_text() == before


def test_keys_of_info_tell_strands_apart() -> None:
    names = ["H3K27ac(+).SUM", "H3K27ac(-).SUM", "cage+.SUM", "cage-.SUM", "CAGE-seq.SUM", "-log.SUM"]
    assert [info_name(name).removeprefix("GENINT_") for name in names] == [
        "H3K27ac__plus_.SUM",
        "H3K27ac__minus_.SUM",
        "cage_plus.SUM",
        "cage_minus.SUM",
        "CAGE_seq.SUM",
        "_log.SUM",
    ]


def test_tracks_whose_keys_of_info_are_one_are_refused_before_any_work(example: Path, tmp_path: Path) -> None:
    model = counter_model()
    tracks = [
        dataclasses.replace(each, identifier=name) for each, name in zip(model.tracks, ("a b", "a_b"), strict=True)
    ]
    renamed = [dataclasses.replace(tracks[0], strand_pair="a_b"), dataclasses.replace(tracks[1], strand_pair="a b")]
    model = dataclasses.replace(model, tracks=TrackTable(renamed))
    with pytest.raises(InputError, match=r"a b\.logSUM and a_b\.logSUM have one key in INFO, GENINT_a_b\.logSUM"):
        variants_to_file(example / "genome.fa", EVERY_STATUS, model, tmp_path / "a.vcf", device="cpu")
    assert not list(tmp_path.iterdir())
    variants_to_file(example / "genome.fa", EVERY_STATUS, model, tmp_path / "a.vcf", tracks="^a_b$", device="cpu")


def test_what_is_no_table_of_genes_is_not_taken_for_one(write: Write, tmp_path: Path) -> None:
    assert not is_gene_table(tmp_path / "missing.tsv")
    assert not is_gene_table(tmp_path)
    assert not is_gene_table(write("x.genes.tsv"))  # scores, of a run told to write them there


def test_the_table_of_every_status_is_the_golden_one(write: Write, golden: Callable[[str, str], str]) -> None:
    text = write("a.tsv").read_text()
    assert text == golden("variants.tsv", text)


def test_another_ending_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OutputError, match=r"a.csv: ends in none of .tsv, .parquet, .vcf"):
        variant_format(Path("a.csv"))
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(InputError, match="pyarrow"):
        variant_format(Path("a.parquet"))


def test_genes_lie_beside_the_scores_and_keys_of_info_are_plain() -> None:
    assert [gene_file(Path(f"d/a.{end}")).name for end in ("tsv", "vcf", "parquet")] == [
        "a.genes.tsv",
        "a.vcf.genes.tsv",
        "a.genes.parquet",
    ]
    assert info_name("CAGE:a b.logSUM") == "GENINT_CAGE_a_b.logSUM"
