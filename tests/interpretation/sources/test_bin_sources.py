"""Labels of what bins come from."""

from dataclasses import replace

import numpy as np
import pytest

from genint.errors import InputError
from genint.genome.grid import Geometry
from genint.genome.region import Region
from genint.interpretation.sources.bin_sources import BinSources, check_token_bp, choose_bins

GEOMETRY = Geometry(core_bp=48, context_bp=8, bin_bp=8)
VALUES = np.arange(32, dtype=np.float32).reshape(2, 16)


def of_bins(region: Region | None = None) -> BinSources:
    """Bins 0 and 3 by tokens of 4 bp."""
    return BinSources(values=VALUES, bins=np.array([0, 3]), token_bp=4, geometry=GEOMETRY, region=region)


def test_a_table_has_a_row_per_token_and_a_column_per_bin() -> None:
    table = of_bins(Region("chrI", 48, 96)).to_pandas()
    assert list(table.columns) == ["chrom", "start", "end", "chrI:49-56", "chrI:73-80"]
    assert table.iloc[0].tolist() == ["chrI", 40, 44, 0, 16]
    assert table.iloc[-1].tolist() == ["chrI", 100, 104, 15, 31]


def test_tokens_before_the_chromosome_are_left_out_of_the_table() -> None:
    table = of_bins(Region("chrI", 0, 48)).to_pandas()
    assert table.iloc[0].tolist() == ["chrI", 0, 4, 2, 18]
    assert of_bins(Region("chrI", 0, 48)).token_starts[0] == -8


def test_the_chromosome_ends_its_last_token_and_bin() -> None:
    table = replace(of_bins(Region("chrI", 48, 96)), chrom_bp=78).to_pandas()
    assert list(table.columns[3:]) == ["chrI:49-56", "chrI:73-78"]
    assert table.iloc[-1].tolist() == ["chrI", 76, 78, 9, 25]
    assert list(replace(of_bins(Region("chrI", 48, 96)), chrom_bp=72).to_pandas().columns[3:]) == ["chrI:49-56"]


def test_without_a_region_coordinates_count_from_the_dna_that_was_read() -> None:
    sources = of_bins()
    assert sources.bin_starts.tolist() == [8, 32]
    assert list(sources.to_pandas().columns[3:]) == ["sequence:9-16", "sequence:33-40"]
    assert repr(sources) == "BinSources(sequence, 2 bins x 16 tokens of 4 bp)"


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match=r"float32 \(2, 16\), expected float32 \(3, 16\)"):
        BinSources(values=VALUES, bins=np.arange(3), token_bp=4, geometry=GEOMETRY)
    with pytest.raises(ValueError, match="chrI:1-47 holds 47 bp, expected 48"):
        of_bins(Region("chrI", 0, 47))


def test_bins_are_all_or_those_that_are_there() -> None:
    assert choose_bins(None, GEOMETRY).tolist() == [0, 1, 2, 3, 4, 5]
    assert choose_bins([5, 0], GEOMETRY).tolist() == [5, 0]
    with pytest.raises(InputError, match="`bins` -1: the model predicts bins 0 to 5"):
        choose_bins([0, -1], GEOMETRY)
    with pytest.raises(InputError, match="`bins`: none"):
        choose_bins([], GEOMETRY)


def test_tokens_are_as_large_as_the_model_has_them() -> None:
    assert check_token_bp(8, GEOMETRY) == 8
    with pytest.raises(InputError, match=r"`node_bp` 3: .+ Expected one of 1, 2, 4, 8"):
        check_token_bp(3, GEOMETRY, "node_bp")
