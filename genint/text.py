"""Text files as people have them: plain or gzipped, with or without a byte order mark, or standard input."""

import gzip
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

from genint.errors import InputError


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
