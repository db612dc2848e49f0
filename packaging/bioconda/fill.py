"""Print the bioconda recipe with the digest of a released archive.

python packaging/bioconda/fill.py genint-0.1.0.tar.gz > recipes/genint/meta.yaml
"""

import hashlib
import sys
from pathlib import Path

RECIPE = Path(__file__).with_name("meta.yaml")
BLANK = "SHA256_OF_THE_ARCHIVE"


def fill(archive: Path) -> str:
    """The recipe without its first lines, which say how it is filled, for the bytes of `archive`."""
    lines = [line for line in RECIPE.read_text().splitlines() if not line.startswith("#")]
    return "\n".join(lines).replace(BLANK, hashlib.sha256(archive.read_bytes()).hexdigest()) + "\n"


if __name__ == "__main__":
    print(fill(Path(sys.argv[1])), end="")
