"""What a report shows where."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from genint.genome.bed import BedRow
from genint.genome.region import Region
from genint.reporting.shown_regions import AT_FIRST, MOST, note_hidden, place_views, read_predicted_rows

HEADER = "source\tchrom\tstart\tend\tname\tstatus\tbins\tmasked\tnote\n"


def row(start: int, end: int, chrom: str = "chr1") -> BedRow:
    return BedRow("line 1", Region(chrom, start, end), "name")


def table(path: Path, *rows: tuple[int, int, int]) -> Path:
    lines = [f"line {n}\tchr1\t{start}\t{end}\tr{n}\tx\t{bins}\t0\t\n" for n, (start, end, bins) in enumerate(rows)]
    path.write_text(HEADER + "".join(lines))
    return path


def test_by_default_the_first_rows_with_predictions_are_shown_once(tmp_path: Path) -> None:
    path = table(tmp_path / "regions.tsv", (0, 900, 0), (100, 500, 4), (200, 300, 1), (600, 700, 1))
    assert [found.name for found in read_predicted_rows(path)] == ["r1", "r3"]


def test_by_default_only_a_few_are_shown(tmp_path: Path) -> None:
    path = table(tmp_path / "regions.tsv", *((n * 100, n * 100 + 50, 1) for n in range(20)))
    assert len(read_predicted_rows(path)) == AT_FIRST


@given(st.integers(0, 99_999), st.integers(1, 200_000), st.integers(500, 300_000))
def test_a_view_lies_on_the_chromosome_and_holds_its_region_or_is_marked_as_cut(start: int, bp: int, most: int) -> None:
    (shown,) = place_views([row(start, start + bp)], {"chr1": 100_000}, most)
    assert 0 <= shown.view.start < shown.view.end <= 100_000
    assert len(shown.view) <= most
    assert shown.is_cut == (not (shown.view.start <= shown.region.start and shown.region.end <= shown.view.end))
    assert shown.view.intersect(shown.region)


def test_rows_off_the_genome_are_left_out_and_many_are_cut_to_the_first() -> None:
    assert place_views([row(0, 9, "chr9"), row(5_000, 5_001)], {"chr1": 1_000}, 10_000) == []
    assert len(place_views([row(n, n + 1) for n in range(100)], {"chr1": 1_000}, 100_000)) == MOST


def test_views_share_what_may_be_shown() -> None:
    views = [shown.view for shown in place_views([row(0, 50_000), row(50_000, 90_000)], {"chr1": 100_000}, 20_000)]
    assert [len(view) for view in views] == [10_000, 10_000]


def test_what_is_not_shown_is_said() -> None:
    sizes = {"chr1": 1_000, "HLA-A*01:01": 500}
    rows = [row(5_000, 5_001), *(row(n, n + 1) for n in range(MOST)), row(0, 9, "HLA-A*01:01")]
    assert list(note_hidden(rows, sizes)) == [
        "1 region(s) hold no base of their chromosome and are not shown: line 1.",
        "1 region(s) are not shown, as igv.js misreads names with a colon: HLA-A*01:01.",
    ]
    assert {shown.region.chrom for shown in place_views(rows, sizes, 100_000)} == {"chr1"}
    assert list(note_hidden([*rows[1:-1], row(0, 1)], sizes)) == ["The browser shows the first 30 of 31 regions."]
