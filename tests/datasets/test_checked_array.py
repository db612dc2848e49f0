"""An array gives back what was put in, and never a number that was not."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from genint.datasets.dataset import TrackDataset
from genint.errors import InputError
from tests.datasets.made_up import written


@pytest.mark.parametrize("chunk", ["dna/c/2", "targets/c/2/0", "relatives/c/1/2"])
def test_a_flipped_bit_anywhere_in_a_chunk_is_an_error_that_names_it(chunk: str, tmp_path: Path) -> None:
    dataset = TrackDataset(written(tmp_path / "dataset", relatives=2))
    file = dataset.path / "arrays.zarr" / chunk
    read: Callable[..., object] = dataset.targets if chunk.startswith("targets") else dataset.tokens
    if chunk.startswith("relatives"):
        read = partial(dataset.tokens, relative=1)
    whole = file.read_bytes()
    for place in range(len(whole)):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << place % 8]) + whole[place + 1 :])
        with pytest.raises(InputError, match=f"{chunk}: is damaged"):
            read(dataset.segments[2], 0, 5)
    dataset.tokens(dataset.segments[1], 0, 5)
    dataset.targets(dataset.segments[1], 0, 5)
    dataset.tokens(dataset.segments[2], 0, 5, relative=0)


def test_a_chunk_cut_short_or_gone_is_an_error_and_not_the_fill_value(tmp_path: Path) -> None:
    dataset = TrackDataset(written(tmp_path / "dataset"))
    file = dataset.path / "arrays.zarr" / "targets" / "c" / "1" / "0"
    whole = file.read_bytes()
    for size in (0, 3, len(whole) - 1):
        file.write_bytes(whole[:size])
        with pytest.raises(InputError, match="targets/c/1/0: is damaged"):
            dataset.targets(dataset.segments[1], 0, 1)
    file.unlink()
    with pytest.raises(InputError, match="targets/c/1/0: is missing"):
        dataset.targets(dataset.segments[1], 0, 1)
