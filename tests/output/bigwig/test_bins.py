"""The bins of our own bigWigs come back exactly; damage is a message that names the file."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from genint.errors import InputError
from genint.output.bigwig import BigWigWriter, BinReader

SIZES = {"b": 1_000, "a": 5 * 128, "c": 1}  # not in order of name, and with last bins that are shorter
TRACKS = st.fixed_dictionaries(
    {
        chrom: hnp.arrays(np.float32, -(-size // 128), elements=st.floats(width=32, allow_infinity=False))
        for chrom, size in SIZES.items()
    }
)


@settings(max_examples=50)
@given(track=TRACKS)
def test_bins_are_read_back_as_they_were_written(
    track: dict[str, np.ndarray], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "bins.bw"
    with BigWigWriter(path, SIZES, bin_bp=128) as writer:
        for chrom in SIZES:
            writer.add(chrom, 0, track[chrom])
    reader = BinReader(path, bin_bp=128)
    assert list(reader.sizes.items()) == list(SIZES.items())
    assert reader.chroms() == [chrom for chrom in SIZES if not np.isnan(track[chrom]).all()]
    for chrom, values in track.items():
        bins, found = reader.read(chrom)
        assert np.array_equal(bins, np.flatnonzero(~np.isnan(values)))
        assert np.array_equal(found.view(np.uint32), values[bins].view(np.uint32))


def test_trees_of_several_levels_are_read_back(tmp_path: Path) -> None:
    sizes = {f"scaffold{number}": 128 for number in range(70_000)}
    sizes["long"] = 128 * 300_000
    rng = np.random.default_rng(0)
    values = rng.random(300_000, np.float32)
    with BigWigWriter(tmp_path / "deep.bw", sizes, bin_bp=128) as writer:
        writer.add("scaffold69999", 0, values[:1])
        writer.add("long", 0, values)
    reader = BinReader(tmp_path / "deep.bw", bin_bp=128)
    assert list(reader.sizes.items()) == list(sizes.items())
    assert reader.chroms() == ["scaffold69999", "long"]
    assert np.array_equal(reader.read("long")[1], values)


@settings(max_examples=200)
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7), cut=st.booleans())
def test_a_damaged_bigwig_is_a_message_or_makes_no_difference(
    place: float, bit: int, cut: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "whole.bw"
    with BigWigWriter(path, SIZES, bin_bp=128) as writer:
        for chrom, size in SIZES.items():
            writer.add(chrom, 0, np.linspace(0, 1, -(-size // 128), dtype=np.float32))
    data = bytearray(path.read_bytes())
    at = int(place * len(data))
    data[at] ^= 1 << bit
    path.write_bytes(data[:at] if cut else data)
    try:
        reader = BinReader(path, bin_bp=128)
        for chrom in reader.chroms():
            reader.read(chrom)
    except InputError as error:
        assert str(error).startswith(f"{path}: ")  # noqa: PT017  most bits make no difference
