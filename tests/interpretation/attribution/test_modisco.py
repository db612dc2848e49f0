from pathlib import Path

import numpy as np
import pytest

from genint.interpretation.attribution.modisco import write_modisco
from tests.interpretation.attribution.test_attribution import make_attribution


def test_arrays_are_what_modisco_reads_with_a_row_of_bed_for_each(tmp_path: Path) -> None:
    given = [
        make_attribution("ACGT" * 25, start=100),
        make_attribution("ACGN" * 25, start=300),  # has unknown bases
        make_attribution("AC" * 40, start=500),  # is shorter
        make_attribution("TTGC" * 25, start=700, seed=3),
    ]
    assert write_modisco(tmp_path / "modisco", given, 100) == 2
    one_hot, scores = (np.load(tmp_path / "modisco" / f"{name}.npz")["arr_0"] for name in ("one_hot", "hypothetical"))
    assert one_hot.shape == scores.shape == (2, 4, 100)
    assert (one_hot.sum(1) == 1).all()
    assert list(one_hot[1].argmax(0)[:4]) == [3, 3, 2, 1]
    np.testing.assert_array_equal(scores[1], given[3].hypothetical.T)
    assert (tmp_path / "modisco" / "regions.bed").read_text() == "chr1\t100\t200\tpromoter\nchr1\t700\t800\tpromoter\n"


def test_without_a_region_that_will_do_nothing_is_written(tmp_path: Path) -> None:
    assert write_modisco(tmp_path / "modisco", [make_attribution("N" * 100)], 100) == 0
    assert not list(tmp_path.iterdir())


def test_an_odd_width_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="even"):
        write_modisco(tmp_path / "modisco", [make_attribution("ACG")], 3)
