"""docs/ builds as a site, and not with a broken link."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.pages import ROOT

OUTSIDE = ["CHANGELOG.md", "CODE_OF_CONDUCT.md", "CONTRIBUTING.md", "README.md", "SECURITY.md"]
FOLDERS = ["docs", "example_data", "genint/pretrained"]


def build(root: Path, out: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "properdocs", "build", "--strict", "-f", root / "mkdocs.yml", "-d", out]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_site_builds_strictly_with_every_page_and_without_a_network(tmp_path: Path) -> None:
    done = build(ROOT, tmp_path)
    assert done.returncode == 0, done.stderr
    built = {page.stem: page.read_text() for page in tmp_path.glob("*.html")}
    assert built.keys() >= {page.stem for page in (ROOT / "docs").glob("*.md")} | {"changes", "bundled_model"}
    assert 'href="changes.html"' in built["index"]
    assert [name for name, page in built.items() if re.search(r'<(script|link|img)[^>]+"https?:', page)] == []


def test_a_link_to_nowhere_stops_the_site(tmp_path: Path) -> None:
    for name in (*OUTSIDE, "mkdocs.yml"):
        shutil.copy(ROOT / name, tmp_path / name)
    for name in FOLDERS:
        shutil.copytree(ROOT / name, tmp_path / name)
    page = tmp_path / "docs" / "limits.md"
    page.write_text(f"{page.read_text()}\n[nowhere](nowhere.md)\n")
    done = build(tmp_path, tmp_path / "site")
    assert done.returncode == 1
    assert "nowhere.md" in done.stderr
