"""Rollout and flow as files: read back, rollout beside flow, intervals on the genome."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyBigWig
import pytest

from genint.console import Console
from genint.errors import InputError
from genint.genome.dna_source import SequenceSource
from genint.genome.region import Region
from genint.interpretation.attention.explain import trace_bins
from genint.interpretation.locus import Locus, find_locus
from genint.interpretation.sources.files import find_intervals, write_flow, write_flow_between, write_rollout
from genint.interpretation.sources.flow import bin_flow, interval_flow
from genint.models.folder import Model
from tests.interpretation.sources.small_windows import config_of_64, model_of

SOURCE = SequenceSource("ACGTTGCA" * 15, "chr1")  # 120 bp; the model predicts 48 of the 64 that it reads


@pytest.fixture(scope="module")
def model() -> Model:
    return model_of(config_of_64())


@pytest.fixture
def locus(model: Model) -> Locus:
    return find_locus(SOURCE, Region("chr1", 98, 110), model.geometry)  # bins 0 and 1 of the tile 96-144


def test_a_bigwig_holds_the_mean_of_the_bins_where_there_is_a_chromosome(
    model: Model, locus: Locus, tmp_path: Path
) -> None:
    rollout = trace_bins(model, locus, {})
    assert (rollout.bins.tolist(), rollout.region) == ([0, 1], Region("chr1", 96, 144))
    write_rollout(tmp_path, rollout, locus, {"chr1": 120})
    with pyBigWig.open(str(tmp_path / "rollout.bw")) as bigwig:
        values = np.array(bigwig.values("chr1", 0, 120))
    assert values[88:] == pytest.approx(rollout.values.mean(0)[:32], abs=1e-6)
    assert np.isnan(values[:88]).all()
    table = pd.read_table(tmp_path / "rollout.tsv")
    assert table["start"].tolist() == [96, 104]
    assert table["own_bin"].tolist() == pytest.approx(
        [rollout.values[0, 8:16].sum(), rollout.values[1, 16:24].sum()], abs=1e-5
    )
    assert (tmp_path / "rollout.png").exists()


def test_flow_has_a_row_per_pair_on_the_chromosome_with_rollout_beside_it(
    model: Model, locus: Locus, tmp_path: Path
) -> None:
    rollout = trace_bins(model, locus, {"method": "half"})
    write_flow(tmp_path, model, locus, rollout, {"method": "half"}, Console(quiet=True))
    assert "saturates" in (tmp_path / "flow.tsv").read_text().splitlines()[0]
    table = pd.read_table(tmp_path / "flow.tsv", comment="#")
    assert table["source_start"].tolist() == 2 * [88, 96, 104, 112]  # what is read past the end is left out
    flow = bin_flow(model, locus.dna, method="half", bins=[0, 1])
    assert table["flow"].tolist() == pytest.approx(flow.values[:, :4].ravel(), abs=1e-5)
    expected = rollout.values.reshape(2, 8, 8).sum(2)[:, :4].ravel()
    assert table["rollout"].tolist() == pytest.approx(expected, abs=1e-5)


def test_flow_between_intervals_is_that_of_their_bins(model: Model, locus: Locus, tmp_path: Path) -> None:
    intervals = find_intervals(("1:106-107", Region("chr1", 90, 97)), SOURCE, locus)
    assert intervals == (Region("chr1", 105, 107), Region("chr1", 90, 97))
    write_flow_between(tmp_path, model, locus, intervals, {})
    (row,) = pd.read_table(tmp_path / "flow_between.tsv", comment="#").to_dict("records")
    assert (row["predicted"], row["read"]) == ("chr1:106-107", "chr1:91-97")
    assert row["flow"] == pytest.approx(interval_flow(model, locus.dna, (17, 19), (2, 9)), abs=1e-5)
    assert row["rollout"] == pytest.approx(trace_bins(model, locus, {}).values[1, :16].sum(), abs=1e-5)


@pytest.mark.parametrize(
    ("predicted", "read", "message"),
    [
        (
            "chr1:90-100",
            "chr1:100-101",
            "`flow_between` chr1:90-100: around chr1:99-110 the model predicts chr1:97-120",
        ),
        ("chr1:97-100", "chr1:80-101", "`flow_between` chr1:80-101: around chr1:99-110 the model reads chr1:89-120"),
        ("chr1:97-100", "chr1:9-8", "`flow_between` chr1:9-8: chr1 is 120 bp long"),
    ],
)
def test_intervals_that_the_model_does_not_see_are_refused(
    locus: Locus, predicted: str, read: str, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        find_intervals((predicted, read), SOURCE, locus)


def test_no_row_reaches_past_the_chromosome_s_end(
    model: Model, tmp_path: Path, golden: Callable[[str, str], str]
) -> None:
    source = SequenceSource("ACGTTGCA" * 14 + "ACG", "chr1")  # 115 bp: the last bin, of 8, has 3
    locus = find_locus(source, Region("chr1", 106, 140), model.geometry)
    rollout = trace_bins(model, locus, {})
    write_rollout(tmp_path, rollout, locus, {"chr1": 115})
    write_flow(tmp_path, model, locus, rollout, {}, Console(quiet=True))
    tables = {name: pd.read_table(tmp_path / name, comment="#") for name in ("rollout.tsv", "flow.tsv")}
    places = [
        table.filter(regex="^chrom$|start$|end$").to_csv(sep="\t", index=False, lineterminator="\n")
        for table in (*tables.values(), rollout.to_pandas().tail(2))
    ]
    assert "\n".join(places) == golden("sources_at_the_end.tsv", "\n".join(places))
