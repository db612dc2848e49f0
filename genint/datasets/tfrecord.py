"""The field's training records (basenji, baskerville, Borzoi, Enformer), read without TensorFlow.

A file is one zlib stream of TFRecords, https://www.tensorflow.org/tutorials/load_data/tfrecord:

    u64 length | u32 masked CRC32C of the length | data | u32 masked CRC32C of data          little-endian
    masked(crc) = (crc >> 15 | crc << 17) + 0xa282ead8

The data are a tf.train.Example, a protobuf map from names to features in no fixed order, each feature a list of one
byte string here (tensorflow/core/example/{example,feature}.proto; https://protobuf.dev/programming-guides/encoding):

    sequence    seq_length index bytes A C G T N = 0 1 2 3 4, or seq_length x 4 one-hot bytes, N = 0 0 0 0
    target      target_length x num_targets float16, little-endian
    umap        target_length bytes, 1 = not mappable; optional
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import google_crc32c
import numpy as np
import numpy.typing as npt

from genint.errors import InputError
from genint.genome import dna

_BLOCK = 1 << 20  # bytes inflated at a time
_HEADER = struct.Struct("<QI")
_CRC = struct.Struct("<I")


@dataclass(frozen=True, kw_only=True)
class RecordShape:
    """What the records of a data set hold: bases, bins and tracks. `one_hot`: how DNA is written, None if not known."""

    seq_length: int
    target_length: int
    num_targets: int
    one_hot: bool | None = None


@dataclass(frozen=True)
class Record:
    """Tokens (seq_length,), targets (target_length, T) float16, and which bins (target_length,) cannot be mapped."""

    tokens: dna.Tokens
    targets: npt.NDArray[np.float16]
    unmappable: npt.NDArray[np.bool_] | None


def read_records(path: Path, shape: RecordShape) -> Iterator[Record]:
    """Read the records of a file one after another; an empty file has none.

    Raises InputError naming file and record, the first being 1, for whatever is damaged, cut short or of other shape.
    """
    for number, data in enumerate(read_frames(path), start=1):
        try:
            yield _record(parse_example(data), shape)
        except (ValueError, IndexError) as error:
            raise InputError(f"{path}, record {number}: {error}") from None


def read_frames(path: Path) -> Iterator[bytes]:
    """The data of each TFRecord, its two checksums compared. Holds one record in memory. Raises InputError."""
    number = 1
    try:
        with open(path, "rb") as file:
            stream = _InflateStream(file)
            while header := stream.read(_HEADER.size):
                length, crc = _HEADER.unpack(_require(header, _HEADER.size))
                _check(header[:8], crc, "length")
                data = _require(stream.read(length), length)
                (crc,) = _CRC.unpack(_require(stream.read(_CRC.size), _CRC.size))
                _check(data, crc, "data")
                yield data
                number += 1
            stream.close()
    except OSError as error:
        raise InputError(f"{path}: cannot read ({error.strerror}). Expected a TFRecord file") from None
    except (zlib.error, _Damage) as error:
        raise InputError(
            f"{path}, record {number}: {error}. Expected zlib-compressed TFRecords; copy the file again"
        ) from None


class _Damage(Exception):
    """What a record is wrong with."""


def _require(content: bytes, size: int) -> bytes:
    if len(content) < size:
        raise _Damage(f"is cut short, {len(content):,} of {size:,} bytes are there")
    return content


def _check(content: bytes, expected: int, what: str) -> None:
    crc = google_crc32c.value(content)
    masked = ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
    if masked != expected:
        raise _Damage(f"is damaged, the checksum of its {what} is {masked:08x} and not {expected:08x}")


class _InflateStream:
    """A zlib stream, inflated block by block as it is read."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._inflate = zlib.decompressobj()
        self._buffer = bytearray()
        self._waiting = b""

    def read(self, size: int) -> bytes:
        """The next `size` bytes, fewer where the stream ends."""
        while len(self._buffer) < size and self._more():
            pass
        content = bytes(self._buffer[:size])
        del self._buffer[:size]
        return content

    def _more(self) -> bool:
        if self._inflate.eof:
            return False
        self._waiting = self._waiting or self._file.read(_BLOCK)
        block = self._inflate.decompress(self._waiting, _BLOCK)
        ended = not self._waiting and not block
        self._waiting = self._inflate.unconsumed_tail
        self._buffer += block
        return not ended

    def close(self) -> None:
        """Raise _Damage unless the stream has come to its end and the file with it; a file of no bytes is complete."""
        if not self._inflate.eof and self._file.tell():
            raise _Damage("the zlib stream is cut short where it would begin")
        if self._inflate.unused_data or self._file.read(1):
            raise _Damage("something follows the zlib stream")


_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


def parse_example(data: bytes) -> dict[str, memoryview]:
    """Feature name -> its byte string, of a serialised tf.train.Example. Raises ValueError for what is none.

    Example.features = 1; Features.feature = 1, a map whose entries have key = 1 and value = 2;
    Feature.bytes_list = 1; BytesList.value = 1. Features of other kinds are left out.
    """
    features: dict[str, memoryview] = {}
    for message in _fields(memoryview(data), 1):
        for entry in _fields(message, 1):
            name = b"".join(_fields(entry, 1)).decode()
            values = [v for value in _fields(entry, 2) for strings in _fields(value, 1) for v in _fields(strings, 1)]
            if len(values) > 1:
                raise ValueError(f"the feature {name} has {len(values)} values. Expected one")
            if values:
                features[name] = values[0]
    return features


def _fields(message: memoryview, field_number: int) -> Iterator[memoryview]:
    """The length-delimited fields of number `field_number`."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        number, kind = key >> 3, key & 7
        if kind == _VARINT:
            _, at = _varint(message, at)
            continue
        if kind == _BYTES:
            size, at = _varint(message, at)
        elif kind in (_FIXED64, _FIXED32):
            size = 8 if kind == _FIXED64 else 4
        else:
            raise ValueError(f"is no tf.train.Example (wire type {kind})")
        if at + size > len(message):
            raise ValueError("is no tf.train.Example (a field ends past its message)")
        if kind == _BYTES and number == field_number:
            yield message[at : at + size]
        at += size


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    """Value and where the next field begins: seven bits a byte, the lowest first, the top bit says that more follow."""
    value = shift = 0
    while shift < 64:
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
    raise ValueError("is no tf.train.Example (a number of more than 64 bits)")


def _record(features: dict[str, memoryview], shape: RecordShape) -> Record:
    for name in ("sequence", "target"):
        if name not in features:
            raise ValueError(f"has no feature {name}, but {', '.join(features) or 'none at all'}")
    n_values = shape.target_length * shape.num_targets
    if len(features["target"]) != 2 * n_values:
        raise ValueError(
            f"target has {len(features['target']):,} bytes. statistics.json says float16 of "
            f"{shape.target_length:,} x {shape.num_targets:,}, {2 * n_values:,} bytes"
        )
    targets = np.frombuffer(features["target"], dtype="<f2").reshape(shape.target_length, shape.num_targets)
    if np.isinf(targets).any():
        raise ValueError("target holds infinite values. Make the records again")
    unmappable = None
    if "umap" in features:
        unmappable = np.frombuffer(features["umap"], dtype=np.uint8).astype(np.bool_)
        if len(unmappable) != shape.target_length:
            raise ValueError(f"umap has {len(unmappable):,} bins, target {shape.target_length:,}")
    return Record(_tokens(features["sequence"], shape), targets, unmappable)


def _tokens(sequence: memoryview, shape: RecordShape) -> dna.Tokens:
    """Which encoding it is, its length tells; what statistics.json says must agree."""
    content = np.frombuffer(sequence, dtype=np.uint8)
    if len(content) == shape.seq_length and shape.one_hot is not True:
        if content.max(initial=0) > dna.UNKNOWN:
            raise ValueError(f"sequence holds the byte {content.max()}. Expected A C G T N as 0 1 2 3 4")
        return content
    if len(content) == 4 * shape.seq_length and shape.one_hot is not False:
        rows = content.reshape(-1, 4)
        known = rows.sum(axis=1)
        if content.max(initial=0) > 1 or known.max(initial=0) > 1:
            raise ValueError("sequence is not one-hot: a base has more than one 1")
        tokens: dna.Tokens = np.where(known == 1, rows.argmax(axis=1), dna.UNKNOWN).astype(np.uint8)
        return tokens
    encoding = {None: "", True: " as one-hot bytes", False: " as index bytes"}[shape.one_hot]
    raise ValueError(f"sequence has {len(content):,} bytes. statistics.json says {shape.seq_length:,} bases{encoding}")
