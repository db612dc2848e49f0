"""Whole reports: what is in them, and that a browser without a network shows it."""

import base64
import gzip
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from genint.errors import InputError, OutputError
from genint.genome.region import Region
from genint.prediction.to_folder import predict_to_folder
from genint.reporting import report_file
from genint.reporting.igv_page import Drawn, draw_row, write_config, write_reference
from genint.reporting.report_file import MOST_BYTES, make_report
from genint.reporting.report_page import Page, write_page
from genint.reporting.shown_regions import Shown as Place
from tests.conftest import EXAMPLE, Run, file_size_limit
from tests.reporting.conftest import SIZES

GENOME = EXAMPLE / "genome.fa"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def config(page: Path) -> Any:
    (text,) = re.findall(r'<script type="application/json" id="config">(.+?)</script>', page.read_text())
    return json.loads(text)


def names(page: Path) -> list[str]:
    return [track["name"] for track in config(page)["tracks"]]


def test_a_run_gets_its_page_beside_it(finished_run: Path, tmp_path: Path) -> None:
    shutil.copytree(finished_run, tmp_path / "run")
    report = make_report(tmp_path / "run", observed=[str(EXAMPLE / "tracks.tsv")])
    assert report.path == tmp_path / "run" / "report.html"
    assert report.size == report.path.stat().st_size < 2_500_000
    assert names(report.path)[:4] == ["atac", "atac measured", "cage", "cage measured"]
    assert [each.measured for each in report.tracks] == [*6 * [41], 9]  # the last was not measured on chr3
    assert config(report.path)["locus"] == "chr3:1-4800"


def test_the_same_folder_gives_the_same_page(finished_run: Path, tmp_path: Path) -> None:
    pages = [make_report(finished_run, tmp_path / f"{n}.html", genome=GENOME).path.read_bytes() for n in range(2)]
    assert pages[0] == pages[1]
    assert b"http://" not in pages[0].split(b'id="config">')[1].split(b"</script>")[0]


def test_all_results_are_on_one_page(all_results: Path, tmp_path: Path) -> None:
    page = make_report(all_results, tmp_path / "all.html", genome=GENOME).path
    text = page.read_text()
    for title in ("attribution: why", "attention: attention", "variant tracks: alleles", "variants: variants.tsv"):
        assert f"<h2>{title}</h2>" in text
    assert "why contributions" in names(page)
    assert text.count("data:image/png;base64,") == 2


def test_a_folder_without_a_run_is_reported_too(all_results: Path, tmp_path: Path) -> None:
    report = make_report(all_results / "why", tmp_path / "why.html")
    assert names(report.path) == ["why contributions"]
    assert "What was run" not in report.path.read_text()
    for given in ({"observed": ["atac=x.bw"]}, {"tracks": ["atac"]}):
        with pytest.raises(InputError, match=f"`{next(iter(given))}`: .* holds no run of genint predict"):
            make_report(all_results / "why", tmp_path / "b.html", **given)  # type: ignore[arg-type]


def test_regions_are_those_that_were_asked_for(finished_run: Path, tmp_path: Path) -> None:
    report = make_report(finished_run, tmp_path / "a.html", regions=["3:1001-3000", "chr1:1-900"])
    assert config(report.path)["locus"] == "chr3:801-3200"
    with pytest.raises(InputError, match=r"`regions`: nothing is predicted there in .*such as chr3:1-4,000"):
        make_report(finished_run, tmp_path / "b.html", regions=["chr1:1-900"])
    with pytest.raises(InputError, match=r"same assembly\? Write the names as they stand there$"):
        make_report(finished_run, tmp_path / "b.html", regions=["chr9:1-900"])


def test_a_region_past_the_end_is_said_and_refused_where_it_is_all(finished_run: Path, tmp_path: Path) -> None:
    report = make_report(finished_run, tmp_path / "a.html", regions=["chr3:1-100", "chr3:300,001-300,100"])
    assert report.notes == ["1 region(s) hold no base of their chromosome and are not shown: chr3:300,001-300,100."]
    assert "hold no base of their chromosome" in report.path.read_text()
    with pytest.raises(
        InputError, match=r"`regions`: 1 region\(s\) hold no base .*Expected regions such as chr3:1-4,000"
    ):
        make_report(finished_run, tmp_path / "b.html", regions=["chr3:300,001-300,100"])


def test_chromosomes_with_a_colon_in_their_names_are_left_out_of_the_browser(tiny_model: Path, tmp_path: Path) -> None:
    fasta = tmp_path / "hla.fa"
    fasta.write_text("".join(f">{name}\n{'ACGT' * 250}\n" for name in ("HLA-A*01:01:01:01", "b")))
    predict_to_folder(fasta, None, tiny_model, tmp_path / "run", tracks="atac", dtype="float32")
    report = make_report(tmp_path / "run", genome=fasta)
    assert report.notes == ["1 region(s) are not shown, as igv.js misreads names with a colon: HLA-A*01:01:01:01."]
    assert config(report.path)["locus"] == "b:1-1000"
    letters = config(report.path)["reference"]["fastaURL"].split(",")[1]
    assert b"HLA" not in gzip.decompress(base64.b64decode(letters))


def test_what_is_left_out_is_said(finished_run: Path, tmp_path: Path) -> None:
    bed = tmp_path / "many.bed"
    bed.write_text("".join(f"chr3\t{n * 100}\t{n * 100 + 50}\n" for n in range(40)))
    assert make_report(finished_run, tmp_path / "a.html", regions=bed).notes == [
        "The browser shows the first 30 of 40 regions."
    ]
    assert make_report(finished_run, tmp_path / "c.html", regions=["chr3"]).notes == []


def test_tracks_that_the_table_leaves_out_are_said(
    finished_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_file, "MOST_LISTED", 3)
    assert make_report(finished_run, tmp_path / "a.html").notes == [
        "The table lists 3 of 7 tracks; an assay's line is over all of its own."
    ]


def test_pages_stay_below_their_size(all_results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_file, "MOST_BYTES", 2_130_000)
    report = make_report(all_results, tmp_path / "small.html")
    assert report.size < 2_130_000 < MOST_BYTES
    assert "In the folder, and not in this page" in report.path.read_text()


def test_another_genome_is_refused(finished_run: Path, tmp_path: Path) -> None:
    (tmp_path / "other.fa").write_text(">chr1\n" + "ACGT" * 30 + "\n")
    with pytest.raises(InputError, match=r"other\.fa: has other chromosomes than"):
        make_report(finished_run, tmp_path / "a.html", genome=tmp_path / "other.fa")


def test_a_page_is_not_replaced_unasked_and_complete_or_not_there(finished_run: Path, tmp_path: Path) -> None:
    page = tmp_path / "a.html"
    page.write_text("mine")
    with pytest.raises(OutputError, match=r"a\.html: is there already"):
        make_report(finished_run, page)
    with file_size_limit(100_000), pytest.raises(OutputError, match=r"a\.html: cannot write"):
        make_report(finished_run, page, overwrite=True)
    assert page.read_text() == "mine"
    assert [file.name for file in tmp_path.iterdir()] == ["a.html"]


def test_the_command_prints_where_the_page_is_or_json(finished_run: Path, tmp_path: Path, genint: Run) -> None:
    page = tmp_path / "a.html"
    first = genint("report", finished_run, "-o", page, "-r", "chr3:1-900", "-t", "atac")
    assert (first.code, first.out.strip()) == (0, str(page))
    again = genint(
        "report", finished_run, "-o", page, "--overwrite", "--observed", EXAMPLE / "tracks.tsv", "--json", "-q"
    )
    told = json.loads(again.out)
    assert told["bytes"] == page.stat().st_size
    assert -1 <= told["tracks"][0]["r"] <= 1
    assert genint("report", finished_run, EXAMPLE / "regions.bed", "-r", "chr1").code == 2


class Shown:
    """A page in a browser without a network: its complaints, its requests, and how much each canvas has drawn."""

    def __init__(self, page: Any, path: Path) -> None:
        self.page = page
        self.complaints: list[str] = []
        self.requests: list[str] = []
        page.on("console", self.hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))
        page.goto(path.as_uri())
        page.wait_for_selector("body[data-igv=ready]", timeout=60_000)

    def hear(self, said: Any) -> None:
        if said.type == "error":
            self.complaints.append(said.text)

    def pixels(self, colour: str) -> int:
        """Canvas pixels of a colour such as 0,114,178, as soon as there are any, or 0 after 20 s."""
        count = """(canvases, wanted) => canvases.filter(e => e.width && e.height).reduce((sum, e) => {
            const data = e.getContext('2d').getImageData(0, 0, e.width, e.height).data
            for (let i = 0; i < data.length; i += 4)
              if (data[i + 3] && `${data[i]},${data[i + 1]},${data[i + 2]}` === wanted) sum++
            return sum }, 0)"""
        for _ in range(40):
            if found := int(self.page.locator("#igv canvas").evaluate_all(count, colour)):
                return found
            self.page.wait_for_timeout(500)
        return 0


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if not CHROMIUM:
        pytest.skip("no Chromium on this machine: the page is not opened here")
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: the page is not opened here")
    with api.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield chromium
        chromium.close()


@pytest.mark.timeout(120)
def test_a_browser_without_a_network_draws_the_tracks(all_results: Path, tmp_path: Path, browser: Any) -> None:
    page = tmp_path / "elsewhere" / "moved.html"
    observed = [str(EXAMPLE / "tracks.tsv")]
    made = make_report(all_results, tmp_path / "a.html", genome=GENOME, observed=observed, tracks=["atac", "cage"])
    page.parent.mkdir()
    made.path.rename(page)
    with browser.new_context(offline=True) as context:
        shown = Shown(context.new_page(), page)
        for colour in ("0,114,178", "213,94,0", "127,56,0", "130,130,130"):  # ATAC, CAGE up and down, measured
            assert shown.pixels(colour) > 100, colour
        shown.page.get_by_text("attention", exact=False).first.click()
        assert shown.pixels("0,114,178") > 100
        assert shown.complaints == []
        assert [url for url in shown.requests if not url.startswith(("data:", "blob:", "file:"))] == []


@pytest.mark.timeout(120)
def test_a_browser_runs_nothing_that_comes_in_names_and_reaches_nothing(
    finished_run: Path, tmp_path: Path, browser: Any
) -> None:
    view = Region("chr3", 0, 2_000)
    names = ["<img src=x onerror=document.title='run'>", "A & B <sub>2</sub>"]
    drawn = [Drawn(name=name, content=(finished_run / "atac.bw").read_bytes(), colour=(0, 0, 0)) for name in names]
    tracks = [draw_row(names[0], drawn[:1]), draw_row(names[1], drawn)]
    config = write_config(write_reference(names[0], SIZES, [view], None), [view], tracks)
    page = tmp_path / "names.html"
    page.write_text(write_page(Page(title="mine", made_by="me", places=[Place("", view, view)], config=config)))
    with browser.new_context(offline=True) as context:
        shown = Shown(context.new_page(), page)
        assert shown.pixels("0,0,0") > 100
        assert [text for text in shown.page.locator(".igv-track-label").all_text_contents() if text] == names
        assert shown.complaints == []
        for attempt, directive in (
            (
                "document.body.insertAdjacentHTML('beforeend', `<img src='data:,x' onerror='document.title=1'>`)",
                "script-src-attr",
            ),
            ("fetch('https://example.org').catch(() => 0)", "connect-src"),
            ("document.body.insertAdjacentHTML('beforeend', `<img src='https://example.org/x'>`)", "img-src"),
        ):
            assert (
                shown.page.evaluate(
                    f"""() => new Promise(done => {{
                    document.addEventListener('securitypolicyviolation', e => done(e.effectiveDirective))
                    setTimeout(() => done('nothing was forbidden'), 5000)
                    {attempt} }})"""
                )
                == directive
            )
        assert shown.page.title() == "mine"
