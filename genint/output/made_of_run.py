"""What is made of a run and may lie in its folder, OUT/hub and OUT/report.html: known again, so that none outlives it.

Which files a hub has is asked here, too, as whatever else lies in its folder is a user's own.
"""

import filecmp
import html
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from genint.output.report import RUN_FILE

HUB_FOLDER, REPORT_FILE = "hub", "report.html"
HUB_FILE, GENOMES_FILE, JBROWSE_FILE = "hub.txt", "genomes.txt", "config.json"
IGV_SESSION, TRACK_DB, CHROM_SIZES = "igv_{}.xml", "trackDb_{}.txt", "{}.chrom.sizes"  # by assembly
_PAGE_HEAD = 4_000  # characters of a report that hold its title


def find_stranger(hub: Path) -> Path | None:
    """A file that lies in the folder of a hub and is none of it; None where there is no such file."""
    own = _list_files(hub)
    files = (path for path in sorted(hub.rglob("*")) if path.is_symlink() or not path.is_dir())
    return next((path for path in files if path.relative_to(hub).as_posix() not in own), None)


def _list_files(hub: Path) -> set[str]:
    """The names of a hub's files: those that are the same in all, and those that its JBrowse configuration has."""
    config = hub / JBROWSE_FILE
    named = set(re.findall(r'"uri": "(.*?)"', config.read_text("utf-8", "replace"))) if config.is_file() else set()
    suffix = CHROM_SIZES.format("")
    assemblies = [name.removesuffix(suffix) for name in named if name.endswith(suffix)]
    by_assembly = {pattern.format(assembly) for pattern in (IGV_SESSION, TRACK_DB) for assembly in assemblies}
    return {HUB_FILE, GENOMES_FILE, JBROWSE_FILE} | named | by_assembly


def write_title(folder: Path) -> str:
    """The title of a report of `folder`."""
    return f"genint report: {folder.resolve().name}"


def remove_made(run: Path) -> Iterator[str]:
    """Remove the hub and the report of the finished run in `run` that lie there, before another takes its place.

    Says what was removed, and what may be of that run and stays as it is not known to be.
    """
    if not (run / RUN_FILE).is_file():
        return
    hub, page = run / HUB_FOLDER, run / REPORT_FILE
    if (hub / HUB_FILE).is_file():
        is_known = _is_hub_of(hub, run)
        if is_known:
            shutil.rmtree(hub)
        yield _note(hub, is_known)
    if page.is_file():
        is_known = _is_report_of(page, run)
        if is_known:
            page.unlink()
        yield _note(page, is_known)


def _note(path: Path, is_known: bool) -> str:
    if is_known:
        return f"{path}: was made of the earlier run, and is removed"
    return f"note: {path} may be of the earlier run, or holds more. Make it anew"


def _is_hub_of(hub: Path, run: Path) -> bool:
    """Whether all in a hub is its own, and all of its bigWigs are the run's."""
    if hub.is_symlink() or find_stranger(hub):
        return False
    pairs = [(path, run / path.name) for path in hub.glob("*/*.bw")]
    return all(source.is_file() and _is_same(path, source) for path, source in pairs)


def _is_same(one: Path, other: Path) -> bool:
    return one.samefile(other) or filecmp.cmp(one, other, shallow=False)


def _is_report_of(page: Path, run: Path) -> bool:
    with open(page, encoding="utf-8", errors="replace") as file:
        title = re.search("<title>(.*?)</title>", file.read(_PAGE_HEAD), re.DOTALL)
    return title is not None and html.unescape(title[1]) == write_title(run)
