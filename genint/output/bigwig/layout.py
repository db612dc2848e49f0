"""The structures of a bigWig file as bytes. Little-endian throughout; offsets count from the start of the file.

    header          64 bytes; where everything is
    zoom headers    10 places of 24 bytes, unused ones zero
    total summary   40 bytes
    chromosomes     a B+ tree: name -> (id, length)
    data            count, then compressed blocks, each of the values of one segment of one chromosome
    data index      an R tree: (chromosome, position) -> block
    zoom levels     each: count, compressed blocks of records, its own R tree
    magic           again, so that a truncated file shows

Source: the supplement of Kent et al. 2010 (Bioinformatics 26:2204).
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

MAGIC = 0x888FFC26
CHROMOSOME_TREE_MAGIC = 0x78CA8C91
INDEX_MAGIC = 0x2468ACE0
VERSION = 4

MAX_ZOOM_LEVELS = 10
MAX_COORDINATE = 2**31 - 1  # the format has room for twice that, but readers count in signed numbers
BINS_PER_BLOCK = 2048  # larger ones compress faster, smaller ones are faster to look into
RECORDS_PER_BLOCK = 1024
NODE_ITEMS = 256  # children of one node, in both kinds of tree

SUMMARY_OFFSET = 64 + 24 * MAX_ZOOM_LEVELS
CHROMOSOMES_OFFSET = SUMMARY_OFFSET + 40

# A block of data starts with this. `step` is 0 where each value says itself where it starts.
BLOCK_HEADER = np.dtype(
    [
        ("chrom", "<u4"),
        ("start", "<u4"),
        ("end", "<u4"),
        ("step", "<u4"),
        ("span", "<u4"),
        ("kind", "u1"),
        ("reserved", "u1"),
        ("count", "<u2"),
    ]
)
VARIABLE_STEP, FIXED_STEP = 2, 3
VARIABLE_STEP_ITEM = np.dtype([("start", "<u4"), ("value", "<f4")])

# An item of a block of a zoom level.
ZOOM_RECORD = np.dtype(
    [
        ("chrom", "<u4"),
        ("start", "<u4"),
        ("end", "<u4"),
        ("covered", "<u4"),
        ("low", "<f4"),
        ("high", "<f4"),
        ("total", "<f4"),
        ("squares", "<f4"),
    ]
)

# The largest block before compression: readers size a buffer by it.
UNCOMPRESSED_BLOCK = max(
    BLOCK_HEADER.itemsize + BINS_PER_BLOCK * VARIABLE_STEP_ITEM.itemsize, RECORDS_PER_BLOCK * ZOOM_RECORD.itemsize
)

# Items of the index: what a block spans, and where it is.
_SPAN = [("first_chrom", "<u4"), ("start", "<u4"), ("last_chrom", "<u4"), ("end", "<u4")]
BLOCK_PLACE = np.dtype([*_SPAN, ("offset", "<u8"), ("size", "<u8")])
_INDEX_NODE = np.dtype([*_SPAN, ("child", "<u8")])


@dataclass(frozen=True)
class ZoomLevel:
    """Where one zoom level lies. `reduction`: bases that one record sums up."""

    reduction: int
    offset: int
    index_offset: int


def header(data_offset: int, index_offset: int, zooms: list[ZoomLevel]) -> bytes:
    """Everything before the total summary."""
    fixed = struct.pack(
        "<IHHQQQHHQQIQ",
        *(MAGIC, VERSION, len(zooms)),
        *(CHROMOSOMES_OFFSET, data_offset, index_offset),
        *(0, 0, 0),  # fields and autoSql are for bigBed
        *(SUMMARY_OFFSET, UNCOMPRESSED_BLOCK, 0),
    )
    places = b"".join(struct.pack("<IIQQ", zoom.reduction, 0, zoom.offset, zoom.index_offset) for zoom in zooms)
    return (fixed + places).ljust(SUMMARY_OFFSET, b"\0")


@lru_cache(maxsize=1)
def chromosome_tree(chroms: tuple[tuple[str, int], ...], offset: int) -> bytes:
    """The B+ tree of names and lengths. Names are found by bisection, so they stand in byte order; ids keep theirs.

    Remembered, as a run writes one file after another for the same genome.
    """
    names = [name.encode() for name, _ in chroms]
    key = f"S{max(map(len, names))}"
    rows = np.zeros(len(names), [("key", key), ("id", "<u4"), ("bp", "<u4")])
    rows["key"], rows["id"], rows["bp"] = names, np.arange(len(names)), [bp for _, bp in chroms]
    rows = rows[sorted(range(len(names)), key=names.__getitem__)]
    fanout = min(NODE_ITEMS, len(rows))

    def parents(children: NDArray[Any]) -> NDArray[Any]:
        nodes = np.zeros(-(-len(children) // fanout), [("key", key), ("child", "<u8")])
        nodes["key"] = children["key"][::fanout]
        return nodes

    levels = [rows]
    while len(levels[0]) > fanout:
        levels.insert(0, parents(levels[0]))
    start = struct.pack("<IIIIQQ", CHROMOSOME_TREE_MAGIC, fanout, int(key[1:]), 8, len(rows), 0)
    return start + _nodes(levels, fanout, offset + len(start))


def block_index(blocks: NDArray[Any], offset: int) -> bytes:
    """The R tree over BLOCK_PLACE rows in order of position. No rows make a valid, empty index."""
    fanout = max(1, min(NODE_ITEMS, len(blocks)))

    def parents(children: NDArray[Any]) -> NDArray[Any]:
        first = np.arange(0, len(children), fanout)
        last = np.append(first[1:], len(children)) - 1
        nodes = np.zeros(len(first), _INDEX_NODE)
        nodes["first_chrom"], nodes["start"] = children["first_chrom"][first], children["start"][first]
        nodes["last_chrom"], nodes["end"] = children["last_chrom"][last], children["end"][last]
        return nodes

    levels = [blocks]
    while len(levels[0]) > fanout:
        levels.insert(0, parents(levels[0]))
    first_chrom, first_base, last_chrom, last_base = 0, 0, 0, 0
    if len(blocks):
        first_chrom, first_base = int(blocks["first_chrom"][0]), int(blocks["start"][0])
        last_chrom, last_base = int(blocks["last_chrom"][-1]), int(blocks["end"][-1])
    start = struct.pack(
        "<IIQIIIIQII",
        *(INDEX_MAGIC, fanout, len(blocks)),
        *(first_chrom, first_base, last_chrom, last_base),
        *(offset, BINS_PER_BLOCK, 0),
    )
    return start + _nodes(levels, fanout, offset + len(start))


def _nodes(levels: list[NDArray[Any]], fanout: int, offset: int) -> bytes:
    """Tree levels as bytes, root first. Every node is filled up to `fanout` items, so offsets are arithmetic."""
    parts = []
    for depth, rows in enumerate(levels):
        leaf = depth == len(levels) - 1
        n_nodes = max(1, -(-len(rows) // fanout))
        node = _node(rows.dtype, fanout)
        offset += n_nodes * node.itemsize
        items = np.zeros(n_nodes * fanout, rows.dtype)
        items[: len(rows)] = rows
        if not leaf:
            below = 4 + fanout * levels[depth + 1].dtype.itemsize
            items["child"][: len(rows)] = offset + below * np.arange(len(rows))
        nodes = np.zeros(n_nodes, node)
        nodes["leaf"] = leaf
        nodes["count"] = np.clip(len(rows) - fanout * np.arange(n_nodes), 0, fanout)
        nodes["items"] = items.reshape(n_nodes, fanout)
        parts.append(nodes.tobytes())
    return b"".join(parts)


@cache
def _node(item: np.dtype[Any], fanout: int) -> np.dtype[Any]:
    return np.dtype([("leaf", "u1"), ("reserved", "u1"), ("count", "<u2"), ("items", item, (fanout,))])


def read_chromosomes(file: BinaryIO) -> dict[str, int]:
    """Names and lengths in the order of their ids: that of the sizes given to `chromosome_tree`."""
    offset = _read_offset(file, 8)
    file.seek(offset)
    key = f"S{struct.unpack('<IIII', file.read(16))[2]}"
    leaf, node = [("key", key), ("id", "<u4"), ("bp", "<u4")], [("key", key), ("child", "<u8")]
    rows = np.concatenate(list(_leaves(file, offset + 32, np.dtype(leaf), np.dtype(node))))
    rows = rows[np.argsort(rows["id"])]
    return {name.decode(): bp for name, bp in zip(rows["key"].tolist(), rows["bp"].tolist(), strict=True)}


def read_block_index(file: BinaryIO) -> NDArray[Any]:
    """BLOCK_PLACE rows of all blocks of data, in order of position."""
    offset = _read_offset(file, 24)
    return np.concatenate(list(_leaves(file, offset + 48, BLOCK_PLACE, _INDEX_NODE)))


def read_block(file: BinaryIO, place: Any) -> bytes:
    """The compressed bytes of one block; `place` is its BLOCK_PLACE."""
    file.seek(int(place["offset"]))
    return file.read(int(place["size"]))


def _read_offset(file: BinaryIO, at: int) -> int:
    file.seek(at)
    return int.from_bytes(file.read(8), "little")


def _leaves(file: BinaryIO, offset: int, leaf: np.dtype[Any], node: np.dtype[Any]) -> Iterator[NDArray[Any]]:
    """The rows of every leaf below the tree node at `offset`, in order."""
    file.seek(offset)
    is_leaf, _, count = struct.unpack("<BBH", file.read(4))
    kind = leaf if is_leaf else node
    rows = np.frombuffer(file.read(count * kind.itemsize), kind, count)
    if is_leaf:
        yield rows
        return
    for row in rows:
        yield from _leaves(file, int(row["child"]), leaf, node)
