"""A report as HTML: what is told of files and people's words in it."""

import hashlib
import re
from importlib.resources import files

from genint.reporting.report_page import IGV, Page, size_of_igv, write_page
from genint.reporting.report_sections import Section, TableHead

FOLDER = files("genint.reporting") / "igv"


def test_igv_is_the_file_that_its_readme_names_with_its_licence() -> None:
    readme = (FOLDER / "README.md").read_text()
    digest = hashlib.sha256((FOLDER / "igv.min.js").read_bytes()).hexdigest()
    assert digest in readme
    assert re.findall(r"3\.\d+\.\d+", readme)[0] in IGV
    assert "MIT License" in (FOLDER / "LICENSE").read_text()
    assert size_of_igv() < 2_000_000


def test_words_from_files_are_no_html() -> None:
    evil = "<script>alert(1)</script>"
    table = TableHead("t.tsv", [evil], [[evil]], 1, 1)
    section = Section(evil, tables=[table], left_out=[evil])
    text = write_page(Page(title=evil, made_by=evil, notes=[evil], sections=[section], config={"name": evil}))
    assert "<script>alert" not in text
    assert text.count("&lt;script&gt;alert(1)") == 9
    assert '{"name":"\\u003cscript>alert(1)\\u003c/script>"}' in text


def test_a_page_without_tracks_has_no_browser() -> None:
    text = write_page(Page(title="t", made_by="me"))
    assert "<script" not in text
    assert len(text) < 10_000
