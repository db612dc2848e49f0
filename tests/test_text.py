"""Text is read as people have it, and tables are written one way."""

import gzip
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genint.errors import InputError
from genint.text import read_lines, read_text, write_tsv


def lines_of(path: Path, content: bytes) -> list[str]:
    path.write_bytes(content)
    return list(read_lines(path, "words"))


def test_lines_end_with_lf_crlf_or_a_lone_cr(tmp_path: Path) -> None:
    assert lines_of(tmp_path / "a.txt", b"a\nb\r\nc\rd\r\re") == ["a", "b", "c", "d", "", "e"]
    assert lines_of(tmp_path / "a.txt", b"a\x0cb\x0bc\xe2\x80\xa8d\n") == ["a\x0cb\x0bc\u2028d"]


@given(st.lists(st.text(st.characters(exclude_characters="\n\r\0\ufeff", codec="utf-8"))), st.sampled_from("\n\r"))
def test_any_lines_are_read_back_plain_and_gzipped(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], end: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "lines.txt"
    content = "".join(line + end for line in lines).encode()
    assert lines_of(path, content) == lines_of(path, gzip.compress(content)) == lines


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"\xef\xbb\xbfa = 1\r\nb = 2")
    assert read_text(tmp_path / "a.txt", "TOML") == "a = 1\nb = 2"


@pytest.mark.parametrize("before", [0, 1, 7, 8_190, 100_000])
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_what_is_not_utf8_is_named_by_its_line(before: int, end: bytes, tmp_path: Path) -> None:
    content = (b"word" + end) * before + b"ni\xf1o" + end
    with pytest.raises(InputError, match=rf"line {before + 1}: is not UTF-8 text \(byte 0xf1\)\. Expected words"):
        lines_of(tmp_path / "a.txt", content)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_utf16_is_not_utf8(encoding: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a\.txt, line 1: is not UTF-8 text"):
        lines_of(tmp_path / "a.txt", "chrI\t0\t5\n".encode(encoding))
    if encoding == "utf-16":
        with pytest.raises(InputError, match="it is UTF-16: save it as UTF-8"):
            lines_of(tmp_path / "a.txt", "chrI\t0\t5\n".encode(encoding))


def test_a_table_is_written_as_it_is_with_empty_cells_for_what_is_missing(tmp_path: Path) -> None:
    table = pd.DataFrame({"name": ['say "hi"', None], "value": [0.1, float("nan")], "bins": [3, 4]})
    write_tsv(tmp_path / "a.tsv", table)
    assert (tmp_path / "a.tsv").read_text() == 'name\tvalue\tbins\nsay "hi"\t0.1\t3\n\t\t4\n'


def test_rows_are_added_below_a_header(tmp_path: Path) -> None:
    table = pd.DataFrame({"value": [1 / 3]})
    write_tsv(tmp_path / "a.tsv", table)
    write_tsv(tmp_path / "a.tsv", table, append=True, float_format="%.2f")
    assert (tmp_path / "a.tsv").read_text() == f"value\n{1 / 3!r}\n0.33\n"
