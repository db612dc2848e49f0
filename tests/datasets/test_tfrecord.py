"""The field's records: what was written is read, bit for bit, and what is damaged is named."""

import struct
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from genint.datasets.tfrecord import Record, RecordShape, read_frames, read_records
from genint.errors import InputError
from tests.datasets import records
from tests.datasets.records import Written, example, frame, pack, record, some_record

SHAPE = RecordShape(seq_length=records.SEQ, target_length=records.BINS, num_targets=records.TRACKS)


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def same(read: Record, expected: Written) -> bool:
    umaps = (read.unmappable, expected.umap)
    return (
        np.array_equal(read.tokens, expected.tokens)
        and read.targets.tobytes() == expected.targets.astype("<f2").tobytes()
        and (umaps[0] is umaps[1] or np.array_equal(*umaps))
    )


def test_the_checksum_of_the_tests_is_castagnoli_s() -> None:
    assert records.crc32c(b"123456789") == 0xE3069283


@pytest.mark.parametrize("encoding", ["index", "one-hot"])
@pytest.mark.parametrize("order", ["target first", "sequence first"])
def test_records_are_read_bit_for_bit_and_as_a_second_decoder_reads_them(
    encoding: str, order: str, tmp_path: Path
) -> None:
    expected = [some_record(n)._replace(umap=np.arange(records.BINS) % 3 == n) for n in range(4)]
    content = pack([frame(record(one, encoding, order)) for one in expected])
    read = list(read_records(written(tmp_path / "train-0.tfr", content), SHAPE))
    second = records.decode(content, records.BINS, records.TRACKS)
    assert len(read) == len(second) == 4
    for one, other, truth in zip(read, second, expected, strict=True):
        assert same(one, truth)
        assert same(one, other)


@pytest.mark.parametrize("content", [b"", zlib.compress(b"")], ids=["no bytes", "nothing compressed"])
def test_an_empty_file_has_no_records(content: bytes, tmp_path: Path) -> None:
    assert list(read_records(written(tmp_path / "valid-1.tfr", content), SHAPE)) == []


def test_features_that_are_not_ours_are_passed_over(tmp_path: Path) -> None:
    expected = some_record(1)
    number = records.delimited(1, b"n") + records.delimited(2, records.delimited(3, records.delimited(1, b"\x05")))
    ours = record(expected)
    ((_, features),) = records.tree(ours)
    strange = b"\x50\x96\x01" + b"\x59" + bytes(8) + b"\x65" + bytes(4)  # a varint, 8 and 4 bytes of other fields
    data = strange + records.delimited(1, records.delimited(1, number) + features)
    (read,) = read_records(written(tmp_path / "a.tfr", pack([frame(data)])), SHAPE)
    assert same(read, expected)


@pytest.mark.parametrize("where", ["length", "checksum of the length", "data", "checksum of the data"])
def test_a_damaged_record_is_named(where: str, tmp_path: Path) -> None:
    frames = [bytearray(frame(record(some_record(n)))) for n in range(3)]
    place = {"length": 1, "checksum of the length": 9, "data": 500, "checksum of the data": -2}[where]
    frames[1][place] ^= 4
    read = read_records(written(tmp_path / "bad.tfr", pack([bytes(one) for one in frames])), SHAPE)
    assert same(next(read), some_record(0))
    with pytest.raises(InputError, match=r"bad\.tfr, record 2: is damaged, the checksum of its (length|data)"):
        next(read)


def test_a_file_cut_anywhere_is_refused(tmp_path: Path) -> None:
    content = pack([frame(record(some_record(n))) for n in range(2)])
    for size in [*range(1, len(content), 97), *range(len(content) - 12, len(content))]:
        with pytest.raises(InputError, match=r"record [123]: .*cut short"):
            list(read_frames(written(tmp_path / "cut.tfr", content[:size])))


def test_a_flipped_bit_is_noticed_or_changes_nothing(tmp_path: Path) -> None:
    whole = [record(some_record(n)) for n in range(2)]
    content = pack([frame(data) for data in whole])
    noticed, places = 0, [*range(0, len(content), 17), *range(len(content) - 8, len(content))]
    for place in places:
        flipped = bytearray(content)
        flipped[place] ^= 1 << place % 8
        try:
            assert list(read_frames(written(tmp_path / "flipped.tfr", bytes(flipped)))) == whole  # a bit of padding
        except InputError:
            noticed += 1
    assert noticed > 0.9 * len(places)


def test_what_is_no_zlib_stream_or_has_a_tail_is_refused(tmp_path: Path) -> None:
    plain = frame(record(some_record(0)))
    for content in (plain, pack([plain]) + b"more", b">chr1\nACGT\n"):
        with pytest.raises(InputError, match=r"odd\.tfr, record"):
            list(read_frames(written(tmp_path / "odd.tfr", content)))
    with pytest.raises(InputError, match="cannot read"):
        list(read_frames(tmp_path / "none.tfr"))


def test_memory_is_that_of_a_record_and_not_of_a_file(tmp_path: Path) -> None:
    size = 1 << 19
    blank = frame(bytes(size))
    file = written(tmp_path / "big.tfr", pack([blank] * 60))
    tracemalloc.start()
    try:
        assert sum(len(data) == size for data in read_frames(file)) == 60
        assert tracemalloc.get_traced_memory()[1] < 10 * size
    finally:
        tracemalloc.stop()


def with_targets(targets: np.ndarray) -> bytes:
    return record(some_record(0)._replace(targets=targets))


def with_sequence(sequence: bytes) -> bytes:
    return example([("sequence", sequence), ("target", some_record(0).targets.tobytes())])


SEQ, ONE_HOT = records.SEQ, records.sequence_bytes(some_record(0).tokens, "one-hot")
WRONG: dict[str, tuple[Callable[[], bytes], str]] = {
    "fewer tracks": (lambda: with_targets(some_record(0, tracks=2).targets), "target has 96 bytes.*24 x 3, 144 bytes"),
    "infinite": (lambda: with_targets(np.full((records.BINS, 3), np.inf, np.float16)), "infinite"),
    "short DNA": (lambda: with_sequence(bytes(SEQ - 1)), "sequence has 1,023 bytes"),
    "ASCII DNA": (lambda: with_sequence(b"A" * SEQ), "byte 65"),
    "two letters at once": (lambda: with_sequence(b"\1" + b"\1" + ONE_HOT[2:]), "one-hot"),
    "no target": (lambda: example([("sequence", bytes(SEQ))]), "no feature target, but sequence"),
    "no features": (lambda: b"", "no feature sequence, but none at all"),
    "short umap": (lambda: record(some_record(0)._replace(umap=np.zeros(5))), "umap has 5 bins"),
    "two values": (
        lambda: records.delimited(1, records.delimited(1, records.delimited(1, b"x") + _two_values())),
        "x has 2 values",
    ),
    "a group": (lambda: b"\x0b\x01", "wire type 3"),
    "past its message": (lambda: b"\x0a\x05ab", "ends past its message"),
    "a number cut": (lambda: b"\x0a\xff", "index out of"),
    "a number without end": (lambda: b"\x0a" + b"\xff" * 12, "64 bits"),
}


def _two_values() -> bytes:
    return records.delimited(2, records.delimited(1, records.delimited(1, b"a") + records.delimited(1, b"b")))


@pytest.mark.parametrize("name", WRONG)
def test_a_record_that_does_not_fit_is_named(name: str, tmp_path: Path) -> None:
    make, message = WRONG[name]
    file = written(tmp_path / "odd.tfr", pack([frame(record(some_record(0))), frame(make())]))
    with pytest.raises(InputError, match=rf"odd\.tfr, record 2: .*{message}"):
        list(read_records(file, SHAPE))


@pytest.mark.parametrize(("encoding", "told"), [("index", True), ("one-hot", False)])
def test_an_encoding_other_than_told_is_refused(encoding: str, told: bool, tmp_path: Path) -> None:
    file = written(tmp_path / "odd.tfr", pack([frame(record(some_record(0), encoding))]))
    shape = RecordShape(seq_length=SEQ, target_length=records.BINS, num_targets=records.TRACKS, one_hot=told)
    with pytest.raises(InputError, match="record 1: sequence has"):
        list(read_records(file, shape))


def test_the_length_is_little_endian_of_eight_bytes(tmp_path: Path) -> None:
    data = b"x" * 300
    assert frame(data)[:8] == struct.pack("<Q", 300)
    assert list(read_frames(written(tmp_path / "a.tfr", pack([frame(data)])))) == [data]
