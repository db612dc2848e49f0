import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyBigWig
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genint.console import Console
from genint.errors import InputError, OutputError
from genint.interpretation.attribution.attribution import Attribution
from genint.interpretation.attribution.folder import average_contributions, summarize, write_attributions
from tests.interpretation.attribution.test_attribution import make_attribution
from tests.interpretation.attribution.test_motifs import many_motifs, read_meme, written

SIZES = {"chr1": 2_000, "chr2": 500}


def some() -> list[Attribution]:
    return [
        make_attribution("ACGTTGCATC" * 12, start=300, seed=1, strong=slice(40, 50)),
        make_attribution("TTGCATCACG" * 12, start=100, seed=2),
    ]


def test_a_folder_holds_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """But for names of motifs, which test_motifs looks at: the library compiles itself for most of a minute."""
    monkeypatch.setattr("genint.interpretation.attribution.folder.name_seqlets", lambda *_: pd.DataFrame({"motif": []}))
    out = tmp_path / "deep" / "out"
    motifs = read_meme(written(tmp_path, many_motifs()))
    files = write_attributions(out, some(), SIZES, motifs=motifs, logos=True, report={"model": "m"})
    assert [str(file.relative_to(out)) for file in files] == [
        "bases.tsv",
        "contributions.bw",
        "logos/1_301_420.png",
        "logos/1_301_420.svg",
        "logos/2_101_220.png",
        "logos/2_101_220.svg",
        "modisco/hypothetical.npz",
        "modisco/one_hot.npz",
        "modisco/regions.bed",
        "motifs.tsv",
        "regions.tsv",
        "run.json",
    ]
    bases = pd.read_table(out / "bases.tsv")
    assert list(bases.region.value_counts()) == [120, 120]
    np.testing.assert_allclose(bases.contribution[:120], some()[0].contributions, rtol=1e-4)
    assert not list(tmp_path.rglob(".*"))


def test_the_bigwig_has_a_value_for_every_base_of_a_region_and_none_elsewhere(tmp_path: Path) -> None:
    write_attributions(tmp_path / "out", some(), SIZES)
    with pyBigWig.open(str(tmp_path / "out" / "contributions.bw")) as bigwig:
        values = bigwig.values("chr1", 0, 2_000, numpy=True)
        assert bigwig.chroms() == SIZES
    np.testing.assert_array_equal(values[300:420], some()[0].contributions)
    np.testing.assert_array_equal(values[100:220], some()[1].contributions)
    assert np.isfinite(values).sum() == 240


@given(st.lists(st.tuples(st.integers(0, 90), st.integers(1, 20)), min_size=1, max_size=8))
def test_where_regions_overlap_contributions_are_their_mean(places: list[tuple[int, int]]) -> None:
    regions = [make_attribution("A" * length, start=start, seed=n) for n, (start, length) in enumerate(places)]
    expected = np.full((len(regions), 120), np.nan)
    for row, each in zip(expected, regions, strict=True):
        row[each.region.start : each.region.end] = each.contributions
    covered = np.isfinite(expected).any(0)
    found = np.full(120, np.nan, np.float32)
    stretches = list(average_contributions(regions))
    for first, values in stretches:
        assert np.isnan(found[first : first + len(values)]).all()
        found[first : first + len(values)] = values
    np.testing.assert_array_equal(np.isfinite(found), covered)
    np.testing.assert_allclose(found[covered], np.nanmean(expected[:, covered], 0), rtol=1e-4, atol=1e-6)
    assert [first for first, _ in stretches] == sorted(first for first, _ in stretches)


def test_a_long_chromosome_takes_no_more_memory_than_its_regions(tmp_path: Path) -> None:
    tracemalloc.start()
    write_attributions(tmp_path / "out", some(), {"chr1": 200_000_000})
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20_000_000


def test_the_summary_has_a_row_per_region() -> None:
    table = summarize(some())
    assert list(table.region) == [1, 2]
    assert table.contributions[0] == pytest.approx(some()[0].contributions.sum(), rel=1e-5)
    assert (table.target_start[0], table.target_end[0]) == (256, 512)


def test_it_says_which_regions_modisco_does_not_get(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    short = make_attribution("ACGT" * 10)
    write_attributions(tmp_path / "one", [*some(), short], SIZES, console=Console())
    write_attributions(tmp_path / "two", [short], SIZES, console=Console())
    said = capsys.readouterr().err
    assert "modisco gets 2 of 3 regions: those of 120 bp without N" in said
    assert "no input for modisco: regions of 40 bp" in said
    assert not (tmp_path / "two" / "modisco").exists()


def test_what_lies_there_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(OutputError, match="not empty"):
        write_attributions(tmp_path, some(), SIZES)
    assert [file.name for file in tmp_path.iterdir()] == ["notes.txt"]


def test_an_error_on_the_way_leaves_nothing(tmp_path: Path) -> None:
    def breaking() -> list[Attribution]:
        raise InputError("broken")

    with pytest.raises(InputError, match="there is none"):
        write_attributions(tmp_path / "out", [], SIZES)
    with pytest.raises(InputError, match="broken"):
        write_attributions(tmp_path / "out", (each for _ in "x" for each in breaking()), SIZES)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("library", ["memelite", "logomaker"])
def test_a_missing_library_is_named_before_anything_is_computed(
    library: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never() -> Iterator[Attribution]:
        raise AssertionError("computed")
        yield

    monkeypatch.setitem(sys.modules, library, None)
    asked: dict[str, Any] = {"memelite": {"motifs": read_meme(written(tmp_path, many_motifs()))}}
    with pytest.raises(InputError, match=f"needs {library}. Run pip install"):
        write_attributions(tmp_path / "out", never(), SIZES, **asked.get(library, {"logos": True}))
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_made_gets_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot write"):
        write_attributions(tmp_path / "file" / "out", some(), SIZES)
