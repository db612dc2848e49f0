"""Regions are read as BED means them, typed as browsers print them, and every wrong row is named by its line."""

import gzip
import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genint.errors import InputError
from genint.genome.bed import read_bed
from genint.genome.chromosome_names import read_aliases, reconcile
from genint.genome.region import Region, parse_region, split_region

SIZES = {"chrI": 230_218, "chrII": 813_184, "HLA-A*01:01:01:01": 3_503}
THREE_ROWS = [Region("chrI", 0, 1), Region("chrII", 1_000, 2_000), Region("chrI", 5, 9)]
PLAIN = "chrI\t0\t1\nchrII\t1000\t2000\nchrI\t5\t9\n"


def written(folder: Path, content: str | bytes, name: str = "regions.bed") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def regions(path: Path) -> list[Region]:
    return [row.region for row in read_bed(path)]


# -- Region ------------------------------------------------------------------------------------------------------------


def test_a_region_is_0_based_and_half_open_and_printed_as_browsers_do() -> None:
    assert len(Region("chrI", 0, 1)) == 1
    assert str(Region("chrI", 0, 1)) == "chrI:1-1"
    assert str(Region("chrI", 999_999, 2_000_000)) == "chrI:1,000,000-2,000,000"


@pytest.mark.parametrize(("start", "end"), [(0, 0), (5, 5), (6, 5), (-1, 5), (-5, -1)])
def test_a_region_without_bases_or_before_the_chromosome_is_refused(start: int, end: int) -> None:
    with pytest.raises(ValueError, match="0 <= start < end"):
        Region("chrI", start, end)


def test_regions_sort_along_the_chromosome() -> None:
    assert sorted([Region("b", 0, 1), Region("a", 9, 10), Region("a", 1, 9)]) == [
        Region("a", 1, 9),
        Region("a", 9, 10),
        Region("b", 0, 1),
    ]


# -- regions typed by a person -----------------------------------------------------------------------------------------


@given(st.sampled_from(sorted(SIZES)), st.integers(0, 10**10), st.integers(1, 10**10))
def test_a_printed_region_is_read_back(chrom: str, start: int, length: int) -> None:
    region = Region(chrom, start, start + length)
    assert parse_region(str(region), SIZES) == region


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("chrI", Region("chrI", 0, 230_218)),
        ("chrI:5", Region("chrI", 4, 5)),
        ("chrI:5-", Region("chrI", 4, 230_218)),
        ("chrI:5-5", Region("chrI", 4, 5)),
        ("chrI:1,001-2,000", Region("chrI", 1_000, 2_000)),
        ("chrI:1001-2000", Region("chrI", 1_000, 2_000)),
        ("chrI:230218", Region("chrI", 230_217, 230_218)),
        ("HLA-A*01:01:01:01", Region("HLA-A*01:01:01:01", 0, 3_503)),
        ("HLA-A*01:01:01:01:11-20", Region("HLA-A*01:01:01:01", 10, 20)),
        ("HLA-A*01:01:01:01:11-", Region("HLA-A*01:01:01:01", 10, 3_503)),
    ],
)
def test_typed_regions_are_1_based_with_both_ends_included(text: str, region: Region) -> None:
    assert parse_region(text, SIZES) == region


@pytest.mark.parametrize(
    "text",
    ["", ":", "chrI:", "chrI:-5", "chrI:a-b", "chrI:1-2-3", "chrI:1.5-2", "chrI:1 - 2", "chrI:1e3-2e3", ":1-2"],
)
def test_a_text_that_is_no_region_is_refused_with_the_form_expected(text: str) -> None:
    with pytest.raises(InputError, match=r"--region"):
        parse_region(text, SIZES)


@pytest.mark.parametrize("text", ["chrI:0-5", "chrI:0", "chrI:9-8", "chrI:,-5", "chrI:230219-", "chrI:5-0"])
def test_a_region_that_holds_no_base_is_refused_with_the_length_of_its_chromosome(text: str) -> None:
    with pytest.raises(InputError, match="chrI is 230,218 bp long"):
        parse_region(text, SIZES)


def test_a_region_on_an_unknown_chromosome_lists_the_known_ones() -> None:
    with pytest.raises(InputError, match=r"no chromosome chrX there\. Expected one of HLA.*chrI, chrII"):
        parse_region("chrX:1-2", SIZES)


def test_a_region_is_split_before_the_chromosome_lengths_are_known() -> None:
    assert split_region("chrI") == ("chrI", 1, None)
    assert split_region("chrI:7") == ("chrI", 7, 7)
    assert split_region("chrI:1,001-2,000") == ("chrI", 1_001, 2_000)
    assert split_region("HLA-A*01:01:01:01:2-") == ("HLA-A*01:01:01:01", 2, None)


def test_a_name_with_colons_is_a_whole_chromosome_where_it_is_known() -> None:
    assert split_region("HLA-A*01:01:01:01", SIZES) == ("HLA-A*01:01:01:01", 1, None)
    assert split_region("HLA-A*01:01:01:01") == ("HLA-A*01:01:01", 1, 1)


# -- BED ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        PLAIN,
        PLAIN.rstrip("\n"),
        PLAIN.replace("\n", "\r\n"),
        PLAIN.replace("\t", "   "),
        "\n" + PLAIN.replace("\n", "\n\n \t\n"),
        '#chrom\tstart\tend\nbrowser position chrI:1-100\ntrack name="a b"\n' + PLAIN,
        PLAIN.replace("\nchrII", "\n# a comment in between\ntrack\nchrII"),
        PLAIN.replace("\n", "\tgene\t960\t+\t1\t2\t0,0,0\t2\t1,1,\t0,5,\n"),
        "chrom\tstart\tend\n" + PLAIN,
        "chrom\tchromStart\tchromEnd\n" + PLAIN,
        "\ufeff" + PLAIN,
        "\ufeffchrom\tstart\tend\r\n" + PLAIN.replace("\n", "\r\n"),
        gzip.compress(PLAIN.encode()),
        gzip.compress(PLAIN[:10].encode()) + gzip.compress(PLAIN[10:].encode()),
    ],
    ids=[
        "plain",
        "no last newline",
        "CRLF",
        "spaces",
        "blank lines",
        "header lines",
        "comments between rows",
        "twelve columns",
        "pandas header",
        "UCSC header",
        "byte-order mark",
        "Excel",
        "gzip",
        "gzip in blocks",
    ],
)
def test_every_usual_form_of_bed_gives_the_same_rows(content: str | bytes, tmp_path: Path) -> None:
    assert regions(written(tmp_path, content)) == THREE_ROWS


def test_gzip_is_told_by_content_not_by_name(tmp_path: Path) -> None:
    assert regions(written(tmp_path, gzip.compress(PLAIN.encode()), "packed.bed")) == THREE_ROWS
    assert regions(written(tmp_path, PLAIN, "plain.bed.gz")) == THREE_ROWS


def test_rows_carry_their_line_and_their_name(tmp_path: Path) -> None:
    path = written(tmp_path, "# header\nchrI\t0\t1\tpromoter of A\t0\t+\n\nchrI\t1\t2\nchrI\t2\t3\t\n")
    assert [(row.source, row.name) for row in read_bed(path)] == [
        ("line 2", "promoter of A"),
        ("line 4", "."),
        ("line 5", "."),
    ]


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_rows_come_from_standard_input(packed: bool) -> None:
    code = "from genint.genome.bed import read_bed; print([str(row.region) for row in read_bed('-')])"
    content = gzip.compress(PLAIN.encode()) if packed else PLAIN.encode()
    answer = subprocess.run([sys.executable, "-c", code], input=content, capture_output=True, check=True)
    assert answer.stdout.decode().strip() == str([str(region) for region in THREE_ROWS])


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ("chrI", r"found 1 column\(s\)"),
        ("chrI\t5", r"found 2 column\(s\)"),
        ("chrI:5-9", r"found 1 column\(s\)"),
        ("chrI,5,9", r"found 1 column\(s\)"),
        ("\t5\t9", "the first column is empty"),
        ("chrI\tfive\tnine", "start 'five' and end 'nine' are not both whole numbers"),
        ("chrI\t5.0\t9.0", "start '5.0' and end '9.0' are not both whole numbers"),
        ("chrI\t5\t1e6", "end '1e6' are not both whole numbers"),
        ("chrI\t-5\t9", "start '-5' and end '9' are not both whole numbers >= 0"),
        ("chrI\t\t9", "start '' and end '9' are not both whole numbers"),
        ("chrI\t1,000\t2,000", "start '1,000' and end '2,000' are not both whole numbers"),
        ("chrI\t1_0\t2_0", "start '1_0' and end '2_0' are not both whole numbers"),
        ("chrI\t²\t٣", "are not both whole numbers"),
        ("chrom\tstart\tend", "start 'start' and end 'end' are not both whole numbers"),
        ("chrI\t9\t9", "start 9 and end 9 do not satisfy 0 <= start < end"),
        ("chrI\t9\t5", "start 9 and end 5 do not satisfy 0 <= start < end"),
        ("chrI\t0\t" + "9" * 5_000, "no chromosome is that long"),
    ],
)
def test_a_wrong_row_is_named_by_its_line_with_what_was_found(row: str, found: str, tmp_path: Path) -> None:
    path = written(tmp_path, f"# header\nchrI\t0\t1\n{row}\nchrI\t1\t2\n")
    with pytest.raises(InputError, match=rf"regions\.bed, line 3: .*{found}") as error:
        read_bed(path)
    assert "\n" not in str(error.value)


def test_a_row_longer_than_any_chromosome_is_a_row(tmp_path: Path) -> None:
    assert regions(written(tmp_path, f"chrI\t0\t{10**18 - 1}\n")) == [Region("chrI", 0, 10**18 - 1)]


def test_a_name_that_would_end_a_line_of_a_table_does_not(tmp_path: Path) -> None:
    rows = read_bed(written(tmp_path, "chrI\t0\t9\ta\x0bb\u2028c\nchrI\t0\t9\td\r\n"))
    assert [row.name for row in rows] == ["a b c", "d"]


def test_closed_standard_input_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(InputError, match=r"-: standard input is closed\. Expected BED rows"):
        read_bed("-")


@pytest.mark.parametrize("content", ["", "\n\n", "# one\ntrack name=a\n", "chrom\tstart\tend\n", gzip.compress(b"")])
def test_a_file_without_rows_is_refused(content: str | bytes, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"regions\.bed: holds no regions"):
        read_bed(written(tmp_path, content))


def test_a_binary_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"regions\.bed, line \d: is not UTF-8 text \(byte 0x.*\)\. Expected BED rows"):
        read_bed(written(tmp_path, bytes(range(128, 256))))
    with pytest.raises(InputError, match=r"regions\.bed, line \d: is not UTF-8 text"):
        read_bed(written(tmp_path, PLAIN.encode("utf-16")))
    with pytest.raises(InputError, match=r"regions\.bed, line 1: is not UTF-8 text \(byte 0x0\)"):
        read_bed(written(tmp_path, bytes(10)))


@pytest.mark.parametrize("damage", [lambda packed: packed[:-9], lambda packed: packed[:30] + b"\xff\xff" + packed[32:]])
def test_a_damaged_gzip_file_is_refused(damage: Callable[[bytes], bytes], tmp_path: Path) -> None:
    stream = io.BytesIO()
    with gzip.GzipFile(fileobj=stream, mode="wb", filename="") as file:
        file.write("".join(f"chrI\t{i * i}\t{i * i + 1}\n" for i in range(500)).encode())
    with pytest.raises(InputError, match=r"regions\.bed: the gzip stream is damaged or cut short"):
        read_bed(written(tmp_path, damage(stream.getvalue())))


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.bed: cannot read \(No such file"):
        read_bed(tmp_path / "none.bed")
    with pytest.raises(InputError, match=r"cannot read \(Is a directory\)"):
        read_bed(tmp_path)


# -- chromosome names --------------------------------------------------------------------------------------------------


def renamed(asked: str, known: list[str], aliases: list[list[str]] | None = None) -> str:
    return reconcile([asked], known, asked_by="regions.bed", known_by="genome.fa", aliases=aliases)[asked]


@pytest.mark.parametrize(
    ("asked", "known"), [("chr1", "1"), ("1", "chr1"), ("chrX", "X"), ("scaffold_7", "chrscaffold_7")]
)
def test_names_with_and_without_chr_meet(asked: str, known: str) -> None:
    assert renamed(asked, [known, "other"]) == known


@pytest.mark.parametrize("asked", ["M", "MT", "chrM", "chrMT", "Mito", "chrMito"])
@pytest.mark.parametrize("known", ["M", "MT", "chrM", "chrMT", "Mito", "chrMito"])
def test_every_name_of_the_mitochondrion_meets_every_other(asked: str, known: str) -> None:
    assert renamed(asked, [known, "chr1", "1"]) == known


@pytest.mark.parametrize("known", [["1", "chr1"], ["chr1", "1"]])
def test_the_exact_name_wins(known: list[str]) -> None:
    assert renamed("1", known) == "1"
    assert renamed("chr1", known) == "chr1"
    assert renamed("1", known, [["1", "chr1"]]) == "1"


def test_an_alias_wins_over_a_guess() -> None:
    assert renamed("chr1", ["1", "NC_000001.11"], [["chr1", "NC_000001.11"]]) == "NC_000001.11"


def test_the_example_aliases_lead_to_the_example_genome(example: Path) -> None:
    aliases = read_aliases(example / "chromAlias.txt")
    assert [renamed(f"SYN_00000{n}.1", ["chr1", "chr2", "chr3"], aliases) for n in (1, 2, 3)] == [
        "chr1",
        "chr2",
        "chr3",
    ]


def test_an_alias_table_may_spread_the_names_of_one_sequence_over_rows(tmp_path: Path) -> None:
    text = "NT_187361.1\tchr1_KI270706v1_random\trefseq\nKI270706.1\tchr1_KI270706v1_random\tgenbank\n"
    aliases = read_aliases(written(tmp_path, text))
    assert renamed("chr1_KI270706v1_random", ["1", "NT_187361.1"], aliases) == "NT_187361.1"
    assert renamed("chr1_KI270706v1_random", ["1", "KI270706.1"], aliases) == "KI270706.1"


def test_an_alias_table_without_two_columns_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no row holds two tab-separated names\. Expected a UCSC chromAlias"):
        read_aliases(written(tmp_path, "# a b\nchr1\nchr2\n"))
    with pytest.raises(InputError, match=r"is not UTF-8 text \(byte 0x.*\)\. Expected a UCSC chromAlias"):
        read_aliases(written(tmp_path, b"\xff\xff"))


def test_a_name_on_one_side_alone_is_refused_and_both_sides_are_listed() -> None:
    with pytest.raises(InputError) as error:
        reconcile(["chr1", "chrQ", "chrR", "chrQ"], ["1", "10", "2"], asked_by="regions.bed", known_by="genome.fa")
    assert "regions.bed: chromosome(s) chrQ, chrR not in genome.fa, which has 1, 2, 10." in str(error.value)


def test_a_long_list_of_names_is_cut_in_the_message() -> None:
    with pytest.raises(InputError, match=r"chr1, chr2, .* chr8 and 17 more"):
        reconcile(["chrQ"], [f"chr{n}" for n in range(25, 0, -1)], asked_by="a.bed", known_by="g.fa")


@given(st.lists(st.text(min_size=1, max_size=5) | st.sampled_from(["chr1", "1", "M", "chrM", "²"]), max_size=8))
def test_known_names_are_themselves_whatever_they_look_like(names: list[str]) -> None:
    assert reconcile(names, reversed(names), asked_by="a.bed", known_by="g.fa") == {name: name for name in names}
