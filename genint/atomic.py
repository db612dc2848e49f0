"""Write, then rename: a file or folder is there complete or not at all."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a hidden path beside `path`, for a file or a folder; at the end of the block that takes the place of `path`.

        with replacing(Path("tracks.tsv")) as new:
            new.write_text("...")

    An exception in the block removes what was written and leaves `path` as it was; a killed process leaves a hidden
    `.NAME.PID-*.tmp`. Nothing is forced to the disk. A folder takes the place of a missing or empty one alone.
    """
    new = hidden(path)
    try:
        yield new
        os.replace(new, path)
    except BaseException:
        with suppress(OSError):
            shutil.rmtree(new) if new.is_dir() else new.unlink(missing_ok=True)
        raise


def hidden(path: Path) -> Path:
    """A name beside `path` that no other process and no other writer of this one takes."""
    return path.with_name(f".{path.name}.{os.getpid()}-{os.urandom(3).hex()}.tmp")
