"""bedGraphs: every value comes back from its text, and a file is there whole or not at all."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genint.output.bedgraph import BedGraphWriter

SIZES = {"a": 1_000, "empty": 50, "b": 30}


@given(st.lists(st.one_of(st.just(float("nan")), st.floats(width=32, allow_infinity=False)), max_size=8))
def test_every_value_comes_back_from_its_text(tmp_path_factory: pytest.TempPathFactory, numbers: list[float]) -> None:
    path = tmp_path_factory.mktemp("bedgraph") / "x.bedgraph"
    values = np.array(numbers, dtype=np.float32)
    with BedGraphWriter(path, SIZES, bin_bp=128) as writer:
        writer.add("a", 0, values[:3])
        writer.add("a", 3, values[3:])
    lines = [line.split("\t") for line in path.read_text().splitlines()]
    kept = [k for k in range(len(values)) if not np.isnan(values[k])]
    assert [line[:3] for line in lines] == [["a", str(128 * k), str(min(128 * k + 128, 1_000))] for k in kept]
    for line, k in zip(lines, kept, strict=True):
        assert np.float32(line[3]) == values[k]
        assert len(line[3]) <= len(str(values[k]))


def test_what_was_not_finished_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "x.bedgraph"

    def fail() -> None:
        with BedGraphWriter(path, SIZES, bin_bp=10) as writer:
            writer.add("b", 0, np.ones(3, np.float32))
            assert not path.exists()
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        fail()
    assert not list(tmp_path.iterdir())
