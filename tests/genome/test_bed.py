"""Regions are read as BED means them, and every wrong row is named by its line."""

import gzip
import io
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genint.errors import InputError
from genint.genome.bed import read_bed
from genint.genome.region import EmptyRegion, Region

THREE_ROWS = [Region("chrI", 0, 1), Region("chrII", 1_000, 2_000), Region("chrI", 5, 9)]
PLAIN = "chrI\t0\t1\nchrII\t1000\t2000\nchrI\t5\t9\n"


def written(folder: Path, content: str | bytes, name: str = "regions.bed") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def regions(path: Path) -> list[Region | EmptyRegion]:
    return [row.region for row in read_bed(path)]


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
        ("chrI\t+5\t9", r"start '\+5' and end '9' are not both whole numbers"),
        ("chrI\t0x5\t9", "start '0x5' and end '9' are not both whole numbers"),
        ('"chrI"\t"5"\t"9"', """start '"5"' and end '"9"' are not both whole numbers"""),
        ("chrI\t5\t", "start '5' and end '' are not both whole numbers"),
        ("chrI\t\t5\t9", "start '' and end '5' are not both whole numbers"),
        ("chrI\t1 200\t1 400", "start '1 200' and end '1 400' are not both whole numbers"),
        ("chrI\t0\t1 200", "start '0' and end '1 200' are not both whole numbers"),
        ("chrI 5", r"found 2 column\(s\)"),
        ("chrom\tstart\tend", "is a header row after other rows"),
        ("Chromosome Start End Name", "is a header row after other rows"),
        ("chrI\t9\t5", "start 9 is after end 5"),
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


@pytest.mark.parametrize(
    "content", ["", "\n\n", "# one\ntrack name=a\n", "chrom\tstart\tend\n", gzip.compress(b"", mtime=0)]
)
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


def test_a_row_that_starts_where_it_ends_is_empty_and_the_others_are_read(tmp_path: Path) -> None:
    rows = regions(written(tmp_path, "chrI\t9\t9\nchrI\t0\t0\tname\nchrI\t1\t2\n"))
    assert rows == [EmptyRegion("chrI", 9), EmptyRegion("chrI", 0), Region("chrI", 1, 2)]


def test_rows_that_are_all_empty_are_a_1_based_table(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"line 2: start and end are the same, as in every row\. .*1-based"):
        read_bed(written(tmp_path, "# sites\nchrI\t9\t9\nchrI\t11\t11\n"))


@pytest.mark.parametrize(
    "header",
    [
        "Begin End",
        "Chromosome\tStart\tEnd",
        "chrom\tchromStart\tchromEnd\tname",
        "chr start stop",
        '"chr"\t"start"\t"end"',
        "chrom\tstart_position\tend_position",
    ],
)
@pytest.mark.parametrize("before", ["", "\n", "# made by hand\n", "track name=a\n\n# b\n", "  # indented\n"])
def test_a_header_before_the_first_row_is_skipped_wherever_it_stands(header: str, before: str, tmp_path: Path) -> None:
    header = f"Chr {header}" if header == "Begin End" else header
    assert regions(written(tmp_path, f"{before}{header}\n{PLAIN}")) == THREE_ROWS


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("name\tchrom\tstart\tend", "line 2: is a header whose columns 2 and 3 are 'chrom' and 'start'"),
        ("chrom\tend\tstart", "line 2: is a header whose columns 2 and 3 are 'end' and 'start'"),
        ("chrom\tpos\tlast", "line 2: start 'pos' and end 'last' are not both .* If it is a header, begin it with #"),
        ("Begin End", r"line 2: found 2 column\(s\)"),
    ],
)
def test_another_header_is_refused_as_such(header: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        read_bed(written(tmp_path, f"# a\n{header}\nchrI\t1\t2\n"))


def test_row_names_of_r_are_noticed(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"line 2: has one column more than the header, as R writes with row names"):
        read_bed(written(tmp_path, "chrom\tstart\tend\n1\t1\t100\t200\n2\t1\t300\t400\n"))


@pytest.mark.parametrize("name", ["#c", "#", "track", "browser", "@SQ", "##fileformat=VCF"])
def test_a_word_that_bed_uses_otherwise_is_a_chromosome_where_the_genome_has_it(name: str, tmp_path: Path) -> None:
    path = written(
        tmp_path,
        f"# a comment\n{name}\t5\t9\nchrI\t0\t1\n{name} name=x\n"
        if name in ("track", "browser")
        else f"# a comment\n{name}\t5\t9\nchrI\t0\t1\n",
    )
    assert [row.chrom for row in regions_with(path, {name, "chrI"})] == [name, "chrI"]
    if name in ("#c", "#", "track", "browser"):
        assert [row.chrom for row in regions_with(path, {"chrI"})] == ["chrI"]


def regions_with(path: Path, names: set[str]) -> list[Region | EmptyRegion]:
    return [row.region for row in read_bed(path, names)]


@pytest.mark.parametrize(
    ("row", "region"),
    [
        ("chrI  5\t9", Region("chrI", 5, 9)),
        ("chrI\t5 9", Region("chrI", 5, 9)),
        ("chrI 5\t9\tname", Region("chrI", 5, 9)),
        ("chrI \t 5 \t 9 ", Region("chrI", 5, 9)),
        (" chrI\t5\t9", Region("chrI", 5, 9)),
        ("   chrI 5 9", Region("chrI", 5, 9)),
        ("chrI\t5\t9\t\t\t", Region("chrI", 5, 9)),
        ("chrI\t5\t9\t", Region("chrI", 5, 9)),
        ("chrI\t005\t0009", Region("chrI", 5, 9)),
        ("chrI\t0\t" + "0" * 30 + "9", Region("chrI", 0, 9)),
        ("chrI\x0c5\x0c9", Region("chrI", 5, 9)),
        ("chrI\t5\t9\x0c", Region("chrI", 5, 9)),
        ("chr 1\t5\t9", Region("chr 1", 5, 9)),
        ("'chr\"1;|,=\t5\t9", Region("'chr\"1;|,=", 5, 9)),
        ('chrI\t5\t9\t"a name", with; signs', Region("chrI", 5, 9)),
        ("chr\u00e9\t5\t9", Region("chr\u00e9", 5, 9)),
        ("trackA\t5\t9", Region("trackA", 5, 9)),
        ("chrom\t5\t9", Region("chrom", 5, 9)),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_unusual_rows_that_are_bed(row: str, region: Region, end: str, tmp_path: Path) -> None:
    path = written(tmp_path, f"chrI\t0\t1{end}{row}{end}# a comment{end}{end}chrI\t2\t3{end}")
    assert regions(path) == [Region("chrI", 0, 1), region, Region("chrI", 2, 3)]


@given(
    st.lists(
        st.tuples(st.sampled_from(["chrI", "1", "#c", "x y", "\u00e9"]), st.integers(0, 10**6), st.integers(0, 10**4)),
        min_size=1,
    ),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from(["", "\tname", "\tname\t0\t+", "\t1\t2\t.\t1\t2\t0"]),
)
def test_any_rows_are_read_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, int, int]], end: str, rest: str
) -> None:
    rows = [("chrI", 0, 1), *rows]
    text = "".join(f"{chrom}\t{start}\t{start + length}{rest}{end}" for chrom, start, length in rows)
    path = written(tmp_path_factory.getbasetemp(), text, "any.bed")
    found = [(row.chrom, row.start, len(row)) for row in regions_with(path, {"#c"})]
    assert found == rows


@pytest.mark.parametrize("coordinates", ["100.0\t200.0", "1e3\t2e3", "1,000\t2,000", "1_0\t2_0", "+5\t20", "-5\t-1"])
def test_a_row_with_other_numbers_is_never_called_a_header(coordinates: str, tmp_path: Path) -> None:
    """Who follows that advice and begins it with # would lose the row."""
    (path := tmp_path / "a.bed").write_text(f"chr1\t{coordinates}\n")
    with pytest.raises(InputError, match="are not both whole numbers >= 0") as error:
        read_bed(path)
    assert "header" not in str(error.value)


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ('"chr1"\t5\t9', 'line 1: "chr1" is in quotes'),
        ("'chr1'\t5\t9", "line 1: 'chr1' is in quotes"),
        ('"chrom"\t"start"\t"end"\n"chr1"\t5\t9', 'line 2: "chr1" is in quotes'),
        ('"chr1"\t"5"\t"9"', "line 1: start '\"5\"' and end '\"9\"' are not both whole numbers >= 0. It is in quotes"),
    ],
)
def test_quotes_are_named_as_the_cause(row: str, found: str, tmp_path: Path) -> None:
    (tmp_path / "quoted.bed").write_text(row + "\n")
    with pytest.raises(InputError, match=re.escape(found)):
        read_bed(tmp_path / "quoted.bed", {"chr1"})


def test_a_genome_may_have_quotes_in_its_names(tmp_path: Path) -> None:
    (tmp_path / "quoted.bed").write_text('"chr1"\t5\t9\n')
    assert [row.region.chrom for row in read_bed(tmp_path / "quoted.bed", {'"chr1"'})] == ['"chr1"']
