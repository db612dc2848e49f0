"""Values with their tracks and their place: as a table, by track, as a figure."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genint.errors import InputError
from genint.genome.region import Region
from genint.output.bigwig import BigWigReader, BigWigWriter
from genint.reporting.plots import MOST_PANELS
from genint.tracks.table import Track, TrackTable
from genint.tracks.track_data import TrackData


def table(*identifiers: str) -> TrackTable:
    return TrackTable(Track(identifier=name, description=f"RNA:{name}", strand_pair=name) for name in identifiers)


def data(region: Region, *identifiers: str, bin_bp: int = 128) -> TrackData:
    first, last = region.start // bin_bp, -(-region.end // bin_bp)
    values = np.random.default_rng(1).random((last - first, len(identifiers)), dtype=np.float32)
    return TrackData(values=values, tracks=table(*identifiers), bin_bp=bin_bp, region=region, start=first * bin_bp)


@given(st.integers(0, 5_000), st.integers(1, 5_000), st.integers(1, 300))
def test_rows_follow_each_other_and_cover_the_region(start: int, length: int, bin_bp: int) -> None:
    region = Region("chr1", start, start + length)
    shown = data(region, "a", "b", bin_bp=bin_bp)
    frame = shown.to_pandas()
    assert list(frame) == ["chrom", "start", "end", "a", "b"]
    assert (frame["end"].to_numpy()[:-1] == frame["start"].to_numpy()[1:]).all()
    assert frame["start"].iloc[0] <= start < frame["end"].iloc[0]
    assert frame["end"].iloc[-1] == region.end
    assert (frame["end"] > frame["start"]).all()
    np.testing.assert_array_equal(frame[["a", "b"]].to_numpy(), shown.values)
    assert set(frame["chrom"]) == {"chr1"}


def test_the_rows_of_a_chromosome_are_those_of_its_bigwig(tmp_path: Path) -> None:
    shown = data(Region("chr1", 0, 1_000), "a")
    with BigWigWriter(tmp_path / "a.bw", {"chr1": 1_000}, bin_bp=128) as bigwig:
        bigwig.add("chr1", 0, shown.values[:, 0])
    frame = shown.to_pandas()
    with BigWigReader(tmp_path / "a.bw") as reader:
        means = reader.bin_sums("chr1", 128, 0, 8) / (frame["end"] - frame["start"])
    np.testing.assert_allclose(frame["a"], means, rtol=1e-6)


def test_a_sequence_without_a_place_counts_from_its_beginning() -> None:
    shown = TrackData(values=np.zeros((2, 1), np.float32), tracks=table("a"), bin_bp=128)
    assert shown.to_pandas()[["chrom", "start", "end"]].to_numpy().tolist() == [
        ["sequence", 0, 128],
        ["sequence", 128, 256],
    ]
    assert repr(shown) == "TrackData(sequence, 2 bins of 128 bp x 1 tracks)"


def test_a_track_named_like_a_column_of_the_place_is_numbered() -> None:
    assert list(data(Region("chr1", 0, 9), "a", "end").to_pandas()) == ["chrom", "start", "end", "a", "end.1"]


def test_tracks_are_selected_as_the_table_selects_them() -> None:
    shown = data(Region("chr1", 100, 900), "plus", "minus", "atac")
    for patterns in ("us", ["plus", "minus"], ["minus", "^plus$"]):
        chosen = shown.select(patterns)
        assert chosen.tracks == table("plus", "minus")
        np.testing.assert_array_equal(chosen.values, shown.values[:, :2])
        assert (chosen.region, chosen.start) == (shown.region, shown.start)
    with pytest.raises(InputError, match="matches none"):
        shown.select("brain")


def test_data_are_shown_in_one_line() -> None:
    assert repr(data(Region("chr1", 100, 900), "a", "b")) == "TrackData(chr1:101-900, 8 bins of 128 bp x 2 tracks)"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"values": np.zeros((7, 1))}, "float64"),
        ({"values": np.zeros(7, np.float32)}, r"\(7,\)"),
        ({"values": np.zeros((7, 2), np.float32)}, r"\(7, 2\), expected float32 \(bins, 1\)"),
        ({"values": np.zeros((6, 1), np.float32)}, "6 bins of 128 bp from base 0"),
        ({"start": 128}, "from base 128"),
        ({"start": -128}, "start -128"),
        ({"bin_bp": 0}, "bin_bp is 0"),
    ],
)
def test_what_does_not_fit_together_is_our_bug(change: dict[str, object], message: str) -> None:
    good: dict[str, object] = {"values": np.zeros((7, 1), np.float32), "tracks": table("a"), "bin_bp": 128}
    good |= {"region": Region("chr1", 100, 800), "start": 0}
    TrackData(**good)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=message):
        TrackData(**{**good, **change})  # type: ignore[arg-type]


def test_a_plot_has_a_panel_per_track_in_the_places_of_the_bins() -> None:
    figure = data(Region("chr1", 1_000, 9_000), "a", "b", "c").plot()
    assert [axes.get_ylabel() for axes in figure.axes] == ["a", "b", "c"]
    assert figure.axes[-1].get_xlim() == (896, 9_088)
    assert figure.axes[-1].get_xlabel() == "chr1, bp"


def test_a_plot_of_a_strand_below_zero_hangs_from_zero() -> None:
    shown = data(Region("chr1", 0, 900), "a")
    below = TrackData(values=-shown.values, tracks=shown.tracks, bin_bp=128, region=shown.region)
    assert below.plot().axes[0].get_ylim() == pytest.approx((-1.05 * float(shown.values.max()), 0))


def test_more_tracks_than_can_be_read_are_not_drawn() -> None:
    with pytest.raises(InputError, match=f"{MOST_PANELS + 1} panels are more than the {MOST_PANELS}"):
        data(Region("chr1", 0, 9), *(f"t{i}" for i in range(MOST_PANELS + 1))).plot()
