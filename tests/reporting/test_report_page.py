"""A report as HTML: what is told of files and people's words in it."""

import base64
import hashlib
import re
from importlib.resources import files

from genint.reporting.browser_tracks import Assay
from genint.reporting.report_page import IGV, MOST_LISTED, Page, size_of_igv, write_page
from genint.reporting.report_sections import Section, TableHead
from genint.reporting.track_summary import TrackSummary
from genint.tracks.table import Track
from tests.reporting.hubs import run, single

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


def summary(assay: str, number: int, mean: float) -> TrackSummary:
    name = f"{assay}{number}"
    return TrackSummary(
        track=Track(identifier=name, description=f"{assay}:x", strand_pair=name),
        bins=1,
        mean=mean,
        highest=mean,
        peak=None,
        measured=2,
        r=mean / 10,
        shown=2,
        r_shown=mean / 20,
    )


def test_the_lines_of_assays_are_over_all_tracks_also_those_that_the_table_leaves_out() -> None:
    many = [summary("ATAC", number, 1) for number in range(MOST_LISTED)] + [summary("CAGE", 1, 2)]
    many.append(summary("ATAC", MOST_LISTED, 503))
    both = run(*(Assay(label=label, rows=[single("x")]) for label in ("ATAC", "CAGE")))
    text = write_page(Page(title="t", made_by="me", run=both, summaries=many))
    lines = [re.sub(r"(<[^>]*>)+", "|", line) for line in re.findall(r'<tr class="assay">.*', text)]
    assert lines == ["|ATAC, 501 tracks|2|0.200|0.100|", "|CAGE, 1 track|2|0.200|0.100|"]
    assert len(re.findall(r"<td>ATAC\d+</td>", text)) == MOST_LISTED
    assert "<td>CAGE1</td>" not in text


def test_only_the_scripts_of_the_page_may_run_and_nothing_is_fetched() -> None:
    text = write_page(Page(title="t", made_by="me", config={"name": "x"}))
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="(.+?)">', text)
    rules = dict(rule.split(" ", 1) for rule in policy.replace("&#39;", "'").split("; "))
    scripts = re.findall(r"<script>(.+?)</script>", text, re.DOTALL)
    digests = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    assert rules["script-src"] == " ".join(f"'sha256-{digest}'" for digest in digests)
    assert (len(digests), rules["default-src"], rules["connect-src"]) == (2, "'none'", "data: blob:")
