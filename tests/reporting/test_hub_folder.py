"""Hubs of real runs: every file that a browser is told of is there, and is what it is said to be."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import py2bit
import pytest

from genint.errors import InputError, OutputError
from genint.output.bigwig import BigWigReader
from genint.prediction.to_folder import predict_to_folder
from genint.reporting.hub_folder import make_hub
from genint.reporting.report_file import make_report
from tests.conftest import EXAMPLE, Run, file_size_limit
from tests.reporting.hubs import check_genome, check_hub_head, check_one_file_hub, check_tracks, stanzas

GENOME = EXAMPLE / "genome.fa"


@pytest.fixture(scope="module")
def predicted(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> Path:
    folder = tmp_path_factory.mktemp("predicted") / "run"
    predict_to_folder(GENOME, ["chr3:1-4000", "chr2:8001-9000"], tiny_model, folder)
    return folder


def uris(config: Any) -> Iterator[str]:
    if isinstance(config, dict):
        if "uri" in config:
            yield config["uri"]
        for value in config.values():
            yield from uris(value)
    elif isinstance(config, list):
        for value in config:
            yield from uris(value)


def test_every_file_that_a_browser_is_told_of_is_there(predicted: Path, tmp_path: Path) -> None:
    out = tmp_path / "hub"
    opened = make_hub([predicted], out, genomes=[GENOME], email="me@here.org", label="mine")
    assert [file.name for file in opened] == ["hub.txt", "igv_genome.xml", "config.json"]
    text = (out / "hub.txt").read_text()
    check_one_file_hub(text)
    assert stanzas(text)[0]["email"] == "me@here.org"
    urls = [track["bigDataUrl"] for track in stanzas(text) if "bigDataUrl" in track]
    assert len(urls) == 7
    for url in urls:
        with BigWigReader(out / url) as bigwig:
            assert list(bigwig.chroms) == ["chr1", "chr2", "chr3"]
    session = ElementTree.parse(out / "igv_genome.xml").getroot()
    assert [each.get("path") for each in session.findall("Resources/Resource")] == urls
    assert (out / str(session.get("genome"))).is_file()
    found = list(uris(json.loads((out / "config.json").read_text())))
    assert {*urls} < {*found}
    assert all((out / uri).is_file() for uri in found)
    assert py2bit.open(str(out / "genome.2bit")).chroms() == {"chr1": 204800, "chr2": 60003, "chr3": 35073}
    assert (out / "genome.chrom.sizes").read_text() == "chr1\t204800\nchr2\t60003\nchr3\t35073\n"


def test_a_hub_takes_no_room_for_bigwigs_on_the_same_disk_and_survives_where_links_are_refused(
    predicted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_hub([predicted], tmp_path / "linked", genomes=[GENOME])
    assert (tmp_path / "linked" / "run" / "atac.bw").samefile(predicted / "atac.bw")

    def refuse(*_: object) -> None:
        raise OSError("no links here")

    monkeypatch.setattr("os.link", refuse)
    make_hub([predicted], tmp_path / "copied", genomes=[GENOME])
    copy = tmp_path / "copied" / "run" / "atac.bw"
    assert not copy.samefile(predicted / "atac.bw")
    assert copy.read_bytes() == (predicted / "atac.bw").read_bytes()


def test_runs_on_two_assemblies_make_three_files_and_a_session_each(
    predicted: Path, tiny_model: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.fa"
    other.write_text(f">chrA\n{'ACGTTGCA' * 500}\n")
    predict_to_folder(other, None, tiny_model, tmp_path / "b")
    out = tmp_path / "hub"
    make_hub([predicted, tmp_path / "b"], out, genomes=[other, GENOME])
    check_hub_head(*stanzas((out / "hub.txt").read_text()))
    genomes = stanzas((out / "genomes.txt").read_text())
    assert [genome["genome"] for genome in genomes] == ["genome", "other"]
    for genome in genomes:
        check_genome(genome)
        found = stanzas((out / genome["trackDb"]).read_text())
        check_tracks(found)
        assert all((out / track["bigDataUrl"]).is_file() for track in found if "bigDataUrl" in track)
        assert (out / f"igv_{genome['genome']}.xml").is_file()


def test_what_is_in_the_way_is_kept_unless_it_is_a_hub_and_shall_be_replaced(predicted: Path, tmp_path: Path) -> None:
    out = tmp_path / "hub"
    out.mkdir()
    make_hub([predicted], out, genomes=[GENOME])
    with pytest.raises(OutputError, match=r"hub: holds a hub. Give `overwrite` to replace it"):
        make_hub([predicted], out, genomes=[GENOME])
    make_hub([predicted], out, genomes=[GENOME], overwrite=True, label="again")
    assert "shortLabel again\n" in (out / "hub.txt").read_text()
    with pytest.raises(OutputError, match=r"run: holds files and no hub. Choose another `out`"):
        make_hub([predicted], predicted, genomes=[GENOME], overwrite=True)
    assert (predicted / "atac.bw").is_file()


def test_a_hub_is_not_replaced_together_with_what_is_in_it(predicted: Path, tmp_path: Path) -> None:
    out = tmp_path / "hub"
    make_hub([predicted], out, genomes=[GENOME])
    (out / "paper.txt").write_text("mine")
    with pytest.raises(OutputError, match=r"paper\.txt: is no file of the hub in .*hub\. Move it"):
        make_hub([predicted], out, genomes=[GENOME], overwrite=True)
    assert (out / "paper.txt").read_text() == "mine"
    shutil.copytree(predicted, out / "inner")
    shutil.copy(GENOME, out / "genome.fa")
    (tmp_path / "link").symlink_to(out / "inner")
    for folder, genome in ((out / "inner", GENOME), (tmp_path / "link", GENOME), (predicted, out / "genome.fa")):
        with pytest.raises(InputError, match=r"lies in `out` .*hub, which `overwrite` would remove"):
            make_hub([folder], out, genomes=[genome], overwrite=True)
    assert (out / "inner" / "atac.bw").is_file()


def test_a_link_to_a_hub_stays_and_the_hub_is_replaced(predicted: Path, tmp_path: Path) -> None:
    make_hub([predicted], tmp_path / "hub", genomes=[GENOME])
    (tmp_path / "link").symlink_to(tmp_path / "hub")
    opened = make_hub([predicted], tmp_path / "link", genomes=[GENOME], label="again", overwrite=True)
    assert opened[0] == tmp_path / "link" / "hub.txt"
    assert "shortLabel again\n" in (tmp_path / "hub" / "hub.txt").read_text()
    assert (tmp_path / "link").is_symlink()


def test_a_full_disk_leaves_the_last_hub_as_it_was(predicted: Path, tmp_path: Path) -> None:
    make_hub([predicted], tmp_path / "hub", genomes=[GENOME], label="first")
    with file_size_limit(10_000), pytest.raises(OutputError, match="hub: cannot write"):
        make_hub([predicted], tmp_path / "hub", genomes=[GENOME], label="second", overwrite=True)
    assert [file.name for file in tmp_path.iterdir()] == ["hub"]
    assert "shortLabel first\n" in (tmp_path / "hub" / "hub.txt").read_text()


def test_what_cannot_be_shown_is_one_line(predicted: Path, tmp_path: Path) -> None:
    small = tmp_path / "small.fa"
    small.write_text(">chr1\nACGT\n")
    for told, folders, given in (
        (r"run: is on genome, which UCSC does not have .*`genomes`, the FASTA .*\(genome.fa\)", [predicted], {}),
        (r"`genomes` .*small.fa: no run is on it", [predicted], {"genomes": [small]}),
        (r"run: is given twice", [predicted, predicted / "." / ".." / "run"], {"genomes": [GENOME]}),
        (r"`email` me: is no address", [predicted], {"email": "me"}),
        (r"`email` a@b\nc: is no address".replace(r"\n", " "), [predicted], {"email": "a@b\nc"}),
        (r"none: is not there", [tmp_path / "none"], {}),
        (r"its run.json names no finished run", [tmp_path], {}),
    ):
        with pytest.raises(InputError, match=told):
            make_hub(folders, tmp_path / "hub", **given)
    assert not (tmp_path / "hub").exists()


def test_the_command_prints_what_browsers_open_and_asks_for_an_email(
    predicted: Path, tmp_path: Path, genint: Run
) -> None:
    finished = genint("hub", predicted, "-o", tmp_path / "hub", "-g", GENOME)
    assert finished.code == 0, finished.err
    assert [Path(line).name for line in finished.out.split()] == ["hub.txt", "igv_genome.xml", "config.json"]
    assert "note: --email is a placeholder" in finished.err
    named = genint(
        "hub", predicted, "-o", tmp_path / "hub", "-g", GENOME, "--email", "a@b.org", "--overwrite", "--json"
    )
    assert json.loads(named.out)["files"] == ["hub.txt", "igv_genome.xml", "config.json"]
    assert "placeholder" not in named.err
    refused = genint("hub", predicted, "-o", tmp_path / "other")
    assert refused.code == 1
    assert "Give --genome, the FASTA" in refused.err


def test_predict_makes_a_hub_in_its_folder_again_and_again(tiny_model: Path, tmp_path: Path, genint: Run) -> None:
    command = ["predict", GENOME, "--region", "chr3:1-2000", "-m", tiny_model, "-o", tmp_path / "out", "--hub"]
    for _ in range(2):
        finished = genint(*command)
        assert finished.code == 0, finished.err
        assert f"{tmp_path / 'out' / 'hub' / 'hub.txt'}\n" in finished.out
        check_one_file_hub((tmp_path / "out" / "hub" / "hub.txt").read_text())
    assert genint(*command, "--format", "zarr").code == 2
    shutil.rmtree(tmp_path / "out" / "hub")
    assert genint(*command[:-1]).code == 0
    assert not (tmp_path / "out" / "hub").exists()


def test_another_run_in_the_folder_does_not_keep_the_hub_and_the_report_of_the_last(
    tiny_model: Path, tmp_path: Path, genint: Run
) -> None:
    out = tmp_path / "out"
    command = ["predict", GENOME, "-m", tiny_model, "-t", "atac", "-o", out, "--region"]
    assert genint(*command, "chr3:1-2000", "--hub").code == 0
    make_report(out)
    again = genint(*command, "chr3:3001-4000", "--overwrite")
    assert again.code == 0, again.err
    for name in ("hub", "report.html"):
        assert f"genint: {out / name}: was made of the earlier run, and is removed\n" in again.err
        assert not (out / name).exists()
    make_report(out)
    parts = tmp_path / "part"
    assert genint(*command[:-2], parts, "--region", "chr2:1-2000").code == 0
    assert genint("merge", parts, "-o", out, "--overwrite").code == 0
    assert not (out / "report.html").exists()
