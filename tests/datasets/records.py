"""TFRecords written and read a second way, for the tests: nothing here is shared with genint.

The encoder goes from arrays to bytes by the same specifications; the decoder holds a whole file in memory and turns
any protobuf message into a tree before it looks for names.
"""

import json
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from genint.genome.fasta import Genome
from tests.conftest import EXAMPLE

SEQ, CROP, POOL, BINS, TRACKS = 1_024, 128, 32, 24, 3  # 24 x 32 + 2 x 128 = 1,024
SEED = 7


def _crc_table() -> list[int]:
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        table.append(byte)
    return table


_CRC = _crc_table()


def crc32c(content: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in content:
        crc = crc >> 8 ^ _CRC[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def masked(content: bytes) -> bytes:
    crc = crc32c(content)
    return struct.pack("<I", ((crc >> 15 | crc << 17 & 0xFFFFFFFF) + 0xA282EAD8) % (1 << 32))


def varint(value: int) -> bytes:
    answer = b""
    while value > 127:
        answer, value = answer + bytes([value & 127 | 128]), value >> 7
    return answer + bytes([value])


def delimited(number: int, content: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(content)) + content


def example(features: Sequence[tuple[str, bytes]]) -> bytes:
    """A tf.train.Example whose map holds these byte strings in this order."""
    entries = (delimited(1, n.encode()) + delimited(2, delimited(1, delimited(1, v))) for n, v in features)
    return delimited(1, b"".join(delimited(1, entry) for entry in entries))


def frame(data: bytes) -> bytes:
    length = struct.pack("<Q", len(data))
    return length + masked(length) + data + masked(data)


def pack(frames: Sequence[bytes]) -> bytes:
    return zlib.compress(b"".join(frames))


class Written(NamedTuple):
    """What a record holds."""

    tokens: np.ndarray
    targets: np.ndarray
    umap: np.ndarray | None = None


def sequence_bytes(tokens: np.ndarray, encoding: str) -> bytes:
    if encoding == "index":
        return tokens.astype(np.uint8).tobytes()
    return np.concatenate([np.eye(4, dtype=np.uint8), np.zeros((1, 4), np.uint8)])[tokens].tobytes()


def record(written: Written, encoding: str = "index", order: str = "target first") -> bytes:
    features = [("target", written.targets.astype("<f2").tobytes())]
    features.append(("sequence", sequence_bytes(written.tokens, encoding)))
    if written.umap is not None:
        features.append(("umap", written.umap.astype(np.uint8).tobytes()))
    return example(features if order == "target first" else features[::-1])


def some_record(seed: int, seq: int = SEQ, bins: int = BINS, tracks: int = TRACKS) -> Written:
    """Random DNA with some N, random targets that float16 holds."""
    draw = np.random.default_rng(seed)
    tokens = draw.choice(5, seq, p=[0.3, 0.2, 0.2, 0.25, 0.05]).astype(np.uint8)
    return Written(tokens, draw.gamma(0.5, 4, (bins, tracks)).astype(np.float16))


# -- the second decoder ------------------------------------------------------------------------------------------------


def tree(message: bytes) -> list[tuple[int, Any]]:
    """Every field of a message of length-delimited fields, as (number, bytes)."""
    fields, at = [], 0
    while at < len(message):
        numbers = []
        for _ in range(2):
            text = ""
            while True:
                byte = message[at]
                at += 1
                text = f"{byte & 127:07b}" + text
                if byte < 128:
                    break
            numbers.append(int(text, 2))
        assert numbers[0] & 7 == 2
        fields.append((numbers[0] >> 3, message[at : at + numbers[1]]))
        at += numbers[1]
    return fields


def decode(content: bytes, bins: int, tracks: int) -> list[Written]:
    """Records of a whole file, checksums ignored."""
    plain, records = zlib.decompress(content) if content else b"", []
    while plain:
        size = int.from_bytes(plain[:8], "little")
        ((_, features),) = tree(plain[12 : 12 + size])
        found = {}
        for _, entry in tree(features):
            parts = dict(tree(entry))
            ((_, strings),) = tree(parts[2])
            ((_, found[parts[1].decode()]),) = tree(strings)
        sequence = np.frombuffer(found["sequence"], np.uint8)
        targets = np.frombuffer(found["target"], "<f2").reshape(bins, tracks)
        if sequence.max() <= 1:
            rows = sequence.reshape(-1, 4).astype(int)
            sequence = (rows @ [1, 2, 3, 4] + 4) % 5
        umap = np.frombuffer(found["umap"], np.uint8) if "umap" in found else None
        records.append(Written(sequence, targets, umap))
        plain = plain[16 + size :]
    return records


# -- a folder of the field's -------------------------------------------------------------------------------------------


class Folder(NamedTuple):
    """A folder on disk, and for each label where its records' bins begin on chr1 and what they hold."""

    path: Path
    starts: dict[str, list[int]]
    records: dict[str, list[Written]]


def write_folder(
    path: Path,
    counts: dict[str, int],
    *,
    dialect: str = "targets",
    encoding: str = "index",
    per_file: int = 2,
    unmappable: bool = False,
) -> Folder:
    """Records of the example genome's chr1 in random order; rows of the labels interleaved in sequences.bed."""
    draw = np.random.default_rng(SEED)
    labels = draw.permutation([label for label, count in counts.items() for _ in range(count)]).tolist()
    starts: dict[str, list[int]] = {label: [] for label in counts}
    records: dict[str, list[Written]] = {label: [] for label in counts}
    lines = []
    with Genome(EXAMPLE / "genome.fa") as genome:
        for n, label in enumerate(labels):
            start = CROP + 1_000 + 1_777 * n
            tokens = genome.tokens("chr1", start - CROP, start - CROP + SEQ)
            umap = draw.random(BINS) < 0.3 if unmappable else None
            starts[label].append(start)
            records[label].append(Written(tokens, some_record(n).targets, umap))
            border = (start, start + BINS * POOL) if dialect == "targets" else (start - CROP, start - CROP + SEQ)
            lines.append(f"chr1\t{border[0]}\t{border[1]}\t{label}\n")
    (path / "tfrecords").mkdir(parents=True)
    (path / "sequences.bed").write_text("".join(lines))
    for label, own in records.items():
        for i, first in enumerate(range(0, len(own) + 1, per_file)):  # the last is empty if the files are all full
            frames = [frame(record(written, encoding)) for written in own[first : first + per_file]]
            if frames or i:
                (path / "tfrecords" / f"{label}-{i}.tfr").write_bytes(pack(frames))
    (path / "targets.txt").write_text(TARGETS)
    statistics = {"num_targets": TRACKS, "seq_length": SEQ, "pool_width": POOL, "crop_bp": CROP, "target_length": BINS}
    statistics |= {"seq_1hot": True} if encoding == "index" else {}
    statistics |= {f"{label}_seqs": count for label, count in counts.items()}
    (path / "statistics.json").write_text(json.dumps(statistics))
    return Folder(path, starts, records)


TARGETS = """\tidentifier\tfile\tclip\tclip_soft\tscale\tsum_stat\tstrand_pair\tdescription
0\tCN1+\t/far/away/CN1+.w5\t384\t8\t0.5\tsum_sqrt\t1\tCAGE:cells, plus
1\tCN1-\t/far/away/CN1-.w5\t384\t8\t0.5\tsum_sqrt\t0\tCAGE:cells, minus
2\tDN1\t/far/away/DN1.w5\t64\t16\t2.0\tmean\t2\tDNASE:cells
"""
