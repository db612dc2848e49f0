"""Text files: read as people have them (plain or gzipped, with a byte order mark or none), tables written one way."""

import csv
import gzip
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from genint.errors import InputError

if TYPE_CHECKING:
    from pandas import DataFrame


def read_lines(path: Path | str, expected: str) -> Iterator[str]:
    """Lines of a text file without their ends and its byte-order mark; gzip is recognised by its first bytes."""
    if str(path) == "-" and sys.stdin is None:  # closed, and some other file may have its number by now
        raise InputError(f"-: standard input is closed. Expected {expected}")
    number = 0
    try:
        with open(0, "rb", closefd=False) if str(path) == "-" else open(path, "rb") as file:
            packed = file.peek(2)[:2] == b"\x1f\x8b"
            for number, raw in enumerate(gzip.GzipFile(fileobj=file) if packed else file, start=1):
                yield raw.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path}, line {number}: is not UTF-8 text (byte {error.object[error.start]:#x}). Expected {expected}"
        ) from None
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(f"{path}: the gzip stream is damaged or cut short ({error}). Copy the file again") from None
    except OSError as error:
        raise InputError(f"{path}: cannot read ({error.strerror or error}). Expected {expected}") from None


def write_tsv(path: Path, table: "DataFrame", *, float_format: str | None = None, append: bool = False) -> None:
    """Write a DataFrame's columns, tab-separated, without its index; missing values are empty cells.

    Floats are written so that they read back as they are, or as `float_format` says ("%.5f"). With `append`, rows alone
    are added to a file that has its header. OSError where the system refuses.
    """
    table.to_csv(
        path,
        sep="\t",
        index=False,
        header=not append,
        mode="a" if append else "w",
        na_rep="",
        float_format=float_format,
        quoting=csv.QUOTE_NONE,
        lineterminator="\n",
        encoding="utf-8",
    )
