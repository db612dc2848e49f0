"""What is read of a run's folder: rows of assays and strands, ranges from the data, and where to look."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import ArrayLike

from genint.errors import InputError
from genint.genome.region import Region
from genint.output.bigwig import BigWigWriter
from genint.reporting.browser_tracks import Run, find_strand, read_run
from genint.tracks.table import Track, TrackTable

SIZES = {"chr1": 1_280, "chr2": 256_000}


def track(identifier: str, description: str = "RNA:x", pair: str = "") -> Track:
    return Track(identifier=identifier, description=description, strand_pair=pair or identifier)


def write_run(
    folder: Path, tracks: list[Track], values: Mapping[str, ArrayLike], *, options: Any = None, sd: bool = False
) -> Path:
    """A finished run with a bigWig per track, values by identifier from the start of chr2."""
    folder.mkdir()
    table = TrackTable(tracks)
    columns = {"bigwig": table.file_names(), **({"sd": table.file_names(".sd.bw")} if sd else {})}
    table.write(folder / "tracks.tsv", columns)
    for name, each in zip([*columns["bigwig"], *columns.get("sd", [])], [*tracks, *tracks], strict=False):
        with BigWigWriter(folder / name, SIZES, bin_bp=128) as bigwig:
            bigwig.add("chr2", 2, np.asarray(values[each.identifier], np.float32))
    plan: dict[str, Any] = {"genome": {"assembly": "mine", "digest": "d", "file": "mine.fa"}, "models": [{"name": "m"}]}
    plan |= {"tracks": [], "bin_bp": 128, "regions": "", "options": options or {"format": "bigwig"}, "versions": {}}
    files = {file.name: file.stat().st_size for file in folder.iterdir()}
    (folder / "run.json").write_text(json.dumps({"plan": plan, "files": files}))
    return folder


def read_pair(tmp_path: Path, plus: ArrayLike, minus: ArrayLike) -> Run:
    tracks = [track("r_minus", pair="r_plus"), track("r_plus", "RNA:x, plus strand", pair="r_minus")]
    return read_run(write_run(tmp_path / "run", tracks, {"r_plus": plus, "r_minus": minus}), "run")


def test_strands_share_a_row_and_a_range_and_the_minus_strand_points_down(tmp_path: Path) -> None:
    found = read_pair(tmp_path, [1, 2.31], [4, 0])
    ((row,),) = [assay.rows for assay in found.assays]
    plus, minus = row.signals
    assert (row.label, row.description) == ("r", "RNA:x, plus strand over minus")
    assert (plus.label, plus.low, plus.high, plus.negate) == ("r_plus", 0, 4, False)
    assert (minus.label, minus.low, minus.high, minus.negate) == ("r_minus", -4, 0, True)
    assert (row.low, row.high) == (-4, 4)
    assert minus.colour != plus.colour


def test_a_minus_strand_that_is_stored_below_0_is_not_turned_over_again(tmp_path: Path) -> None:
    found = read_pair(tmp_path, [1, 2], [-4, 0])
    plus, minus = found.assays[0].rows[0].signals
    assert (minus.low, minus.high, minus.negate) == (-4, 0, False)
    assert plus.high == 4


def test_a_range_reaches_above_nearly_all_values_in_two_digits(tmp_path: Path) -> None:
    values = np.append(np.linspace(0, 1.234, 1_500), 1e6)  # one bin in 1,501 is not a range
    folder = write_run(tmp_path / "run", [track("a"), track("zero")], {"a": values, "zero": [0, 0]})
    a, zero = read_run(folder, "run").signals
    assert (a.low, a.high) == (0, 1.3)
    assert (zero.low, zero.high) == (0, 1)


def test_a_browser_starts_where_there_are_predictions(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run", [track("a")], {"a": [1, 2, 3, np.nan, 5]})
    found = read_run(folder, "run")
    assert found.locus == Region("chr2", 256, 640)
    assert found.sizes == SIZES


def test_a_run_without_a_single_value_is_shown_from_the_first_chromosome(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run", [track("a")], {"a": [np.nan]})
    assert read_run(folder, "run").locus == Region("chr1", 0, 1_280)


def test_standard_deviations_are_tracks_of_their_own_and_hidden(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run", [track("a")], {"a": [1]}, sd=True)
    mean, sd = read_run(folder, "run").assays
    assert (mean.is_shown, sd.is_shown) == (True, False)
    assert [each.file for each in read_run(folder, "run").signals] == ["a.bw", "a.sd.bw"]


@pytest.mark.parametrize(
    ("identifier", "description", "strand"),
    [
        ("cage_plus", "", "+"),
        ("CNhs10608-", "", "-"),
        ("ENCFF1+", "", "+"),
        ("x.fwd", "", "+"),
        ("surplus", "", ""),
        ("x", "RNA:liver, minus strand", "-"),
        ("x", "RNA:plus strand or minus strand", ""),
        ("atac", "ATAC:liver", ""),
    ],
)
def test_a_strand_is_told_by_identifier_or_description(identifier: str, description: str, strand: str) -> None:
    assert find_strand(track(identifier, description)) == strand


def test_strands_that_cannot_be_told_stay_apart(tmp_path: Path) -> None:
    tracks = [track("a", pair="b"), track("b", pair="a")]
    folder = write_run(tmp_path / "run", tracks, {"a": [1], "b": [1]})
    assert [row.label for row in read_run(folder, "run").assays[0].rows] == ["a", "b"]


def test_a_run_in_another_format_and_one_without_its_table_are_refused(tmp_path: Path) -> None:
    text = write_run(tmp_path / "text", [track("a")], {"a": [1]}, options={"format": "bedgraph"})
    with pytest.raises(InputError, match=r"text: holds bedgraph files.*Predict again with --format bigwig"):
        read_run(text, "text")
    bare = write_run(tmp_path / "bare", [track("a")], {"a": [1]})
    table = (bare / "tracks.tsv").read_text().replace("bigwig", "bigWig")
    (bare / "tracks.tsv").write_text(table)
    with pytest.raises(InputError, match="no column named bigwig"):
        read_run(bare, "bare")
