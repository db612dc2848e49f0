"""Print the bioconda recipe for a released archive, a file here and an address for everyone else.

python packaging/bioconda/fill.py genint-0.1.0.tar.gz URL > recipes/genint/meta.yaml
"""

import hashlib
import sys
from pathlib import Path

RECIPE = Path(__file__).with_name("meta.yaml")
URL, SHA256 = "URL_OF_THE_ARCHIVE", "SHA256_OF_THE_ARCHIVE"


def fill(archive: Path, url: str) -> str:
    """The recipe without its head, for the bytes of `archive`, which everyone has at `url`."""
    lines = [line for line in RECIPE.read_text().splitlines() if not line.startswith("#")]
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    return "\n".join(lines).replace(URL, url).replace(SHA256, digest) + "\n"


if __name__ == "__main__":
    print(fill(Path(sys.argv[1]), sys.argv[2]), end="")
