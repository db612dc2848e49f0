"""Text files: read as people have them (plain or gzipped, with a byte order mark or none), tables written one way."""

import codecs
import csv
import gzip
import io
import re
import sys
import zlib
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

from genint.errors import InputError

if TYPE_CHECKING:
    from pandas import DataFrame


def read_lines(path: Path | str, expected: str) -> Generator[str, None, None]:
    """Lines of a text file, or of standard input (`-`), without their ends and without a byte order mark.

    A line ends with LF, CR LF or a lone CR; gzip is recognised by its first bytes. `expected` says in messages what the
    file should be. Raises InputError naming file and line for what cannot be read or is not UTF-8 text.
    """
    if str(path) == "-" and sys.stdin is None:  # closed, and some other file may have its number by now
        raise InputError(f"-: standard input is closed. Expected {expected}")
    number = 0
    try:
        with open(0, "rb", closefd=False) if str(path) == "-" else open(path, "rb") as file:
            is_gzip = file.peek(2)[:2] == b"\x1f\x8b"
            with io.TextIOWrapper(gzip.GzipFile(fileobj=file) if is_gzip else file, "utf-8-sig") as text:
                for number, line in enumerate(text, start=1):
                    if "\0" in line:
                        raise InputError(f"{path}, line {number}: is not UTF-8 text (byte 0x0). Expected {expected}")
                    yield line.rstrip("\n")
    except UnicodeDecodeError as error:
        raise _not_utf8(path, number, error, expected) from None
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(f"{path}: the gzip stream is damaged or cut short ({error}). Copy the file again") from None
    except OSError as error:
        raise InputError(f"{path}: cannot read ({error.strerror or error}). Expected {expected}") from None


def read_text(path: Path | str, expected: str) -> str:
    """A text file in one piece, its lines ending with LF: see `read_lines`."""
    return "\n".join(read_lines(path, expected))


def _not_utf8(path: Path | str, lines_before: int, error: UnicodeDecodeError, expected: str) -> InputError:
    """`error.object` begins in the line after `lines_before`: a block is decoded when no line is left of another."""
    content = error.object
    line = lines_before + 1 + len(re.findall(rb"\r\n|\r|\n", content[: error.start]))
    found = f"byte {content[error.start]:#x}"
    if line == 1 and content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        found = "it is UTF-16: save it as UTF-8"
    return InputError(f"{path}, line {line}: is not UTF-8 text ({found}). Expected {expected}")


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
