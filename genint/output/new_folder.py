"""A folder that a command makes anew: complete or not there at all, and never in place of something else."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from genint.atomic import replacing
from genint.errors import OutputError, cannot_write


def check_new_folder(out: Path) -> None:
    """OutputError unless `out` is missing or an empty folder: to be called before anything is computed."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise OutputError(f"{out}: is there already, and not empty. Remove it, or choose another `out`")


@contextmanager
def new_folder(out: Path) -> Iterator[Path]:
    """Give a hidden folder to fill, which takes its place at `out` when the block ends without an exception.

    OutputError where `out` is there already, see check_new_folder, and where something cannot be written.
    """
    check_new_folder(out)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with replacing(out) as folder:
            folder.mkdir()
            yield folder
    except OSError as error:
        raise cannot_write(out, error) from None
