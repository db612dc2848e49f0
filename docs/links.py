"""A hook of the site's builder: links that leave docs/ lead to pages of the site.

Pages are read in the repository, too, where ../CHANGELOG.md is right; on the site that file is the page changes.md.
Links to files that are no pages lose their link and keep their text. A link to nothing stays, and the strict build
refuses it.
"""

import posixpath
import re
from pathlib import Path
from typing import Any

from properdocs.structure.files import File, Files

DOCS = Path(__file__).parent
ROOT = DOCS.parent
OUTSIDE = {
    "CHANGELOG.md": "changes.md",
    "CODE_OF_CONDUCT.md": "conduct.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "example_data/README.md": "example_data.md",
    "genint/pretrained/genomic-interpreter-yeast/README.md": "bundled_model.md",
}
PAGES = {ROOT / path: name for path, name in OUTSIDE.items()} | {ROOT / "README.md": "index.md"}
LINK = re.compile(r"\[([^\]]+)\]\(([^)#:\s]+)(#[^)\s]+)?\)")


def on_files(files: Files, config: Any) -> Files:
    """Add the pages that lie outside docs/."""
    for path, name in OUTSIDE.items():
        files.append(File.generated(config, name, abs_src_path=str(ROOT / path)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Lead every relative link to where its target is on the site."""
    source, here = Path(page.file.abs_src_path), posixpath.dirname(page.file.src_uri)
    return LINK.sub(lambda link: _on_site(link, source.parent, here), markdown)


def _on_site(link: re.Match[str], folder: Path, here: str) -> str:
    text, target, place = link.groups()
    path = (folder / target).resolve()
    if not path.exists():
        return link.group()
    if path in PAGES or (path.is_file() and path.is_relative_to(DOCS)):
        name = PAGES.get(path) or path.relative_to(DOCS).as_posix()
        return f"[{text}]({posixpath.relpath(name, here or '.')}{place or ''})"
    return str(text)
