"""VCF files: every row is read, and what is no VCF is refused by one line."""

import gzip
import os
from pathlib import Path

import pytest

from genint.errors import InputError
from genint.genome.fasta import BGZIP_END
from genint.interpretation.variants.vcf import VcfRow, parse_row, read_header, read_vcf, survey_vcf

HEAD = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\n"
EVERY_STATUS = Path(__file__).parent / "every_status.vcf"


def written(folder: Path, content: str | bytes, name: str = "a.vcf") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def bgzipped(text: str) -> bytes:
    """One bgzip block, without the mark at the end."""
    packed = bytearray(gzip.compress(text.encode(), mtime=0))
    packed[3] = 4  # an extra field follows
    field = b"BC\x02\x00" + (len(packed) + 8 - 1).to_bytes(2, "little")
    return bytes(packed[:10]) + (6).to_bytes(2, "little") + field + bytes(packed[10:])


def test_rows_have_line_numbers_and_alternatives(tmp_path: Path) -> None:
    path = written(tmp_path, HEAD + "chr1\t5\t.\tA\tC,G\n\nchr1\t7\tx\tAC\tA\tq\tf\ti\tGT\t0/1\n")
    first, second = read_vcf(path)
    assert first == VcfRow(3, ("chr1", "5", ".", "A", "C,G"), 5, ("C", "G"), "")
    assert (second.line, second.pos, second.alts) == (5, 7, ("A",))
    assert read_header(path) == HEAD.splitlines()


def test_headers_of_joined_files_are_no_rows(tmp_path: Path) -> None:
    row = "chr1\t5\t.\tA\tC\n"
    assert len(list(read_vcf(written(tmp_path, HEAD + row + HEAD + row)))) == 2


@pytest.mark.parametrize("packed", [lambda text: gzip.compress(text.encode()), lambda text: bgzipped(text) + BGZIP_END])
def test_gzip_and_bgzip_read_like_plain_text(tmp_path: Path, packed: object) -> None:
    text = EVERY_STATUS.read_text()
    path = written(tmp_path, packed(text), "a.vcf.gz")  # type: ignore[operator]
    assert survey_vcf(path) == survey_vcf(EVERY_STATUS)
    assert survey_vcf(path).rows == 63


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("chr1\t5\t.\tA", "4 column(s)"),
        ("chr1 5 . A C", "1 column(s)"),
        ("chr1\tfive\t.\tA\tC", "POS 'five'"),
        ("chr1\t-1\t.\tA\tC", "POS '-1'"),
        ("chr1\t" + "9" * 30 + "\t.\tA\tC", "POS"),
        ("chr1\t5\t.\t\tC", "is empty"),
        ("\t5\t.\tA\tC", "is empty"),
        ("chr1\t5\t.\tA\tC,", "is empty"),
        ("chr1\t5\t.\tA-\tC", "REF 'A-'"),
        ("chr1\t5\t\rx\tA\tC", "the end of a line"),
    ],
)
def test_what_is_wrong_with_a_row_is_said_of_it(line: str, fault: str) -> None:
    row = parse_row(9, line)
    assert fault in row.fault
    assert (row.line, row.pos, row.alts) == (9, 0, ())


WRONG_FILES = {
    "empty": ("", "is empty"),
    "header without columns": ("##fileformat=VCFv4.2\n", "no line that begins #CHROM"),
    "bed": ("chr1\t0\t5\n", "line 1: 'chr1\\t0\\t5' comes before"),
    "blanks for tabs": ("#CHROM POS ID REF ALT\nchr1 5 . A C\n", "line 1: its columns are not"),
    "other columns": ("#CHROM\tPOS\tREF\tALT\n", "line 1: its columns are not"),
    "bcf": (gzip.compress(b"BCF\x02\x02\0\0\0"), "bcftools view"),
    "truncated gzip": (gzip.compress(HEAD.encode() * 99)[:-9], "damaged or cut short"),
    "truncated bgzip": (bgzipped(HEAD), "end mark is missing"),
}


@pytest.mark.parametrize("name", WRONG_FILES)
def test_what_is_no_vcf_is_refused(tmp_path: Path, name: str) -> None:
    content, words = WRONG_FILES[name]
    path = written(tmp_path, content)
    with pytest.raises(InputError) as error:
        survey_vcf(path)
    assert words in str(error.value)
    assert str(path) in str(error.value)


def test_standard_input_and_missing_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Save it as a file"):
        survey_vcf("-")
    with pytest.raises(InputError, match="cannot read"):
        survey_vcf(tmp_path / "missing.vcf")


def test_a_pipe_is_refused_as_standard_input_is() -> None:
    read, write = os.pipe()
    try:
        with pytest.raises(InputError, match=f"/dev/fd/{read}: a VCF is read twice, .* Save it as a file"):
            survey_vcf(f"/dev/fd/{read}")
    finally:
        os.close(read)
        os.close(write)


def test_a_row_on_another_line_changes_the_digest(tmp_path: Path) -> None:
    one = written(tmp_path, HEAD + "chr1\t5\t.\tA\tC\n", "one.vcf")
    other = written(tmp_path, "##fileformat=VCFv4.2\n" + HEAD + "chr1\t5\t.\tA\tC\n", "other.vcf")
    assert survey_vcf(one).digest != survey_vcf(other).digest


def test_a_change_of_a_row_changes_the_digest(tmp_path: Path) -> None:
    one = written(tmp_path, HEAD + "chr1\t5\t.\tA\tC\n", "one.vcf")
    other = written(tmp_path, HEAD + "chr1\t5\t.\tA\tG\n", "other.vcf")
    assert survey_vcf(one).digest != survey_vcf(other).digest
