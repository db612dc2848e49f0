"""bigWigs of some bins alone."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from genint.output.bigwig import BigWigWriter, BinReader
from genint.reporting.bigwig_slices import data_uri, read_predicted, slice_bigwig

SIZES = {"chr1": 1_000, "chr2": 300}


@given(st.lists(st.booleans(), min_size=32, max_size=32), st.lists(st.booleans(), min_size=32, max_size=32))
def test_a_slice_holds_the_shown_bins_that_have_a_value_and_no_other(shown: list[bool], known: list[bool]) -> None:
    mask, values = np.array(shown), np.where(known, np.arange(32), np.nan)
    content = slice_bigwig({"chr1": values[mask]}, {"chr1": mask}, SIZES, 32)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "slice.bw"
        path.write_bytes(content)
        reader = BinReader(path, bin_bp=32)
        bins, found = reader.read("chr1")
        assert reader.sizes == {"chr1": 1_000}
        assert bins.tolist() == found.tolist() == np.flatnonzero(mask & np.isfinite(values)).tolist()


def test_bins_without_a_prediction_are_missing(tmp_path: Path) -> None:
    with BigWigWriter(tmp_path / "a.bw", SIZES, bin_bp=100) as writer:
        writer.add("chr1", 2, np.array([1, 2], np.float32))
    read = read_predicted(BinReader(tmp_path / "a.bw", bin_bp=100))
    np.testing.assert_array_equal(read("chr1", np.array([0, 2, 3, 9])), [np.nan, 1, 2, np.nan])
    assert np.isnan(read("chr2", np.array([0]))).all()


def test_an_address_holds_what_it_is_of() -> None:
    assert data_uri(b"bigWig") == "data:application/octet-stream;base64,YmlnV2ln"
