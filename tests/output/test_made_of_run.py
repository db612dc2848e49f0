"""What is known to be made of a run, and what is left alone; with real hubs and reports in tests/reporting."""

import json
import os
from pathlib import Path

from genint.output.made_of_run import find_stranger, remove_made, write_title


def make_run(folder: Path) -> Path:
    folder.mkdir()
    (folder / "run.json").write_text("{}")
    (folder / "a.bw").write_bytes(b"values")
    return folder


def make_hub(run: Path) -> Path:
    hub = run / "hub"
    (hub / "run").mkdir(parents=True)
    os.link(run / "a.bw", hub / "run" / "a.bw")
    for name in ("hub.txt", "genomes.txt", "x.chrom.sizes", "igv_x.xml", "trackDb_x.txt"):
        (hub / name).write_text("")
    (hub / "config.json").write_text(json.dumps([{"uri": "run/a.bw"}, {"uri": "x.chrom.sizes"}]))
    return hub


def make_page(run: Path, of: Path) -> Path:
    page = run / "report.html"
    page.write_text(f"<html><title>{write_title(of).replace('&', '&amp;')}</title>")
    return page


def test_all_files_of_a_hub_are_its_own_and_others_are_strangers(tmp_path: Path) -> None:
    hub = make_hub(make_run(tmp_path / "out"))
    assert find_stranger(hub) is None
    for name in ("run/notes.txt", "igv_mine.xml", "other.bw", ".hidden"):
        (hub / name).write_text("mine")
        assert find_stranger(hub) == hub / name
        (hub / name).unlink()
    (hub / "link").symlink_to(tmp_path)
    assert find_stranger(hub) == hub / "link"


def test_a_hub_and_a_report_of_a_run_go_with_it(tmp_path: Path) -> None:
    run = make_run(tmp_path / "A & B")
    hub, page = make_hub(run), make_page(run, run)
    assert list(remove_made(run)) == [f"{path}: was made of the earlier run, and is removed" for path in (hub, page)]
    assert sorted(file.name for file in run.iterdir()) == ["a.bw", "run.json"]
    assert list(remove_made(run)) == []


def test_a_copied_hub_is_known_by_its_values_and_one_of_other_values_is_left(tmp_path: Path) -> None:
    run = make_run(tmp_path / "out")
    hub = make_hub(run)
    (hub / "run" / "a.bw").unlink()
    (hub / "run" / "a.bw").write_bytes(b"others")
    assert list(remove_made(run)) == [f"note: {hub} may be of the earlier run, or holds more. Make it anew"]
    (hub / "run" / "a.bw").write_bytes(b"values")
    assert list(remove_made(run)) == [f"{hub}: was made of the earlier run, and is removed"]


def test_what_is_not_known_is_left_with_a_note(tmp_path: Path) -> None:
    run = make_run(tmp_path / "out")
    hub, page = make_hub(run), make_page(run, tmp_path / "another")
    (hub / "notes.txt").write_text("mine")
    notes = [f"note: {path} may be of the earlier run, or holds more. Make it anew" for path in (hub, page)]
    assert list(remove_made(run)) == notes
    assert page.is_file()
    assert (hub / "notes.txt").is_file()


def test_where_no_run_was_nothing_is_looked_at(tmp_path: Path) -> None:
    run = make_run(tmp_path / "out")
    page = make_page(run, run)
    (run / "run.json").unlink()
    assert list(remove_made(run)) == []
    assert page.is_file()
